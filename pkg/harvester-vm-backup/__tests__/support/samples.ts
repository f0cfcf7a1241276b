import type { Failure } from '../../../../server/contract/failures.ts';
import type { VMBackup } from '../../../../server/contract/vm-backup.ts';
import type { RestorePlan } from '../../../../server/contract/vm-restore.ts';

const GIB = 2 ** 30;

/** A completed backup of the VM `tenant-a/db` with two disks. */
export function completedBackup(change: { name?: string; status?: Partial<VMBackup['status']> } = {}): VMBackup {
  const name = change.name ?? 'db-1';

  return {
    apiVersion: 'backup.harvesterhci.io/v1beta1',
    kind:       'VMBackup',
    metadata:   { name, namespace: 'tenant-a', creationTimestamp: '2026-11-22T10:00:00Z' },
    spec:       { source: { name: 'db' }, repository: 'main', quiesce: { policy: 'Required', deadlineSeconds: 30 }, deletionPolicy: 'Delete' },
    status:     {
      phase:       'Completed',
      vm:          { name: 'db', uid: 'vm-1' },
      completedAt: '2026-11-22T10:05:00Z',
      progress:    { bytesTotal: 6 * GIB, bytesDone: 6 * GIB, bytesUploaded: GIB },
      consistency: {
        policy: 'Required', level: 'Filesystem', reason: 'All filesystems were frozen.', agentConnected: true, frozenAt: '2026-11-22T10:00:05.120Z', thawedAt: '2026-11-22T10:00:05.960Z', windowMilliseconds: 840, spreadMilliseconds: 110
      },
      volumes: [
        { name: 'root', claimName: 'db-root', claimUID: 'c1', sizeBytes: 4 * GIB, volumeMode: 'Block', accessModes: ['ReadWriteMany'], storageClassName: 'harvester-longhorn', phase: 'Completed', cutAt: '2026-11-22T10:00:05.400Z' },
        { name: 'data', claimName: 'db-data', claimUID: 'c2', sizeBytes: 2 * GIB, volumeMode: 'Block', accessModes: ['ReadWriteMany'], storageClassName: 'gone-class', phase: 'Completed', cutAt: '2026-11-22T10:00:05.510Z' },
      ],
      ...change.status,
    },
  };
}

/** A plan with one check of every verdict but Fail. */
export function plan(hash: string, change: Partial<RestorePlan> = {}): RestorePlan {
  return {
    hash,
    volumes:        [],
    objects:        [{ kind: 'VirtualMachine', namespace: 'tenant-b', name: 'db-restored' }],
    checks:         [{ id: 'class', verdict: 'Pass', message: 'The class exists.' }, { id: 'mac', verdict: 'Warn', message: 'New MAC addresses.', remedy: 'Change DHCP leases.' }],
    changes:        ['MAC addresses are new'],
    runStrategy:    'Halted',
    predictedBytes: 6 * GIB,
    plannedAt:      '2026-11-22T11:00:00Z',
    ...change,
  };
}

/** A failure with evidence. */
export const FAILURE: Failure = {
  code: 'HVB-REPO-FULL', category: 'Repository', message: 'The repository main has no space left.', remedy: 'Free space or delete backups.', retryable: true, evidence: 'restic: no space left on device', at: '2026-11-22T10:03:00Z'
};
