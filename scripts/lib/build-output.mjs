import { SetupError } from './fail.mjs';

/**
 * What a person needs of a failed webpack build's output: the errors, without stack frames, progress and warnings.
 *
 * @param {string} output
 * @param {number} [limit] lines
 */
export function buildErrors(output, limit = 120) {
  // Colours and cursor movements: the build thinks that it writes to a terminal.
  // eslint-disable-next-line no-control-regex
  const lines = output.replace(/\x1b\[[0-9;?]*[A-Za-z]/g, '').split('\n').map((line) => line.trimEnd());
  const first = lines.findIndex((line) => /^\s*(error|ERROR)\b/.test(line));

  return lines.slice(Math.max(first, 0))
    .filter((line) => line.trim() && !/^\s+at /.test(line) && !/bundle analyzer|parsing bundle asset|No bundles were parsed/i.test(line))
    .slice(0, limit)
    .join('\n');
}

/**
 * Prints what failed, and gives the one line that ends the run.
 *
 * @param {string} what e.g. "The extension"
 * @param {{ message: string, output?: string }} error
 * @param {(line: string) => void} say
 */
export function buildFailure(what, error, say) {
  say(buildErrors(error.output ?? error.message));
  const killed = /SIGKILL/.test(error.message);

  return new SetupError(`${ what } could not be built`, {
    tried: ['vue-cli-service build'],
    todo: killed ? 'The system ended the build, probably for want of memory: it takes 4 GB.' : 'The errors are printed above; mend them and run the command again.',
  });
}
