import type { Timing } from '../../../server/contract/common.ts';
import type { BackupPhase } from '../../../server/contract/vm-backup.ts';
import type { RestorePhase } from '../../../server/contract/vm-restore.ts';
import { elapsed } from './duration';

/** Phases of a good backup in order. */
export const BACKUP_RUN: readonly BackupPhase[] = ['Pending', 'Queued', 'Quiescing', 'Moving', 'Committing', 'Cleaning', 'Completed'];
/** Phases of a good restore in order. */
export const RESTORE_RUN: readonly RestorePhase[] = ['Pending', 'Planning', 'AwaitingApproval', 'Queued', 'RestoringVolumes', 'CreatingVM', 'Starting', 'Completed'];
/** How an operation can end badly. */
const BAD_ENDS = ['Failed', 'Cancelled'];
const ENDS = ['Completed', ...BAD_ENDS];

export type StepState = 'done' | 'current' | 'failed' | 'cancelled' | 'ahead' | 'skipped';

/** One phase on the timeline; `milliseconds` only for phases that were entered and take time. */
export interface TimelineStep { phase: string; state: StepState; milliseconds?: number; startedAt?: string }

/** Last visit of each phase, in order of entering: a phase can be entered again after a restart. */
function visits(timings: readonly Timing[]): Map<string, Timing> {
  const last = new Map<string, Timing>();

  timings.forEach((timing) => {
    last.delete(timing.phase);
    last.set(timing.phase, timing);
  });

  return last;
}

/**
 * The timeline of an operation: the phases of a good run, the ones that were really entered with their durations
 * (until `now`, in milliseconds since the epoch, for the current one), and a bad end in place of the phases that
 * were never reached.
 */
export function timeline(run: readonly string[], timings: readonly Timing[], current: string, now: number): TimelineStep[] {
  const entered = visits(timings);
  const ended = ENDS.includes(current);
  const good = !BAD_ENDS.includes(current);
  const extra = [...entered.keys()].filter((phase) => !run.includes(phase) && !ENDS.includes(phase));
  const planned = good ? run : run.filter((phase) => entered.has(phase));
  const phases = [...planned.filter((phase) => phase !== 'Completed'), ...extra.filter((phase) => phase !== current || !planned.includes(phase))];

  if (!phases.includes(current) && !ended) {
    phases.push(current);
  }
  const all = phases.map((phase): TimelineStep => step(phase, entered.get(phase), current, ended, run, now));
  // A server that was quick enough never wrote the first phases down.
  const steps = all.slice(Math.max(0, all.findIndex(({ state }) => state !== 'skipped')));
  const end = good ? 'Completed' : current;
  const state: StepState = current === 'Failed' ? 'failed' : current === 'Cancelled' ? 'cancelled' : ended ? 'done' : 'ahead';

  return extra.length && !ended ? steps : [...steps, { phase: end, state, startedAt: entered.get(end)?.startedAt }];
}

function step(phase: string, timing: Timing | undefined, current: string, ended: boolean, run: readonly string[], now: number): TimelineStep {
  if (!timing) {
    const behind = ended || run.indexOf(phase) < run.indexOf(current);

    return { phase, state: phase === current ? 'current' : behind ? 'skipped' : 'ahead' };
  }
  const running = phase === current && !ended;

  return {
    phase,
    state:        running ? 'current' : 'done',
    startedAt:    timing.startedAt,
    milliseconds: running || timing.finishedAt ? elapsed(timing.startedAt, timing.finishedAt, now) : undefined,
  };
}
