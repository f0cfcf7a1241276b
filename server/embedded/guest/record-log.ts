import type { FileHandle } from 'node:fs/promises';
import { SECTOR_BYTES, type Extent } from './disk-header.ts';
import { RECORD_BYTES, decodeSlot, type Slot } from './record.ts';

/** The ring of record slots that `records.log` is, addressed in the image that it lies in. */
export class RecordLog {
  readonly #extents: readonly Extent[];
  /** How many records fit; record n lies in slot n modulo this. */
  readonly slots: number;

  /** @param extents where the file lies, each a multiple of {@link RECORD_BYTES} long */
  constructor(extents: readonly Extent[]) {
    this.#extents = extents;
    this.slots = extents.reduce((sum, extent) => sum + extent.length, 0) / RECORD_BYTES;
  }

  /** Offset in the image of the slot of a record. */
  offsetOf(seq: number): number {
    let rest = (seq % this.slots) * RECORD_BYTES;

    for (const extent of this.#extents) {
      if (rest < extent.length) {
        return extent.offset + rest;
      }
      rest -= extent.length;
    }
    throw new Error(`the record log has no slot for record ${seq}: it is empty`);
  }

  /** A record's bytes as the sectors that a disk writes one by one. */
  sectorsOf(seq: number, record: Buffer): { offset: number; bytes: Buffer }[] {
    const start = this.offsetOf(seq);

    return Array.from({ length: RECORD_BYTES / SECTOR_BYTES }, (_, index) => ({
      offset: start + index * SECTOR_BYTES,
      bytes: record.subarray(index * SECTOR_BYTES, (index + 1) * SECTOR_BYTES),
    }));
  }

  /** Every slot as the image holds it. Throws when the image is shorter than its header says. */
  async read(file: FileHandle): Promise<Slot[]> {
    const slots: Slot[] = [];

    for (const { offset, length } of this.#extents) {
      const bytes = Buffer.alloc(length);
      const { bytesRead } = await file.read(bytes, 0, length, offset);

      if (bytesRead < length) {
        throw new Error(`the image ends at byte ${offset + bytesRead}, inside its record log: it was cut short`);
      }
      for (let at = 0; at < length; at += RECORD_BYTES) {
        slots.push(decodeSlot(bytes.subarray(at, at + RECORD_BYTES)));
      }
    }

    return slots;
  }
}
