import { createHash } from 'node:crypto';
import { EXTENT_BYTES } from '../../contract/mover-protocol.ts';

const ZEROS = Buffer.alloc(EXTENT_BYTES);
const ZERO_DIGEST = sha256(ZEROS);

/** Number of extents of a volume; the last one may be shorter. */
export function extentCount(sizeBytes: number): number {
  return Math.ceil(sizeBytes / EXTENT_BYTES);
}

/** Length in bytes of extent `index` of a volume of `sizeBytes`. */
export function extentLength(sizeBytes: number, index: number): number {
  return Math.min(EXTENT_BYTES, sizeBytes - index * EXTENT_BYTES);
}

/** True when all bytes are zero; `data` is at most one extent long. */
export function isZero(data: Buffer): boolean {
  return ZEROS.subarray(0, data.length).equals(data);
}

/** `length` zero bytes (at most an extent), shared: never write into it. */
export function zeros(length: number): Buffer {
  return ZEROS.subarray(0, length);
}

/** SHA-256 of an extent of zeros of `length` bytes; the full length costs nothing. */
export function zeroDigest(length: number): Buffer {
  return length === EXTENT_BYTES ? ZERO_DIGEST : sha256(zeros(length));
}

export function sha256(data: Buffer): Buffer {
  return createHash('sha256').update(data).digest();
}
