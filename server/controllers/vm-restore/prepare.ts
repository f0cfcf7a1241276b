import { VM_BACKUP } from '../../contract/api.ts';
import type { VMBackup } from '../../contract/vm-backup.ts';
import { findRepository } from '../repository-of.ts';
import { failNow, go, goWith, type Outcome, type Work } from './work.ts';

/** Pending: finds the backup and notes what it is, so that another one of the same name is never taken for it. */
export async function accept(work: Work): Promise<Outcome> {
  const { context, spec } = work;
  const key = spec.source.backup;
  const where = `VMBackup ${key.namespace}/${key.name}`;
  const backup = await context.client.find<VMBackup>(VM_BACKUP, key);

  if (!backup?.metadata.uid || backup.metadata.deletionTimestamp) return goWith('Failed', failNow(work, 'HVB-BACKUP-MISSING', `${where} ${backup ? 'is being deleted' : 'does not exist'}.`));
  const { phase, documentID, vm } = backup.status ?? {};

  if (phase !== 'Completed' || documentID === undefined || !vm) return goWith('Failed', failNow(work, 'HVB-BACKUP-INCOMPLETE', `${where} is ${phase ?? 'not begun'}; only a completed backup can be restored.`));
  const lookup = await findRepository(context, backup.spec.repository);

  if (!lookup.found) return goWith('Failed', failNow(work, lookup.code, lookup.message));
  return go('Planning', { backup: { uid: backup.metadata.uid, vmName: vm.name, vmUID: vm.uid, documentID, repository: backup.spec.repository } });
}
