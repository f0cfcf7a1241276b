import type { Failure } from '../../contract/failures.ts';
import type { BackupPhase, VMBackup, VMBackupStatus } from '../../contract/vm-backup.ts';
import { assertTransition, BACKUP_TRANSITIONS, isBackupTerminal } from '../../domain/phases.ts';
import { sumProgress } from '../../domain/progress.ts';
import { closeTimings, enterPhase } from '../../domain/timings.ts';
import { setCondition } from '../../kube/objects.ts';

/** What one step of the reconcile gives: the status to be written, and when to look again. */
export interface Step { status: VMBackupStatus; requeueAfterMs?: number }

/** The status; of a backup that has none yet, that of one which waits since it was created. */
export function currentStatus({ status, metadata }: VMBackup): VMBackupStatus {
  return status ?? { phase: 'Pending', ...(metadata.creationTimestamp ? { timings: [{ phase: 'Pending', startedAt: metadata.creationTimestamp }] } : {}) };
}

/** The status with another phase: checked against the table, its times noted, its conditions set. */
export function enter(status: VMBackupStatus, phase: BackupPhase, now: Date, changes: Partial<VMBackupStatus> = {}): VMBackupStatus {
  assertTransition(BACKUP_TRANSITIONS, status.phase, phase);
  const { message: _left, ...rest } = status;
  const next: VMBackupStatus = { ...rest, ...changes, phase, timings: enterPhase(status.timings, phase, now) };

  if (!isBackupTerminal(phase)) return { ...next, conditions: setCondition(next.conditions, { type: 'Ready', status: 'False', reason: phase, message: `The backup is in the phase ${phase}.` }, now) };
  return {
    ...next, timings: closeTimings(next.timings, now), completedAt: now.toISOString(),
    conditions: setCondition(next.conditions, { type: 'Ready', status: phase === 'Completed' ? 'True' : 'False', reason: next.failure?.code ?? phase, message: next.failure?.message ?? 'The backup is complete.' }, now),
  };
}

/**
 * The way to a bad end: through `Cleaning` when there can be temporary objects, else straight to `Failed` or `Cancelled`.
 * A failure that stands already is kept: the first cause is the one to tell.
 */
export function fail(status: VMBackupStatus, cause: Failure, now: Date): VMBackupStatus {
  const failure = status.failure ?? cause;

  if (status.phase === 'Pending' || status.phase === 'Queued') return enter(status, failure.code === 'HVB-CANCELLED' ? 'Cancelled' : 'Failed', now, { failure });
  return enter(status, 'Cleaning', now, { failure });
}

/** The status with its total progress summed up. */
export function withProgress(status: VMBackupStatus): VMBackupStatus {
  return status.volumes ? { ...status, progress: sumProgress(status.volumes) } : status;
}
