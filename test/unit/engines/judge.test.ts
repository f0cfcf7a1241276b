import { describe, expect, it } from 'vitest';
import type { Job, Pod } from '../../../server/contract/kubernetes.ts';
import { judge } from '../../../server/engines/mover/judge.ts';
import { gatherSealed, logExcerpt } from '../../../server/engines/mover/lines.ts';

const at = new Date('2026-01-01T00:00:00Z');
const job: Job = { apiVersion: 'batch/v1', kind: 'Job', metadata: { namespace: 'system', name: 'job' }, spec: { template: { spec: { containers: [] } } }, status: { conditions: [{ type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded' }] } };
const result = JSON.stringify({ type: 'result', result: { type: 'remove', removed: 1 } });

type Terminated = NonNullable<NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number]['state']>['terminated'];

function verdict(terminated: Terminated | undefined, status: Partial<NonNullable<Pod['status']>> = {}, lastLine = '') {
  const pod: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [] }, status: { phase: 'Failed', containerStatuses: [{ name: 'mover', state: terminated ? { terminated } : {} }], ...status } };

  return judge({ job, pod, lastLine, logExcerpt: 'the last words', at });
}

describe('judging an ended mover', () => {
  it.each<[string, Terminated | undefined, Partial<NonNullable<Pod['status']>>, string, boolean]>([
    ['killed for memory', { exitCode: 137, reason: 'OOMKilled' }, {}, 'HVB-MOVER-KILLED', true],
    ['killed by SIGKILL, although a result is there', { exitCode: 137, message: result }, {}, 'HVB-MOVER-KILLED', true],
    ['killed by a signal that the runtime names', { exitCode: 1, signal: 9 }, {}, 'HVB-MOVER-KILLED', true],
    ['stopped by SIGTERM', { exitCode: 143 }, {}, 'HVB-MOVER-KILLED', true],
    ['cancelled by somebody else', { exitCode: 3, message: JSON.stringify({ type: 'error', code: 'HVB-CANCELLED', message: 'x', retryable: false }) }, {}, 'HVB-MOVER-KILLED', true],
    ['evicted', { exitCode: 0, message: result }, { reason: 'Evicted', message: 'The node was low on resource: memory.' }, 'HVB-MOVER-KILLED', true],
    ['preempted', undefined, { conditions: [{ type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler' }] }, 'HVB-MOVER-KILLED', true],
    ['on a node that vanished', undefined, { reason: 'NodeLost' }, 'HVB-MOVER-LOST', true],
    ['silent with exit code 0', { exitCode: 0 }, {}, 'HVB-MOVER-PROTOCOL', false],
    ['talking nonsense', { exitCode: 0, message: '{"type":"result","result":{"type":"remove"}}' }, {}, 'HVB-MOVER-PROTOCOL', false],
    ['giving a result and exit code 1', { exitCode: 1, message: result }, {}, 'HVB-MOVER-PROTOCOL', false],
    ['giving a code that does not exist', { exitCode: 1, message: JSON.stringify({ type: 'error', code: 'HVB-NO-SUCH', message: 'x', retryable: true }) }, {}, 'HVB-MOVER-PROTOCOL', false],
    ['giving an error', { exitCode: 1, message: JSON.stringify({ type: 'error', code: 'HVB-REPO-LOCKED', message: 'locked', retryable: false }) }, {}, 'HVB-REPO-LOCKED', false],
  ])('given a mover that was %s, when judged, then the code says so', (_title, terminated, status, code, retryable) => {
    expect(verdict(terminated, status)).toMatchObject({ failure: { code, retryable, at: at.toISOString() } });
  });

  it('given a result, when judged, then it is that; and the last log line stands in for a termination message that is missing', () => {
    expect(verdict({ exitCode: 0, message: `${result}\n` })).toEqual({ result: { type: 'remove', removed: 1 } });
    expect(verdict({ exitCode: 0 }, {}, result)).toEqual({ result: { type: 'remove', removed: 1 } });
  });

  it('given a pod that is gone, when judged, then the mover is lost and the Job\'s condition is the evidence', () => {
    expect(judge({ job, pod: undefined, lastLine: '', logExcerpt: '', at })).toMatchObject({ failure: { code: 'HVB-MOVER-LOST', evidence: expect.stringContaining('BackoffLimitExceeded') as string } });
  });

  it('given a killed mover, when judged, then exit code and last words are the evidence', () => {
    expect(verdict({ exitCode: 137, reason: 'OOMKilled' })).toMatchObject({ failure: { evidence: expect.stringMatching(/exit code: 137 \(OOMKilled\)[\s\S]*the last words/) as string } });
  });
});

describe('log lines', () => {
  it('given parts in any order, twice, and between chatter, when gathered, then the box is whole; with a gap it is none', () => {
    const part = (index: number, text: string): string => JSON.stringify({ type: 'sealed', index, count: 3, data: Buffer.from(text).toString('base64') });

    expect(gatherSealed([part(2, 'c'), 'chatter', part(0, 'a'), part(1, 'b'), part(1, 'b')].join('\n'))?.toString()).toBe('abc');
    expect(gatherSealed([part(2, 'c'), part(0, 'a')].join('\n'))).toBeUndefined();
    expect(gatherSealed('nothing')).toBeUndefined();
  });

  it('given a log with sealed lines, when an excerpt is made, then it has the last other lines only', () => {
    expect(logExcerpt(`one\n{"type":"sealed","index":0}\n\ntwo\nthree\n`, 2)).toBe('two\nthree');
  });
});
