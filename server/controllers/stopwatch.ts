import type { Clock } from '../contract/clock.ts';

/** Measures the time between two looks at the same thing, for rates. In memory only: after a restart the first look gives 0. */
export class Stopwatch {
  readonly #clock: Clock;
  readonly #last = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Milliseconds since the last call with this id; 0 at the first. */
  lap(id: string): number {
    const now = this.#clock.monotonicMs();
    const before = this.#last.get(id) ?? now;

    this.#last.set(id, now);
    return now - before;
  }

  /** Forgets an id that has come to its end. */
  forget(id: string): void {
    this.#last.delete(id);
  }
}
