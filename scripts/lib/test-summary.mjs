import { writeFileSync } from 'node:fs';

/**
 * Numbers of a test run.
 *
 * @typedef {object} Summary
 * @property {number} passed
 * @property {number} failed failed tests, plus test files that failed outside of their tests, plus errors that belong to none
 * @property {{ name: string, reason: string }[]} skipped
 */

/**
 * Counts a finished run, as vitest reports it.
 *
 * @param {Iterable<import('vitest/node').TestModule>} modules
 * @param {readonly unknown[]} unhandledErrors
 * @returns {Summary}
 */
export function summarise(modules, unhandledErrors) {
  const summary = { passed: 0, failed: unhandledErrors.length, skipped: [] };

  for (const module of modules) {
    let failedInside = 0;

    for (const test of module.children.allTests()) {
      const { state, note } = test.result();

      if (state === 'passed') {
        summary.passed++;
      } else if (state === 'failed') {
        failedInside++;
      } else {
        summary.skipped.push({ name: `${ module.relativeModuleId } > ${ test.fullName }`, reason: note ?? 'no reason given' });
      }
    }
    // A file that could not be loaded, or whose hooks failed, has failed even if no test in it has.
    summary.failed += failedInside || (module.state() === 'failed' ? 1 : 0);
  }

  return summary;
}

/**
 * The last words of a run: why tests were skipped, then the line that CI and people look for.
 *
 * @param {Summary} summary
 * @returns {string[]} lines
 */
export function summaryLines({ passed, failed, skipped }) {
  return [
    ...skipped.map(({ name, reason }) => `SKIPPED: ${ name }: ${ reason }`),
    `${ passed } passed, ${ failed } failed${ skipped.length ? `, ${ skipped.length } skipped` : '' }`,
  ];
}

/**
 * The exit code of a run: 0 only if something ran and nothing failed.
 *
 * @param {Summary} summary
 * @param {number} vitestCode vitest's own exit code
 */
export function exitCode({ passed, failed }, vitestCode) {
  return vitestCode || (failed > 0 || passed === 0 ? 1 : 0);
}

/** vitest reporter that writes the Summary as JSON into the file that HVB_TEST_SUMMARY names. */
export default class SummaryReporter {
  onTestRunEnd(modules, unhandledErrors) {
    writeFileSync(process.env.HVB_TEST_SUMMARY, JSON.stringify(summarise(modules, unhandledErrors)));
  }
}
