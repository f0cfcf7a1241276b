import type { BackupEngine } from '../../contract/backup-engine.ts';
import type { VMBackup } from '../../contract/vm-backup.ts';
import type { Engine } from '../../engines/engine.ts';
import { WORK_POLL_MS, type ControllerContext } from '../context.ts';
import { findRepository, requestProbe, type RepositoryLookup } from '../repository-of.ts';
import type { CaptureStore } from './capture-store.ts';
import { documentOperationID, ownerOf, volumeOperation, volumeOperationID } from './operations.ts';
import { deleteSnapshots } from './snapshots.ts';
import { currentStatus, enter, type Step } from './status.ts';

/** Cleaning: what the backup left in the cluster goes, then the end is said: Completed only with a document in the repository. */
export async function clean(ctx: ControllerContext, captures: CaptureStore, backup: VMBackup): Promise<Step> {
  const status = currentStatus(backup);

  if (!await removeTemporaries(ctx, captures, backup)) return { status: { ...status, message: 'Temporary objects are being removed.' }, requeueAfterMs: WORK_POLL_MS };
  const cause = status.failure;

  if (!cause || cause.category === 'Repository') await requestProbe(ctx, backup.spec.repository).catch((error: unknown) => ctx.log.warn('the repository could not be asked for a probe', { repository: backup.spec.repository, error }));
  const end = cause === undefined ? 'Completed' : cause.code === 'HVB-CANCELLED' ? 'Cancelled' : 'Failed';

  // Somebody may have asked for a verification already; a status wakes nobody.
  return { status: enter(status, end, ctx.clock.now()), ...(end === 'Completed' ? { requeueAfterMs: 0 } : {}) };
}

/** Stops what runs and removes every temporary object of the backup: Jobs, temporary PVCs, VolumeSnapshots, the capture. True when nothing is left. */
export async function removeTemporaries(ctx: ControllerContext, captures: CaptureStore, backup: VMBackup): Promise<boolean> {
  const found = await findRepository(ctx, backup.spec.repository);
  const owner = ownerOf(backup);
  let done = true;

  const engine = engineOf(ctx, found);

  for (const volume of backup.status?.volumes ?? []) {
    const id = volumeOperationID(backup, volume.name);
    const stopped = volume.phase === 'Completed' || !found.found || await engine.cancel(volumeOperation(backup, volume, found.engine, found.repository, ctx.clusterID));
    const released = stopped && await engine.release({ id, owner });

    if (released) ctx.slots.giveBack(backup.spec.repository, id);
    done &&= released;
  }
  const document = documentOperationID(backup);

  if (await engine.release({ id: document, owner })) ctx.slots.giveBack(backup.spec.repository, document);
  else done = false;
  // The temporary PVCs go first: some drivers refuse to delete a snapshot that a volume was made from.
  if (!done) return false;
  if (!await deleteSnapshots(ctx.client, backup)) return false;
  await captures.delete(backup);
  return true;
}

/** The engine behind a repository; with the repository gone still the one that can release by labels. */
export function engineOf(ctx: ControllerContext, found: RepositoryLookup): Engine {
  return ctx.engineFor(found.found ? found.engine : NO_ENGINE);
}

const NO_ENGINE: BackupEngine = { apiVersion: '', kind: 'BackupEngine', metadata: { name: '' }, spec: { mover: { image: '' } } };
