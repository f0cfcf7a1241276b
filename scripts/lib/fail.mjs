/**
 * A set-up failure that a person can act on. Its message is one line: what is missing, what was tried,
 * what to do. `run.mjs` prints that line and nothing else; any other error is a defect and keeps its stack.
 */
export class SetupError extends Error {
  /**
   * @param {string} missing what is missing or wrong
   * @param {{ tried?: string[], todo: string }} help what was tried (in order), and what the reader can do
   */
  constructor(missing, { tried = [], todo }) {
    const attempts = tried.length ? ` Tried: ${ tried.join('; ') }.` : '';

    super(oneLine(`${ missing }.${ attempts } ${ todo }`));
    this.name = 'SetupError';
  }
}

/** Folds white space, line breaks included, so that a message stays on one line. */
export function oneLine(text) {
  return text.replace(/\s+/g, ' ').trim();
}
