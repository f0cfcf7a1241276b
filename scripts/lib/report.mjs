/** Seconds as people read them: `0.4s`, `32s`, `1m48s`. */
export function duration(ms) {
  if (ms < 9_950) {
    return `${ (ms / 1000).toFixed(1) }s`;
  }
  const seconds = Math.round(ms / 1000);

  return seconds < 60 ? `${ seconds }s` : `${ Math.floor(seconds / 60) }m${ String(seconds % 60).padStart(2, '0') }s`;
}

/**
 * Tells on stderr what set-up does and how long it took.
 *
 * @param {{ write: (line: string) => void, now: () => number }} io `now` in milliseconds, monotonic
 */
export function createReport(io) {
  const say = (line) => io.write(`[setup] ${ line }\n`);

  return {
    say,
    /**
     * Runs one step; `hint` is what the reader may expect ("about 2 minutes").
     *
     * @template T
     * @param {string} name
     * @param {() => Promise<T>} work
     * @param {string} [hint]
     * @returns {Promise<T>}
     */
    async step(name, work, hint) {
      const started = io.now();

      say(`${ name } …${ hint ? ` (${ hint })` : '' }`);
      try {
        const result = await work();

        say(`${ name } … ${ duration(io.now() - started) }`);

        return result;
      } catch (error) {
        say(`${ name } … failed after ${ duration(io.now() - started) }`);
        throw error;
      }
    },
  };
}

/** The report of a real run. */
export const stderrReport = () => createReport({ write: (line) => process.stderr.write(line), now: () => performance.now() });
