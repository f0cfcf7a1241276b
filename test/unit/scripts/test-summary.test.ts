import { describe, expect, it } from 'vitest';
import type { TestModule } from 'vitest/node';
import { exitCode, summarise, summaryLines } from '../../../scripts/lib/test-summary.mjs';

type State = 'passed' | 'failed' | 'skipped';

/** As much of a vitest module as is read. */
function moduleWith(name: string, state: State, tests: { state: State, note?: string }[]): TestModule {
  const all = tests.map((result, index) => ({ fullName: `test ${ index }`, result: () => result }));

  return { relativeModuleId: name, state: () => state, children: { allTests: () => all } } as unknown as TestModule;
}

describe('summarise', () => {
  it('given passed, failed and skipped tests, when counted, then each counts once and a skipped one has its reason', () => {
    const modules = [
      moduleWith('a.test.ts', 'passed', [{ state: 'passed' }, { state: 'passed' }]),
      moduleWith('b.test.ts', 'failed', [{ state: 'failed' }, { state: 'skipped', note: 'no reflink here' }, { state: 'skipped' }]),
    ];

    expect(summarise(modules, [])).toEqual({
      passed: 2,
      failed: 1,
      skipped: [{ name: 'b.test.ts > test 1', reason: 'no reflink here' }, { name: 'b.test.ts > test 2', reason: 'no reason given' }],
    });
  });

  it('given a file that could not be loaded and an error outside of any test, when counted, then both count as failed', () => {
    expect(summarise([moduleWith('a.test.ts', 'failed', [])], [new Error('late')])).toMatchObject({ passed: 0, failed: 2 });
  });

  it('given a file whose tests passed but whose hook failed, when counted, then it counts as failed', () => {
    expect(summarise([moduleWith('a.test.ts', 'failed', [{ state: 'passed' }])], [])).toMatchObject({ passed: 1, failed: 1 });
  });
});

describe('summaryLines', () => {
  it('given nothing skipped, when told, then the last line is exactly what CI looks for', () => {
    expect(summaryLines({ passed: 12, failed: 0, skipped: [] })).toEqual(['12 passed, 0 failed']);
  });

  it('given a skipped test, when told, then its name and reason come before the line, which counts it', () => {
    expect(summaryLines({ passed: 1, failed: 2, skipped: [{ name: 'a > b', reason: 'no Go' }] })).toEqual(['SKIPPED: a > b: no Go', '1 passed, 2 failed, 1 skipped']);
  });
});

describe('exitCode', () => {
  it.each([
    ['all passed', { passed: 1, failed: 0, skipped: [] }, 0, 0],
    ['one failed', { passed: 1, failed: 1, skipped: [] }, 0, 1],
    ['none ran', { passed: 0, failed: 0, skipped: [] }, 0, 1],
    ['vitest found fault', { passed: 1, failed: 0, skipped: [] }, 3, 3],
  ])('given that %s, when the run ends, then the exit code tells', (_what, summary, vitestCode, expected) => {
    expect(exitCode(summary, vitestCode)).toBe(expected);
  });
});
