import type { BackupPhase } from '../contract/vm-backup.ts';
import type { RestorePhase } from '../contract/vm-restore.ts';
import type { RepositoryPhase } from '../contract/backup-repository.ts';

/**
 * The one table of phase transitions that server, API and UI share. A phase may always "go" to itself.
 * An empty list is a terminal phase.
 */
export const BACKUP_TRANSITIONS = {
  Pending: ['Queued', 'Failed', 'Cancelled', 'Deleting'],
  Queued: ['Quiescing', 'Failed', 'Cancelled', 'Deleting'],
  Quiescing: ['Moving', 'Cleaning', 'Failed', 'Deleting'],
  Moving: ['Committing', 'Cleaning', 'Deleting'],
  Committing: ['Cleaning', 'Deleting'],
  /** Temporary objects go before the end is said, be it good or bad. */
  Cleaning: ['Completed', 'Failed', 'Cancelled', 'Deleting'],
  Completed: ['Deleting'],
  Failed: ['Deleting'],
  Cancelled: ['Deleting'],
  Deleting: [],
} as const satisfies Record<BackupPhase, readonly BackupPhase[]>;

/** @see BACKUP_TRANSITIONS */
export const RESTORE_TRANSITIONS = {
  Pending: ['Planning', 'Failed', 'Cancelled'],
  Planning: ['AwaitingApproval', 'Queued', 'Failed', 'Cancelled'],
  AwaitingApproval: ['Planning', 'Queued', 'Failed', 'Cancelled'],
  Queued: ['RestoringVolumes', 'RollingBack', 'Failed', 'Cancelled'],
  RestoringVolumes: ['CreatingVM', 'RollingBack'],
  CreatingVM: ['Starting', 'Completed', 'RollingBack'],
  /** A VM that was restored but does not start is a failure that keeps the VM: its disks are whole, and made at some cost. */
  Starting: ['Completed', 'RollingBack', 'Failed'],
  Completed: [],
  RollingBack: ['Failed', 'Cancelled'],
  Failed: [],
  Cancelled: [],
} as const satisfies Record<RestorePhase, readonly RestorePhase[]>;

/** @see BACKUP_TRANSITIONS */
export const REPOSITORY_TRANSITIONS = {
  Pending: ['Initializing', 'Failed'],
  Initializing: ['Ready', 'Failed'],
  Ready: ['Initializing', 'Failed'],
  Failed: ['Initializing', 'Ready'],
} as const satisfies Record<RepositoryPhase, readonly RepositoryPhase[]>;

/** True when a backup in this phase will not change any more by itself. */
export const isBackupTerminal = (phase: BackupPhase): boolean => phase === 'Completed' || phase === 'Failed' || phase === 'Cancelled';

/** True when a restore in this phase will not change any more. */
export const isRestoreTerminal = (phase: RestorePhase): boolean => RESTORE_TRANSITIONS[phase].length === 0;

/**
 * Checks a transition.
 * @throws Error when the table does not have it: a defect of ours, never a user's.
 */
export function assertTransition<P extends string>(table: Record<P, readonly P[]>, from: P, to: P): void {
  if (from !== to && !table[from].includes(to)) throw new Error(`illegal phase transition ${from} → ${to}`);
}
