import { failure, type Failure } from '../../contract/failures.ts';
import type { Verification, VMBackup } from '../../contract/vm-backup.ts';
import { bytesToVerify, verificationRequest } from '../../domain/backup/verification.ts';
import type { Observation } from '../../engines/engine.ts';
import { MOVE_ATTEMPTS, WAIT_POLL_MS, WORK_POLL_MS, type ControllerContext } from '../context.ts';
import { findRepository, requestProbe, type RepositoryLookup } from '../repository-of.ts';
import { engineOf } from './clean.ts';
import { ownerOf, verifyOperation, verifyOperationID } from './operations.ts';
import { currentStatus, type Step } from './status.ts';

type Found = Extract<RepositoryLookup, { found: true }>;

/**
 * Completed: reads every byte of the backup back when somebody asks for it. Its beginning is noted before anything is
 * made, its result before anything is removed, and its end is said when nothing is left; so it may be killed between any
 * two lines. It never changes the phase and never removes data: a backup that fails it may still be the best there is.
 * @returns `undefined` when nothing is asked for
 */
export async function verify(ctx: ControllerContext, backup: VMBackup): Promise<Step | undefined> {
  const { verification } = currentStatus(backup);

  if (verification?.state === 'Running') return verification.finishedAt === undefined ? advance(ctx, backup, verification) : finish(ctx, backup, verification);
  const requestedAt = verificationRequest(backup);

  return requestedAt === undefined ? undefined : step(backup, { state: 'Running', requestedAt, startedAt: ctx.clock.now().toISOString() }, 0);
}

/** Stops a verification that runs; a deletion does not wait for its result. True when nothing of it is left. */
export async function stopVerification(ctx: ControllerContext, backup: VMBackup, { startedAt }: Verification): Promise<boolean> {
  const found = await findRepository(ctx, backup.spec.repository);
  const id = verifyOperationID(backup, startedAt);
  const engine = engineOf(ctx, found);
  const stopped = !found.found || await engine.cancel(verifyOperation(backup, startedAt, found.engine, found.repository));

  if (!stopped || !await engine.release({ id, owner: ownerOf(backup) })) return false;
  ctx.slots.giveBack(backup.spec.repository, id);
  return true;
}

async function advance(ctx: ControllerContext, backup: VMBackup, verification: Verification): Promise<Step> {
  const { attempts, startedAt } = verification;
  const found = await findRepository(ctx, backup.spec.repository);

  if (!found.found) return conclude(ctx, backup, verification, failure(found.code, found.message, ctx.clock.now()));
  const { repository, engine: engineObject, limit } = found;
  const { name } = repository.metadata;

  if (attempts === undefined && repository.status?.phase !== 'Ready') return awaitRepository(ctx, backup, verification, found);
  // `attempts` stands in the status once a mover was asked for: after a restart its slot is taken again without a question.
  if (!ctx.slots.take(name, verifyOperationID(backup, startedAt), limit, attempts !== undefined)) {
    return step(backup, { ...verification, message: `Waits for a free mover: BackupRepository "${name}" runs at most ${limit} at once.` }, WAIT_POLL_MS);
  }
  const engine = ctx.engineFor(engineObject);
  const operation = verifyOperation(backup, startedAt, engineObject, repository);

  return observe(ctx, backup, { ...verification, attempts: attempts ?? 1 }, await engine.advance(operation), () => engine.release(operation));
}

/** What only a person can mend is told at once instead of waited for. */
function awaitRepository(ctx: ControllerContext, backup: VMBackup, verification: Verification, { repository }: Found): Step {
  const { phase = 'Pending', failure: cause } = repository.status ?? {};
  const where = `BackupRepository "${repository.metadata.name}"`;

  if (cause && !cause.retryable) return conclude(ctx, backup, verification, failure(cause.code, `${where}: ${cause.message}`, ctx.clock.now(), cause.evidence));
  return step(backup, { ...verification, message: `Waits for ${where} (${phase}${cause ? `: ${cause.message}` : ''}).` }, WAIT_POLL_MS);
}

async function observe(ctx: ControllerContext, backup: VMBackup, verification: Verification, observation: Observation, release: () => Promise<boolean>): Promise<Step> {
  const { message: _old, ...rest } = verification;

  switch (observation.phase) {
    case 'Absent':
      return step(backup, rest, WORK_POLL_MS);
    case 'Preparing':
      return step(backup, { ...rest, message: observation.message }, WORK_POLL_MS);
    case 'Running':
      return step(backup, { ...rest, bytesRead: Math.max(rest.bytesRead ?? 0, observation.progress?.bytesDone ?? 0) }, WORK_POLL_MS);
    case 'Succeeded':
      return judge(ctx, backup, rest, observation.result);
    case 'Failed': {
      const { failure: cause } = observation;

      if (!cause.retryable || (rest.attempts ?? 1) >= MOVE_ATTEMPTS) return conclude(ctx, backup, rest, cause);
      const again = { ...rest, message: `${cause.message} It is tried again.` };

      // Only when everything of the failed try is gone may the same operation begin again.
      return step(backup, await release() ? { ...again, attempts: (rest.attempts ?? 1) + 1, bytesRead: 0 } : again, WORK_POLL_MS);
    }
  }
}

/** A mover that read less than the disks have has proved nothing about the rest. */
function judge(ctx: ControllerContext, backup: VMBackup, verification: Verification, result: Extract<Observation, { phase: 'Succeeded' }>['result']): Step {
  const now = ctx.clock.now();
  const expected = bytesToVerify(backup);

  if (result.type !== 'verify') return conclude(ctx, backup, verification, failure('HVB-MOVER-PROTOCOL', `the mover answered "${result.type}" to the verification`, now));
  const read = { ...verification, bytesRead: result.bytesVerified };

  return conclude(ctx, backup, read, result.bytesVerified === expected ? undefined : failure('HVB-DATA-MISMATCH', `The backup in the repository has ${result.bytesVerified} bytes, its disks had ${expected}.`, now));
}

/** The result is known; what the operation left goes next. */
function conclude(ctx: ControllerContext, backup: VMBackup, { message: _old, ...verification }: Verification, cause: Failure | undefined): Step {
  return step(backup, { ...verification, finishedAt: ctx.clock.now().toISOString(), ...(cause ? { failure: cause } : {}) }, 0);
}

async function finish(ctx: ControllerContext, backup: VMBackup, verification: Verification): Promise<Step> {
  if (!await stopVerification(ctx, backup, verification)) return step(backup, verification, WORK_POLL_MS);
  const { failure: cause } = verification;

  if (cause?.category === 'Repository') await requestProbe(ctx, backup.spec.repository).catch((error: unknown) => ctx.log.warn('the repository could not be asked for a probe', { repository: backup.spec.repository, error }));
  // Looked at once more: meanwhile somebody may have asked again.
  return step(backup, { ...verification, state: cause ? 'Failed' : 'Passed' }, 0);
}

function step(backup: VMBackup, verification: Verification, requeueAfterMs: number): Step {
  return { status: { ...currentStatus(backup), verification }, requeueAfterMs };
}
