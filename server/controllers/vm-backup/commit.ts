import { failure } from '../../contract/failures.ts';
import type { VMBackup } from '../../contract/vm-backup.ts';
import { buildDocument } from '../../domain/backup/document.ts';
import { WORK_POLL_MS, type ControllerContext } from '../context.ts';
import { findRepository } from '../repository-of.ts';
import type { CaptureStore } from './capture-store.ts';
import { documentOperation, documentOperationID, identityOf } from './operations.ts';
import { currentStatus, enter, fail, type Step } from './status.ts';

/**
 * Committing: the backup document goes into the repository, last. A cancel that comes now is too late: whether the document
 * is already there cannot be known without finishing.
 */
export async function commit(ctx: ControllerContext, captures: CaptureStore, backup: VMBackup): Promise<Step> {
  const status = currentStatus(backup);
  const now = ctx.clock.now();
  const bad = (cause: ReturnType<typeof failure>): Step => ({ status: fail(status, cause, now), requeueAfterMs: 0 });
  const found = await findRepository(ctx, backup.spec.repository);

  if (!found.found) return bad(failure(found.code, found.message, now));
  const { repository, engine, limit } = found;
  const captured = await captures.get(backup);

  if (!captured || !status.consistency) return bad(failure('HVB-INTERNAL', 'the captured VM is gone before the commit', now));
  const document = buildDocument(captured, {
    identity: identityOf(backup, ctx.clusterID), volumes: status.volumes ?? [], excluded: status.excluded ?? [], consistency: status.consistency,
    // The instant of the cut, not of this call: the same document every time, whenever the server was killed.
    createdAt: new Date(status.timings?.find((timing) => timing.phase === 'Moving')?.startedAt ?? backup.metadata.creationTimestamp ?? now),
  });
  const id = documentOperationID(backup);

  if (!ctx.slots.take(repository.metadata.name, id, limit)) return { status: { ...status, message: 'Waits for a free mover.' }, requeueAfterMs: WORK_POLL_MS };
  const observation = await ctx.engineFor(engine).advance(documentOperation(backup, JSON.stringify(document), engine, repository, ctx.clusterID));

  if (observation.phase === 'Failed') {
    ctx.slots.giveBack(repository.metadata.name, id);
    return bad(observation.failure);
  }
  if (observation.phase !== 'Succeeded') return { status, requeueAfterMs: WORK_POLL_MS };
  ctx.slots.giveBack(repository.metadata.name, id);
  if (observation.result.type !== 'backup-document') return bad(failure('HVB-MOVER-PROTOCOL', `the mover answered "${observation.result.type}" to the commit`, now));
  return { status: enter(status, 'Cleaning', now, { documentID: observation.result.documentID }), requeueAfterMs: 0 };
}
