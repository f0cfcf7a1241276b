import { describe, expect, it } from 'vitest';
import type { Operation, Task } from '../../../server/engines/engine.ts';
import { buildJob } from '../../../server/engines/mover/job.ts';
import { anEngine, aRepository } from '../../support/builders.ts';

const identity = { cluster: 'c', namespace: 'web', vmName: 'shop', vmUID: 'v', backupUID: 'b' };
const operation = (task: Task): Operation => ({ id: 'op', owner: { kind: 'VMBackup', uid: 'b', namespace: 'web', name: 'nightly' }, engine: anEngine(), repository: aRepository(), task });

describe('the Job of a mover', () => {
  it('given any operation, when its pod is made, then it has no token, no capability, no privilege to gain, no environment, and arguments that name files only', () => {
    const { spec } = buildJob(operation({ type: 'probe' }), undefined);
    const pod = spec.template.spec;

    expect(pod.automountServiceAccountToken).toBe(false);
    expect(pod.containers[0]?.securityContext).toEqual({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
    expect(pod.containers[0]?.args).toEqual(['probe', '--request', '/etc/hvb/request/request.json']);
    expect(pod.containers[0]?.env ?? []).toEqual([]);
    expect(spec.backoffLimit).toBe(0);
  });

  it.each<[Task, boolean]>([
    [{ type: 'backup-document', identity, document: '{}', volumes: [] }, true],
    [{ type: 'restore-document', documentID: 'd' }, true],
    [{ type: 'remove', backupUID: 'b' }, false],
  ])('given $type, when its pod is made, then scratch space is in memory exactly where a document with secrets is handled', (task, inMemory) => {
    const scratch = buildJob(operation(task), undefined).spec.template.spec.volumes?.find(({ name }) => name === 'scratch');

    expect(scratch?.emptyDir?.medium === 'Memory').toBe(inMemory);
  });
});
