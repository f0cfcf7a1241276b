import { API_VERSION, VM_RESTORE } from '../../../server/contract/api.ts';
import type { VMBackup } from '../../../server/contract/vm-backup.ts';
import type { VMRestore } from '../../../server/contract/vm-restore.ts';
import { TYPE } from '../config/types';
import { isObjectName } from './names';
import { diskObstacle, mappingOf, type DiskChoice } from './mapping';

export type StartPolicy = VMRestore['spec']['start'];

/** Every start policy, the default first. A record, so that a new policy in the contract does not compile until it is here. */
const POLICIES: Record<StartPolicy, true> = { Recorded: true, Start: true, Halted: true };

export const START_CHOICES = Object.keys(POLICIES) as StartPolicy[];

/** What a person chooses in the restore wizard. */
export interface RestoreChoice {
  backup: { namespace: string; name: string } | null;
  namespace: string;
  name: string;
  start: StartPolicy;
  keepMacAddresses: boolean;
  disks: DiskChoice[];
}

/** The body of a new VMRestore as Steve wants it. */
export type NewRestore = Pick<VMRestore, 'apiVersion' | 'kind' | 'metadata' | 'spec'> & { type: string };

/** Only a completed backup can be restored. */
export function isRestorable(backup: VMBackup): boolean {
  return backup.status?.phase === 'Completed' && !backup.metadata.deletionTimestamp;
}

/** Which steps of the wizard are filled in well enough to go on. */
export function stepsReady(choice: RestoreChoice): { point: boolean; target: boolean; storage: boolean } {
  const point = choice.backup !== null;
  const target = point && !!choice.namespace && isObjectName(choice.name);
  const storage = target && choice.disks.length > 0 && choice.disks.every((disk) => diskObstacle(disk) === undefined);

  return { point, target, storage };
}

/**
 * Builds the VMRestore, which waits for its approval.
 * @throws Error when no backup is chosen: the wizard does not let it come to that
 */
export function restoreOf(choice: RestoreChoice, name: string): NewRestore {
  if (!choice.backup) {
    throw new Error('a restore needs a backup');
  }

  return {
    type:       TYPE.vmRestore,
    apiVersion: API_VERSION,
    kind:       VM_RESTORE.kind,
    metadata:   { name, namespace: choice.namespace },
    spec:       {
      source:           { backup: choice.backup },
      target:           { name: choice.name },
      volumes:          choice.disks.map(mappingOf),
      start:            choice.start,
      keepMacAddresses: choice.keepMacAddresses,
    },
  };
}
