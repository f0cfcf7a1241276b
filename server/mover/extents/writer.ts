import { isZero, zeros } from './extents.ts';
import type { ReadableFile } from './reader.ts';

/** The part of a FileHandle that writing needs. */
export interface WritableFile extends ReadableFile {
  write(buffer: Buffer, offset: number, length: number, position: number): Promise<{ bytesWritten: number }>;
}

/** How zero extents are treated. */
export type ZeroPolicy =
  /** The target holds holes only: nothing to do. */
  | 'skip'
  /** The target is said to be blank; looked at, because an interrupted run may have written there. */
  | 'check'
  /** The target may hold anything. */
  | 'write';

/** Writes that are under way at once; each holds one extent in memory. */
const IN_FLIGHT = 4;

/** Writes extents at their offsets, several at once. */
export class ExtentWriter {
  readonly #file: WritableFile;
  readonly #zeroPolicy: ZeroPolicy;
  readonly #pending = new Set<Promise<void>>();
  #failure: Error | undefined;
  #bytesWritten = 0;
  #bytesSkipped = 0;

  constructor(file: WritableFile, zeroPolicy: ZeroPolicy) {
    this.#file = file;
    this.#zeroPolicy = zeroPolicy;
  }

  get bytesWritten(): number {
    return this.#bytesWritten;
  }

  /** Bytes of zero extents that needed no write. */
  get bytesSkipped(): number {
    return this.#bytesSkipped;
  }

  /** Starts writing `data` at byte `position`; waits while too many writes are under way. Rejects with the first error. */
  async write(data: Buffer, position: number): Promise<void> {
    while (this.#pending.size >= IN_FLIGHT) await Promise.race(this.#pending);
    this.#throwFailure();
    const work = this.#put(data, position).catch((error: unknown) => {
      this.#failure ??= error instanceof Error ? error : new Error(String(error));
    }).finally(() => this.#pending.delete(work));
    this.#pending.add(work);
  }

  /** Waits for every write that was started. Rejects with the first error. */
  async settle(): Promise<void> {
    await Promise.all(this.#pending);
    this.#throwFailure();
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #put(data: Buffer, position: number): Promise<void> {
    if (this.#zeroPolicy !== 'write' && isZero(data) && (this.#zeroPolicy === 'skip' || await this.#readsZero(data.length, position))) {
      this.#bytesSkipped += data.length;
      return;
    }
    for (let done = 0; done < data.length;) done += (await this.#file.write(data, done, data.length - done, position + done)).bytesWritten;
    this.#bytesWritten += data.length;
  }

  async #readsZero(length: number, position: number): Promise<boolean> {
    const found = Buffer.allocUnsafeSlow(length);
    for (let done = 0; done < length;) {
      const { bytesRead } = await this.#file.read(found, done, length - done, position + done);
      if (bytesRead === 0) return false;
      done += bytesRead;
    }
    return found.equals(zeros(length));
  }
}
