import { failure, type Failure } from '../../contract/failures.ts';
import type { BackupVolume, VMBackup } from '../../contract/vm-backup.ts';
import { nextProgress } from '../../domain/progress.ts';
import type { Observation } from '../../engines/engine.ts';
import { MOVE_ATTEMPTS, WORK_POLL_MS, type ControllerContext } from '../context.ts';
import { findRepository } from '../repository-of.ts';
import type { Stopwatch } from '../stopwatch.ts';
import { volumeOperation, volumeOperationID } from './operations.ts';
import { currentStatus, enter, fail, withProgress, type Step } from './status.ts';

/** Moving: every volume through the engine, side by side as far as the repository's slots go. */
export async function move(ctx: ControllerContext, stopwatch: Stopwatch, backup: VMBackup): Promise<Step> {
  const status = currentStatus(backup);
  const now = ctx.clock.now();

  if (backup.spec.cancel) return { status: fail(status, failure('HVB-CANCELLED', 'The backup was cancelled while its disks were read.', now), now), requeueAfterMs: 0 };
  const found = await findRepository(ctx, backup.spec.repository);

  if (!found.found) return { status: fail(status, failure(found.code, found.message, now), now), requeueAfterMs: 0 };
  const { repository, engine: engineObject, limit } = found;
  const engine = ctx.engineFor(engineObject);
  const volumes: BackupVolume[] = [];
  let cause: Failure | undefined;

  for (const volume of status.volumes ?? []) {
    if (volume.phase === 'Completed') {
      volumes.push(volume);
      continue;
    }
    const id = volumeOperationID(backup, volume.name);
    const running = volume.phase !== 'Pending';

    if (!ctx.slots.take(repository.metadata.name, id, limit, running)) {
      volumes.push({ ...volume, message: 'Waits for a free mover.' });
      continue;
    }
    const operation = volumeOperation(backup, volume, engineObject, repository, ctx.clusterID);
    const { next, failed } = await advanceVolume(volume, await engine.advance(operation), { release: () => engine.release(operation), elapsedMs: stopwatch.lap(id), now });

    if (next.phase === 'Completed' || failed) {
      ctx.slots.giveBack(repository.metadata.name, id);
      stopwatch.forget(id);
    }
    cause ??= failed;
    volumes.push(next);
  }
  const moved = withProgress({ ...status, volumes });

  if (cause) return { status: fail(moved, cause, now), requeueAfterMs: 0 };
  if (volumes.every((volume) => volume.phase === 'Completed')) return { status: enter(moved, 'Committing', now), requeueAfterMs: 0 };
  return { status: moved, requeueAfterMs: WORK_POLL_MS };
}

/** What an observation makes of a volume. A retryable failure is tried once more, from a clean start, before it fails the backup. */
async function advanceVolume(volume: BackupVolume, observation: Observation, { release, elapsedMs, now }: { release: () => Promise<boolean>; elapsedMs: number; now: Date }): Promise<{ next: BackupVolume; failed?: Failure }> {
  const { message: _old, ...rest } = volume;
  const attempts = volume.attempts ?? 1;

  switch (observation.phase) {
    case 'Absent':
      return { next: { ...rest, phase: 'Exposing', attempts } };
    case 'Preparing':
      return { next: { ...rest, phase: 'Exposing', attempts, message: observation.message } };
    case 'Running': {
      const progress = observation.progress ? nextProgress(volume.progress, observation.progress, elapsedMs) : volume.progress;

      return { next: { ...rest, phase: 'Moving', attempts, ...(progress ? { progress } : {}) } };
    }
    case 'Succeeded': {
      if (observation.result.type !== 'backup-volume') return { next: volume, failed: failure('HVB-MOVER-PROTOCOL', `the mover answered "${observation.result.type}" to the backup of volume ${volume.name}`, now) };
      // The mover knows the size to the byte; the PersistentVolume only what was asked for.
      const { snapshotID, digestsID, rootDigest, sizeBytes, bytesRead, bytesZero, bytesUploaded } = observation.result.volume;

      return { next: { ...rest, phase: 'Completed', attempts, sizeBytes, snapshotID, digestsID, rootDigest, bytesRead, bytesZero, bytesUploaded, progress: { bytesTotal: sizeBytes, bytesDone: sizeBytes, bytesUploaded } } };
    }
    case 'Failed': {
      if (!observation.failure.retryable || attempts >= MOVE_ATTEMPTS) return { next: { ...rest, phase: 'Failed', message: observation.failure.message }, failed: observation.failure };
      // Only when everything of the failed try is gone may the same operation begin again.
      if (!await release()) return { next: { ...volume, message: `${observation.failure.message} It is tried again.` } };
      const { progress: _stale, ...fresh } = rest;

      return { next: { ...fresh, phase: 'Exposing', attempts: attempts + 1, message: `${observation.failure.message} It is tried again.` } };
    }
  }
}
