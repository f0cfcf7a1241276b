import { createHash } from 'node:crypto';

/** Bytes of one record: two sectors, so that a record can be half on the disk. */
export const RECORD_BYTES = 1024;

const MAGIC = Buffer.from('HVBREC01');
const DIGEST_BYTES = 32;
const BODY_BYTES = RECORD_BYTES - DIGEST_BYTES;
const ZEROS = Buffer.alloc(RECORD_BYTES);

/** One record of the guest's log. */
export interface GuestRecord { seq: number; time: Date }

/** What a slot of the log holds: nothing yet, a whole record, or parts of records. */
export type Slot = { state: 'empty' } | { state: 'broken' } | { state: 'whole'; record: GuestRecord };

/** A record as bytes, ending in the SHA-256 of everything before it. */
export function encodeRecord({ seq, time }: GuestRecord): Buffer {
  const bytes = Buffer.alloc(RECORD_BYTES);

  MAGIC.copy(bytes);
  bytes.writeBigUInt64LE(BigInt(seq), 8);
  bytes.writeBigUInt64LE(BigInt(time.getTime()), 16);
  // Content that differs from record to record in both sectors: equal halves could hide a torn record.
  bytes.fill(createHash('sha256').update(`filler ${seq}`).digest(), 24, BODY_BYTES);
  createHash('sha256').update(bytes.subarray(0, BODY_BYTES)).digest().copy(bytes, BODY_BYTES);

  return bytes;
}

/** Reads a slot of {@link RECORD_BYTES}. */
export function decodeSlot(bytes: Buffer): Slot {
  if (bytes.equals(ZEROS)) {
    return { state: 'empty' };
  }
  const whole = bytes.subarray(0, MAGIC.length).equals(MAGIC)
    && createHash('sha256').update(bytes.subarray(0, BODY_BYTES)).digest().equals(bytes.subarray(BODY_BYTES));

  return whole
    ? { state: 'whole', record: { seq: Number(bytes.readBigUInt64LE(8)), time: new Date(Number(bytes.readBigUInt64LE(16))) } }
    : { state: 'broken' };
}
