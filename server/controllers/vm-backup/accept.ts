import { BACKUP_REPOSITORY, VM_BACKUP } from '../../contract/api.ts';
import { failure } from '../../contract/failures.ts';
import { FINALIZER_DATA, LABEL_VM_UID } from '../../contract/names.ts';
import type { VMBackup } from '../../contract/vm-backup.ts';
import { WAIT_POLL_MS, type ControllerContext } from '../context.ts';
import { findRepository } from '../repository-of.ts';
import { inspect } from './inspect.ts';
import { uidOf, volumeOperationID } from './operations.ts';
import { currentStatus, enter, fail, withProgress, type Step } from './status.ts';

/** Pending: checks the request, notes the VM and its disks, and makes sure that a deletion finds us. */
export async function accept(ctx: ControllerContext, backup: VMBackup): Promise<Step> {
  const status = currentStatus(backup);
  const now = ctx.clock.now();

  if (backup.spec.cancel) return { status: fail(status, failure('HVB-CANCELLED', 'The backup was cancelled before it began.', now), now) };
  const found = await findRepository(ctx, backup.spec.repository);

  if (!found.found) return { status: fail(status, failure(found.code, found.message, now), now) };
  const inspection = await inspect(ctx.client, backup);

  if (!inspection.ok) return { status: fail(status, failure(inspection.code, inspection.message, now), now) };
  const { vm, resolved } = inspection;

  return {
    requeueAfterMs: 0,
    status: withProgress(enter(status, 'Queued', now, { vm: { name: vm.metadata.name, uid: uidOf(vm) }, volumes: resolved.volumes, excluded: resolved.excluded })),
  };
}

/** Puts the finalizer and the VM's UID on a backup, before anything exists that a deletion would have to remove. */
export async function adopt(ctx: ControllerContext, backup: VMBackup, vmUID: string): Promise<void> {
  const { name, namespace, finalizers = [], labels, resourceVersion } = backup.metadata;

  if (finalizers.includes(FINALIZER_DATA) && labels?.[LABEL_VM_UID] === vmUID) return;
  await ctx.client.patch(VM_BACKUP, { name, ...(namespace ? { namespace } : {}) }, {
    // The version guards the finalizers of others: a merge patch replaces the whole list.
    metadata: { resourceVersion, finalizers: [...new Set([...finalizers, FINALIZER_DATA])], labels: { [LABEL_VM_UID]: vmUID } },
  });
}

/** Queued: waits for the repository and for a free mover, so that no snapshot grows old in a queue. */
export async function queue(ctx: ControllerContext, backup: VMBackup): Promise<Step> {
  const status = currentStatus(backup);
  const now = ctx.clock.now();

  if (backup.spec.cancel) return { status: fail(status, failure('HVB-CANCELLED', 'The backup was cancelled while it waited.', now), now) };
  const found = await findRepository(ctx, backup.spec.repository);

  if (!found.found) return { status: fail(status, failure(found.code, found.message, now), now) };
  const { repository, limit } = found;

  if (repository.status?.phase !== 'Ready') {
    const cause = repository.status?.failure;

    // What only a person can mend is told at once instead of waited for.
    if (cause && !cause.retryable) return { status: fail(status, failure(cause.code, `${BACKUP_REPOSITORY.kind} "${repository.metadata.name}": ${cause.message}`, now, cause.evidence), now) };
    return { status: { ...status, message: `Waits for BackupRepository "${repository.metadata.name}" (${repository.status?.phase ?? 'Pending'}${cause ? `: ${cause.message}` : ''}).` }, requeueAfterMs: WAIT_POLL_MS };
  }
  const first = status.volumes?.[0];

  if (first && !ctx.slots.take(repository.metadata.name, volumeOperationID(backup, first.name), limit)) {
    return { status: { ...status, message: `Waits for a free mover: BackupRepository "${repository.metadata.name}" runs at most ${limit} at once.` }, requeueAfterMs: WAIT_POLL_MS };
  }
  return { status: enter(status, 'Quiescing', now, { quiesceAttempts: 1 }), requeueAfterMs: 0 };
}
