import { describe, expect, it } from 'vitest';
import { buildErrors } from '../../../scripts/lib/build-output.mjs';
import { withNodeFirst } from '../../../scripts/lib/node.mjs';
import { createReport, duration } from '../../../scripts/lib/report.mjs';
import { signalPolicy } from '../../../scripts/lib/start.mjs';

describe('signalPolicy', () => {
  it('given Ctrl-C, which arrives twice through npm, when it is pressed again later, then it is passed on once and then the process is killed', () => {
    const done: string[] = [];
    let now = 1_000;
    const onSignal = signalPolicy({ now: () => now, forward: (signal: string) => done.push(`forward ${ signal }`), kill: () => done.push('kill') });

    onSignal('SIGINT');
    now += 30;
    onSignal('SIGINT');
    expect(done).toEqual(['forward SIGINT']);
    now += 10_000;
    onSignal('SIGINT');
    expect(done).toEqual(['forward SIGINT', 'kill']);
  });
});

describe('createReport', () => {
  it('given a step that works and one that fails, when they end, then both tell their time and the error goes on', async() => {
    const lines: string[] = [];
    let now = 0;
    const report = createReport({ write: (line: string) => lines.push(line), now: () => now });

    await report.step('npm ci', () => {
      now += 108_000;

      return Promise.resolve();
    });
    await expect(report.step('restic', () => {
      now += 400;

      return Promise.reject(new Error('no'));
    }, 'quick')).rejects.toThrow('no');
    expect(lines).toEqual(['[setup] npm ci …\n', '[setup] npm ci … 1m48s\n', '[setup] restic … (quick)\n', '[setup] restic … failed after 0.4s\n']);
  });

  it.each([[0, '0.0s'], [9_949, '9.9s'], [9_950, '10s'], [59_600, '1m00s'], [3_600_000, '60m00s']])('given %i ms, when told, then it reads %s', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });
});

describe('withNodeFirst', () => {
  it('given a PATH with another Node, when things are run, then ours comes first and the rest stays', () => {
    expect(withNodeFirst({ PATH: '/usr/bin', HOME: '/root' }, '/cache/node/bin/node')).toEqual({ PATH: '/cache/node/bin:/usr/bin', HOME: '/root' });
  });
});

describe('buildErrors', () => {
  it('given a failed build\'s output, when shortened, then the errors are left, without warnings before, stack and colours', () => {
    const output = [
      '-  Building for production...', 'warning in ./a.scss', '\u001b[31m ERROR \u001b[0m Failed to compile with 1 error', '', 'error  in index.ts:5:23',
      'TS2353: no such property', '    at done (webpack.js:1:1)', 'No bundles were parsed. Analyzer will show only …',
    ].join('\n');

    expect(buildErrors(output)).toBe([' ERROR  Failed to compile with 1 error', 'error  in index.ts:5:23', 'TS2353: no such property'].join('\n'));
  });
});
