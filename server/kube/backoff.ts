/** Bounds of an exponential backoff (ms). */
export interface BackoffOptions { baseMs: number; maxMs: number }

/**
 * Milliseconds to wait before attempt `attempt` (0 = first repetition): doubles up to the maximum, then up to a half is
 * taken off at random, so that many clients that failed together do not come back together.
 * @param random gives [0, 1)
 */
export function backoffMs(attempt: number, { baseMs, maxMs }: BackoffOptions, random: () => number): number {
  const full = Math.min(maxMs, baseMs * 2 ** Math.min(attempt, 30));

  return Math.round(full * (1 - random() / 2));
}
