import type { Timing } from '../contract/common.ts';

/** Notes that a phase was entered: closes the last one and opens the new one. Entering the phase that is open changes nothing. */
export function enterPhase(timings: readonly Timing[] | undefined, phase: string, at: Date): Timing[] {
  const all = timings ?? [];
  const last = all.at(-1);

  if (last?.phase === phase && last.finishedAt === undefined) return [...all];
  const now = at.toISOString();
  const closed = all.map((timing) => (timing.finishedAt === undefined ? { ...timing, finishedAt: now } : timing));

  return [...closed, { phase, startedAt: now }];
}

/** Closes the open phase, when the end is reached. */
export function closeTimings(timings: readonly Timing[] | undefined, at: Date): Timing[] {
  return (timings ?? []).map((timing) => (timing.finishedAt === undefined ? { ...timing, finishedAt: at.toISOString() } : timing));
}
