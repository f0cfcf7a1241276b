import type { Clock } from '../contract/clock.ts';

/** A write that was not sent, as another process may lead by now. */
export class NotLeadingError extends Error {
  override readonly name = 'NotLeadingError';
}

/** May this process still change the cluster? Asked right before every write of a leader. */
export interface WritePermit {
  /** @throws NotLeadingError when it may not any more */
  check(): void;
  /** Aborted when the permit ends: writes that are under way are cut off then. */
  readonly closed: AbortSignal;
}

/**
 * A permit that ends by the monotonic clock unless it is extended, and then for good. The clock is read at every check, so a
 * process that was stopped and goes on later (a paused container, a starved node) is refused although no timer of its has
 * run yet. Linux does not count the time of a suspended machine there: a leader on one that sleeps is outside of this.
 */
export class LeasePermit implements WritePermit {
  readonly #clock: Clock;
  readonly #end = new AbortController();
  #untilMs: number;

  /** @param untilMs on the clock's monotonic scale */
  constructor(clock: Clock, untilMs: number) {
    this.#clock = clock;
    this.#untilMs = untilMs;
    void this.#closeInTime();
  }

  get closed(): AbortSignal {
    return this.#end.signal;
  }

  check(): void {
    if (this.#clock.monotonicMs() >= this.#untilMs) this.close();
    if (this.closed.aborted) throw new NotLeadingError('not written: the leader lease was not renewed in time, so another server may lead by now');
  }

  /** @see constructor */
  extend(untilMs: number): void {
    this.#untilMs = untilMs;
  }

  /** Ends it now. */
  close(): void {
    this.#end.abort(new NotLeadingError('cut off: this server does not lead any more'));
  }

  async #closeInTime(): Promise<void> {
    while (!this.closed.aborted) {
      const leftMs = this.#untilMs - this.#clock.monotonicMs();

      if (leftMs <= 0) this.close();
      else await this.#clock.sleep(leftMs, this.closed).catch(() => undefined);
    }
  }
}
