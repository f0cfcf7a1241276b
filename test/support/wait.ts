import { systemClock } from '../../server/telemetry/system-clock.ts';

const POLL_MS = 50;

/** Thrown by a `look` when what is waited for can never come: waiting on would be in vain. */
export class Ended extends Error {}

/** Asks `look` until it gives something other than undefined or false. Fails after `seconds` with what `describe` or the last error says. */
export async function waitFor<T>(what: string, look: () => Promise<T | undefined | false>, { seconds = 30, describe }: { seconds?: number; describe?: () => unknown } = {}): Promise<T> {
  const deadlineMs = systemClock.monotonicMs() + seconds * 1000;
  let failure: unknown;

  for (;;) {
    try {
      const seen = await look();

      failure = undefined;
      if (seen !== undefined && seen !== false) {
        return seen;
      }
    } catch (error) {
      if (error instanceof Ended) {
        throw error;
      }
      failure = error;
    }
    if (systemClock.monotonicMs() > deadlineMs) {
      throw new Error(`${what}: not seen within ${seconds} s; last: ${failure ? String(failure) : JSON.stringify(await describe?.() ?? null)}`, { cause: failure });
    }
    await systemClock.sleep(POLL_MS);
  }
}
