import type { Clock } from '../../server/contract/clock.ts';

interface Sleeper { dueMs: number; wake: () => void }

/** A clock that moves only when the test says so. */
export class FakeClock implements Clock {
  readonly #startMs: number;
  readonly #sleepers = new Set<Sleeper>();
  #elapsedMs = 0;

  /** @param start wall-clock time at the beginning */
  constructor(start = new Date('2026-01-01T00:00:00Z')) {
    this.#startMs = start.getTime();
  }

  now(): Date {
    return new Date(this.#startMs + this.#elapsedMs);
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  /** How many sleeps wait now. */
  get sleeping(): number {
    return this.#sleepers.size;
  }

  /** Milliseconds until the next sleeper is due; undefined when nobody sleeps. */
  get nextDueInMs(): number | undefined {
    return this.#sleepers.size === 0 ? undefined : Math.min(...[...this.#sleepers].map((sleeper) => sleeper.dueMs)) - this.#elapsedMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);

        return;
      }
      const sleeper: Sleeper = { dueMs: this.#elapsedMs + ms, wake: resolve };

      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', () => {
        if (this.#sleepers.delete(sleeper)) {
          reject(signal.reason);
        }
      }, { once: true });
    });
  }

  /** Moves time on, wakes every sleeper on its own instant in order, and lets what they trigger run. */
  async advance(ms: number): Promise<void> {
    const targetMs = this.#elapsedMs + ms;

    await settle();
    for (;;) {
      const due = [...this.#sleepers].filter((sleeper) => sleeper.dueMs <= targetMs).sort((a, b) => a.dueMs - b.dueMs)[0];

      if (!due) {
        break;
      }
      this.#elapsedMs = Math.max(this.#elapsedMs, due.dueMs);
      this.#sleepers.delete(due);
      due.wake();
      await settle();
    }
    this.#elapsedMs = targetMs;
    await settle();
  }
}

/** Lets every promise that is already resolved run its continuations. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}
