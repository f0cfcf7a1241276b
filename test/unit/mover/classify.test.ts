import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { FAILURE_CODES } from '../../../server/contract/failures.ts';
import { classify, isHopelessRetry, requireWhole } from '../../../server/mover/restic/classify.ts';
import type { Outcome, Place } from '../../../server/mover/restic/classify.ts';

/** What real restic programs wrote when these things were done to a real repository (`/r` stands for its folder). */
const captured = z.array(z.object({ name: z.string(), expected: z.enum(FAILURE_CODES), exitCode: z.number(), stderr: z.string() }));
const VERSIONS = ['0.14.0', '0.18.1', '0.19.1'];
const PLACES: Readonly<Record<string, Place>> = { 'folder missing': 'missing', 'folder without repository': 'not-initialised' };

const outcome = (facts: Partial<Outcome>): Outcome => ({ command: 'backup', exitCode: 1, signal: null, stderr: '', place: 'repository', folder: '/r', ...facts });

describe.each(VERSIONS)('what restic %s writes', (version) => {
  const cases = captured.parse(JSON.parse(readFileSync(new URL(`restic-outputs/${version}.json`, import.meta.url), 'utf8')));

  test.each(cases)('given "$name", when restic has failed, then the code is $expected', ({ name, expected, exitCode, stderr }) => {
    const error = classify(outcome({ exitCode, stderr, place: PLACES[name] ?? 'repository' }));
    expect(error.code).toBe(expected);
    expect(error.message).toMatch(/repository|restic/);
    expect(error.evidence).toContain(`exit code ${exitCode}`);
  });
});

describe('classifying restic failures', () => {
  test('given the folder is gone, when restic complains of missing files, then the place decides and not damage', () => {
    expect(classify(outcome({ place: 'missing', stderr: 'open data/aa: no such file or directory' })).code).toBe('HVB-REPO-TARGET-MISSING');
  });

  test('given restic was killed and said nothing, when it is classified, then it was killed', () => {
    expect(classify(outcome({ exitCode: null, signal: 'SIGKILL' })).code).toBe('HVB-MOVER-KILLED');
  });

  test('given a text that nobody knows, when it is classified, then it is a defect and the text is the evidence', () => {
    const error = classify(outcome({ stderr: 'Fatal: the moon is full' }));
    expect(error.code).toBe('HVB-INTERNAL');
    expect(error.evidence).toContain('the moon is full');
  });

  test('given a JSON message and a stack trace, when evidence is made, then it has the text and not the trace', () => {
    const { evidence = '' } = classify(outcome({ stderr: '{"message_type":"exit_error","code":1,"message":"Fatal: odd"}\nmain.open\n\tgithub.com/restic/restic/cmd/restic/global.go:760\n' }));
    expect(evidence).toBe('restic backup: exit code 1\nFatal: odd');
  });

  test('given many retries, when evidence is made, then only the first is kept', () => {
    const retry = 'Save(<data/1>) returned error, retrying after 1s: read-only file system';
    const { evidence = '' } = classify(outcome({ stderr: [retry, retry, retry].join('\n') }));
    expect(evidence.split('retrying')).toHaveLength(2);
  });

  test('given a retry, when its cause is a state and not an accident, then it is hopeless', () => {
    expect(isHopelessRetry('Save(<lock/72ce831647>) returned error, retrying after 552ms: open /r/locks/7: read-only file system')).toBe(true);
    expect(isHopelessRetry('Save(<data/72ce831647>) returned error, retrying after 552ms: connection reset by peer')).toBe(false);
    expect(isHopelessRetry('open /r/locks/7: read-only file system')).toBe(false);
  });

  test('given a list that leaves a damaged snapshot out, when it is checked, then it is damage', () => {
    expect(() => requireWhole('could not load snapshot 8623a979: load <snapshot/8623a979c9>: invalid data returned', '/r')).toThrow('damaged');
    expect(() => requireWhole('Ignoring "deadbeef": no matching ID found', '/r')).not.toThrow();
  });
});
