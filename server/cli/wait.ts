import { ConnectionError } from '../kube/client.ts';
import type { CliIo } from './context.ts';

const POLL_MS = 1000;
/** An API server that restarts is away for less; then a wait is no longer worth much. */
const UNREACHABLE_MS = 60_000;

/**
 * Reads something once a second until `done` says so, and says what is new about it. A broken connection is waited out for a
 * minute. @throws what `read` throws, and the reason of the signal
 */
export async function waitUntil<T>({ clock, say, signal }: Pick<CliIo, 'clock' | 'say' | 'signal'>, read: () => Promise<T>, done: (value: T) => boolean, words: (value: T) => string): Promise<T> {
  let said = '';
  let reachedAtMs = clock.monotonicMs();

  for (;;) {
    signal.throwIfAborted();
    try {
      const value = await read();
      const line = words(value);

      reachedAtMs = clock.monotonicMs();
      if (done(value)) return value;
      if (line !== said) say(line);
      said = line;
    } catch (error) {
      if (!(error instanceof ConnectionError) || clock.monotonicMs() - reachedAtMs > UNREACHABLE_MS) throw error;
    }
    await clock.sleep(POLL_MS, signal);
  }
}
