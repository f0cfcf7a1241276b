import { SetupError, oneLine } from './fail.mjs';

/**
 * Where a program can come from, in order of preference.
 *
 * @typedef {object} Source
 * @property {string} name how the source is called in messages, e.g. "restic on PATH"
 * @property {() => Promise<string>} get the program's absolute path; throws with the reason when this source has none
 */

/**
 * The first source that gives a program. Failed ones are remembered, so that the message, if none works,
 * tells everything that was tried and why each failed.
 *
 * @param {string} missing the program, for the message
 * @param {Source[]} sources
 * @param {string} todo what the reader can do when no source works
 * @returns {Promise<{ path: string, source: string }>}
 * @throws {SetupError} when no source works
 */
export async function firstThatWorks(missing, sources, todo) {
  const tried = [];

  for (const source of sources) {
    try {
      return { path: await source.get(), source: source.name };
    } catch (error) {
      tried.push(`${ source.name } (${ oneLine(error.message) })`);
    }
  }
  throw new SetupError(`${ missing } is missing`, { tried, todo });
}
