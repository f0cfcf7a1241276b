import type { Clock } from '../contract/clock.ts';
import type { MoverLine } from '../contract/mover-protocol.ts';

/** Shortest time between two progress lines (ms): often enough to watch, rare enough for a log. */
export const PROGRESS_INTERVAL_MS = 1000;

/** Says how far a transfer is, not more often than once per {@link PROGRESS_INTERVAL_MS}, never going back. */
export class Progress {
  readonly #clock: Clock;
  readonly #emit: (line: MoverLine) => void;
  readonly #bytesTotal: number;
  #done = 0;
  #said = -1;
  #saidAtMs = 0;

  /** @param bytesTotal logical bytes that make 100 % */
  constructor(clock: Clock, emit: (line: MoverLine) => void, bytesTotal: number) {
    this.#clock = clock;
    this.#emit = emit;
    this.#bytesTotal = bytesTotal;
    this.#say();
  }

  /** The first `bytes` are done. A smaller value than before, as after a second try, is not shown. */
  reach(bytes: number): void {
    this.#done = Math.max(this.#done, Math.min(bytes, this.#bytesTotal));
    if (this.#clock.monotonicMs() - this.#saidAtMs >= PROGRESS_INTERVAL_MS) this.#say();
  }

  /** Says the last value, when it was not said yet. `bytesUploaded`: new bytes in the repository, once known. */
  finish(bytesUploaded?: number): void {
    if (this.#said !== this.#done || bytesUploaded !== undefined) this.#say(bytesUploaded);
  }

  #say(bytesUploaded?: number): void {
    this.#said = this.#done;
    this.#saidAtMs = this.#clock.monotonicMs();
    this.#emit({ type: 'progress', bytesDone: this.#done, bytesTotal: this.#bytesTotal, ...(bytesUploaded === undefined ? {} : { bytesUploaded }) });
  }
}
