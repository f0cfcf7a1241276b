import { randomBytes } from 'node:crypto';
import { EXTENT_BYTES } from '../../../server/contract/mover-protocol.ts';

/** Random bytes with an extent of zeros in the middle and zeros at the end, `sizeBytes` in all. */
export function sparseDisk(sizeBytes: number): Buffer {
  const disk = randomBytes(sizeBytes);
  disk.fill(0, Math.min(EXTENT_BYTES, sizeBytes), Math.min(2 * EXTENT_BYTES, sizeBytes));
  disk.fill(0, Math.floor(sizeBytes * 0.75));
  return disk;
}

/** Bytes that no repository can make smaller. */
export function denseDisk(sizeBytes: number): Buffer {
  return randomBytes(sizeBytes);
}

export const MIB = 1024 * 1024;
