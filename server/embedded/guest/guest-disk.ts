import { open, type FileHandle } from 'node:fs/promises';
import type { DiskGates } from './disk-gate.ts';
import { readHeader } from './disk-header.ts';
import { RECORD_BYTES, encodeRecord, type GuestRecord } from './record.ts';
import { RecordLog } from './record-log.ts';

/** Where a guest finds a disk; `gate` is its name at the {@link DiskGates}. */
export interface DiskPlace { image: string; gate: string }

/** A disk as the guest's operating system sees it: a record log behind a small page cache of sectors. */
export class GuestDisk {
  readonly #file: FileHandle;
  readonly #log: RecordLog;
  readonly #gates: DiskGates;
  readonly #gate: string;
  /** Sectors that the guest has written and the disk has not, oldest first. */
  #dirty: { offset: number; bytes: Buffer }[] = [];

  private constructor(file: FileHandle, log: RecordLog, gates: DiskGates, gate: string) {
    this.#file = file;
    this.#log = log;
    this.#gates = gates;
    this.#gate = gate;
  }

  /** Opens a disk; undefined when the guest finds nothing on it that it knows (a blank disk). */
  static async open(place: DiskPlace, gates: DiskGates): Promise<GuestDisk | undefined> {
    const file = await open(place.image, 'r+');
    const header = await readHeader(file);

    if (!header) {
      await file.close();

      return undefined;
    }

    return new GuestDisk(file, new RecordLog(header.log), gates, place.gate);
  }

  /** How many records the disk's log keeps. */
  get slots(): number {
    return this.#log.slots;
  }

  /** Sectors in the page cache. */
  get dirtySectors(): number {
    return this.#dirty.length;
  }

  /** Sequence of the newest whole record on the disk; 0 without one. */
  async lastSeq(): Promise<number> {
    return (await this.#log.read(this.#file)).reduce((last, slot) => (slot.state === 'whole' ? Math.max(last, slot.record.seq) : last), 0);
  }

  /** Crash recovery: drops broken slots and every record after `seq`, as a journal's replay would. */
  async rollBackTo(seq: number): Promise<void> {
    const slots = await this.#log.read(this.#file);
    const release = await this.#gates.hold(this.#gate);

    try {
      for (const [index, slot] of slots.entries()) {
        if (slot.state === 'broken' || (slot.state === 'whole' && slot.record.seq > seq)) {
          await this.#file.write(Buffer.alloc(RECORD_BYTES), 0, RECORD_BYTES, this.#log.offsetOf(index));
        }
      }
    } finally {
      release();
    }
  }

  /** Puts a record into the page cache. */
  append(record: GuestRecord): void {
    this.#dirty.push(...this.#log.sectorsOf(record.seq, encodeRecord(record)));
  }

  /** Write-back of all but the newest `keep` sectors; leaves everything in the cache while the disk is busy with a copy. */
  async writeBack(keep: number): Promise<void> {
    if (!this.#gates.isHeld(this.#gate)) {
      await this.#flush(keep);
    }
  }

  /** Writes the whole page cache, waiting for the disk. */
  async flush(): Promise<void> {
    await this.#flush(0);
  }

  /** Closes the file; what is in the page cache is lost, as in a power cut. */
  async close(): Promise<void> {
    this.#dirty = [];
    await this.#file.close();
  }

  async #flush(keep: number): Promise<void> {
    const release = await this.#gates.hold(this.#gate);

    try {
      while (this.#dirty.length > keep) {
        const [sector] = this.#dirty as [{ offset: number; bytes: Buffer }];

        await this.#file.write(sector.bytes, 0, sector.bytes.length, sector.offset);
        this.#dirty.shift();
      }
    } finally {
      release();
    }
  }
}
