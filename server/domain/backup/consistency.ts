import type { ConsistencyRecord, QuiescePolicy } from '../../contract/vm-backup.ts';

/** What was measured of a freeze window. Instants are wall clock; durations were taken with a clock that never goes back. */
export interface WindowFacts {
  policy: QuiescePolicy;
  agentConnected: boolean;
  /** The freeze call succeeded. */
  frozen: boolean;
  frozenAt?: Date;
  thawedAt?: Date;
  /** From the start of the freeze call to the moment when every cut had been seen. */
  cutSeenAfterMs?: number;
  /** From the start of the freeze call to the end of the thaw call. */
  windowMs?: number;
  deadlineMs: number;
  /** `creationTime` of every VolumeSnapshot. */
  cuts: readonly Date[];
  /** Level and words for a window without a freeze. */
  otherwise: { level: 'Crash' | 'Stopped'; reason: string };
}

/**
 * Judges what the window really reached. Frozen is not enough: had the guest's own timer thawed it before the last cut was
 * seen, the disks could hold different instants, so then it counts as a crash-consistent backup only.
 */
export function judgeWindow(facts: WindowFacts): ConsistencyRecord {
  const held = facts.frozen && facts.cutSeenAfterMs !== undefined && facts.cutSeenAfterMs < facts.deadlineMs;
  const level = held ? 'Filesystem' : facts.frozen ? 'Crash' : facts.otherwise.level;
  const reason = held
    ? 'The guest filesystems were frozen while every disk was cut.'
    : facts.frozen ? 'The guest was frozen, but its deadline had passed before every disk was cut.' : facts.otherwise.reason;
  const times = facts.cuts.map((cut) => cut.getTime());

  return {
    policy: facts.policy, level, reason, agentConnected: facts.agentConnected,
    ...(facts.frozenAt ? { frozenAt: facts.frozenAt.toISOString() } : {}),
    ...(facts.thawedAt ? { thawedAt: facts.thawedAt.toISOString() } : {}),
    ...(facts.windowMs === undefined ? {} : { windowMilliseconds: Math.round(facts.windowMs) }),
    ...(times.length > 0 ? { spreadMilliseconds: Math.max(...times) - Math.min(...times) } : {}),
  };
}
