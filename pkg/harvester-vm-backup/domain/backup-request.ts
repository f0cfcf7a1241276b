import { API_VERSION, VM_BACKUP } from '../../../server/contract/api.ts';
import type { BackupRepository } from '../../../server/contract/backup-repository.ts';
import type { QuiescePolicy, VMBackup } from '../../../server/contract/vm-backup.ts';
import { TYPE } from '../config/types';

/** Every quiesce policy, the one to recommend first. A record, so that a new policy in the contract does not compile until it is here. */
const POLICIES: Record<QuiescePolicy, true> = { BestEffort: true, Required: true, Skip: true };

export const QUIESCE_CHOICES = Object.keys(POLICIES) as QuiescePolicy[];

/** What a person chooses in the back-up form; it holds for every VM that is backed up with it. */
export interface BackupChoice { repository: string; policy: QuiescePolicy; deadlineSeconds: number; deletionPolicy: 'Delete' | 'Retain' }

/** The body of a new VMBackup as Steve wants it. */
export type NewBackup = Pick<VMBackup, 'apiVersion' | 'kind' | 'metadata' | 'spec'> & { type: string };

/** Builds the VMBackup of one VM. */
export function backupOf(vm: { namespace: string; name: string }, name: string, choice: BackupChoice): NewBackup {
  return {
    type:       TYPE.vmBackup,
    apiVersion: API_VERSION,
    kind:       VM_BACKUP.kind,
    metadata:   { name, namespace: vm.namespace },
    spec:       {
      source:         { name: vm.name },
      repository:     choice.repository,
      quiesce:        { policy: choice.policy, deadlineSeconds: choice.deadlineSeconds },
      deletionPolicy: choice.deletionPolicy,
    },
  };
}

/** Builds a new VMBackup with the spec of one that failed. */
export function retryOf(backup: VMBackup, name: string): NewBackup {
  const { cancel: _cancelled, ...spec } = backup.spec;

  return {
    type: TYPE.vmBackup, apiVersion: API_VERSION, kind: VM_BACKUP.kind, metadata: { name, namespace: backup.metadata.namespace }, spec
  };
}

/** Why a repository cannot take a backup now; undefined when it can. `phase` is undefined before the server has seen the repository. */
export function repositoryObstacle(repository: BackupRepository): 'deleting' | 'pending' | 'failed' | undefined {
  if (repository.metadata.deletionTimestamp) {
    return 'deleting';
  }

  switch (repository.status?.phase) {
  case 'Ready': return undefined;
  case 'Failed': return 'failed';
  default: return 'pending';
  }
}
