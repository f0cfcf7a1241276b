import { VIRTUAL_MACHINE_INSTANCE, VM_BACKUP } from '../../contract/api.ts';
import type { VirtualMachineInstance } from '../../contract/kubernetes.ts';
import { FINALIZER_DATA } from '../../contract/names.ts';
import type { VMBackup, VMBackupStatus } from '../../contract/vm-backup.ts';
import { kubevirtFreezer } from '../../guest/freeze.ts';
import { WORK_POLL_MS, type ControllerContext } from '../context.ts';
import { findRepository, requestProbe, type RepositoryLookup } from '../repository-of.ts';
import type { CaptureStore } from './capture-store.ts';
import { engineOf, removeTemporaries } from './clean.ts';
import { ownerOf, removeOperation, removeOperationID } from './operations.ts';
import { currentStatus, enter, type Step } from './status.ts';
import { stopVerification } from './verify.ts';

/** Retries of a removal that failed, at the least this far apart (milliseconds). */
const REMOVE_RETRY_MS = 30_000;

/**
 * Deleting: what runs is stopped, temporary objects go, then the data in the repository, then the finalizer.
 * @returns `undefined` when the object is gone
 */
export async function remove(ctx: ControllerContext, captures: CaptureStore, backup: VMBackup): Promise<Step | undefined> {
  if (!(backup.metadata.finalizers ?? []).includes(FINALIZER_DATA)) return undefined;
  const before = currentStatus(backup);

  if (before.phase !== 'Deleting') {
    if (before.phase === 'Quiescing') await thawIfFrozen(ctx, backup);
    return { status: enter(before, 'Deleting', ctx.clock.now()), requeueAfterMs: 0 };
  }
  if (before.verification?.state === 'Running') {
    if (!await stopVerification(ctx, backup, before.verification)) return { status: { ...before, message: 'The verification is being stopped.' }, requeueAfterMs: WORK_POLL_MS };
    const { verification: _stopped, ...rest } = before;

    return { status: rest, requeueAfterMs: 0 };
  }
  const id = removeOperationID(backup);
  const wrote = before.documentID !== undefined || (before.volumes ?? []).some((volume) => volume.attempts !== undefined);
  // Retain lets a half-made backup go too: it is the way out when the repository is gone for good.
  const wanted = backup.spec.deletionPolicy === 'Delete';
  const found = await findRepository(ctx, backup.spec.repository);

  // A backup that had come to an end was cleaned up on the way there; looking again at every step of the removal finds nothing.
  if (before.completedAt === undefined && !await removeTemporaries(ctx, captures, backup)) return { status: { ...before, message: 'Temporary objects are being removed.' }, requeueAfterMs: WORK_POLL_MS };
  if (wrote && wanted && found.found && before.dataRemovedAt === undefined) return removeData(ctx, backup, before, found);
  if (!await engineOf(ctx, found).release({ id, owner: ownerOf(backup) })) return { status: before, requeueAfterMs: WORK_POLL_MS };
  ctx.slots.giveBack(backup.spec.repository, id);
  if (found.found) await requestProbe(ctx, backup.spec.repository);
  await dropFinalizer(ctx, backup);
  return undefined;
}

/** Removes the data, and notes it when that is done: what the operation left may take its time to go, and must not make it begin again. */
async function removeData(ctx: ControllerContext, backup: VMBackup, before: VMBackupStatus, found: Extract<RepositoryLookup, { found: true }>): Promise<Step> {
  const operation = removeOperation(backup, found.engine, found.repository);
  const engine = ctx.engineFor(found.engine);
  const repository = found.repository.metadata.name;

  if (!ctx.slots.takeExclusive(repository, operation.id)) return { status: { ...before, message: 'Waits until no other mover works on the repository: freeing space needs it alone.' }, requeueAfterMs: WORK_POLL_MS };
  const observation = await engine.advance(operation);

  if (observation.phase === 'Succeeded') return { status: { ...before, dataRemovedAt: ctx.clock.now().toISOString() }, requeueAfterMs: 0 };
  if (observation.phase !== 'Failed') return { status: { ...before, message: 'The data is being removed from the repository.' }, requeueAfterMs: WORK_POLL_MS };
  // The failed try goes first, so that the next call begins a new one.
  if (!await engine.release(operation)) return { status: { ...before, failure: observation.failure }, requeueAfterMs: WORK_POLL_MS };
  ctx.slots.giveBack(repository, operation.id);
  await requestProbe(ctx, repository);
  await ctx.events.record(backup, 'Warning', 'RemoveFailed', `${observation.failure.code}: ${observation.failure.message}`);
  return { status: { ...before, failure: observation.failure, message: 'The data could not be removed; it is tried again. Set spec.deletionPolicy to Retain to let the object go without it.' }, requeueAfterMs: REMOVE_RETRY_MS };
}

async function thawIfFrozen(ctx: ControllerContext, backup: VMBackup): Promise<void> {
  const namespace = backup.metadata.namespace ?? '';
  const name = backup.spec.source.name;
  const vmi = await ctx.client.find<VirtualMachineInstance>(VIRTUAL_MACHINE_INSTANCE, { namespace, name });

  if (vmi?.status?.fsFreezeStatus === 'frozen') await kubevirtFreezer(ctx.client).thaw(namespace, name);
}

async function dropFinalizer(ctx: ControllerContext, backup: VMBackup): Promise<void> {
  const { name, namespace, finalizers = [] } = backup.metadata;
  const key = { name, ...(namespace ? { namespace } : {}) };
  const latest = await ctx.client.find<VMBackup>(VM_BACKUP, key);

  // The status was written since: only the newest version may be guarded by.
  if (!latest || latest.metadata.uid !== backup.metadata.uid) return;
  await ctx.client.patch(VM_BACKUP, key, { metadata: { resourceVersion: latest.metadata.resourceVersion, finalizers: (latest.metadata.finalizers ?? finalizers).filter((each) => each !== FINALIZER_DATA) } });
}
