import { EXTENT_BYTES } from '../../contract/mover-protocol.ts';
import { MoverError } from '../errors.ts';
import { extentCount, extentLength } from './extents.ts';

/** The part of a FileHandle that reading needs. */
export interface ReadableFile {
  read(buffer: Buffer, offset: number, length: number, position: number): Promise<{ bytesRead: number }>;
}

/** Reads that are under way at once: enough to keep a network device busy, few enough to keep memory small. */
const IN_FLIGHT = 3;

/**
 * Reads a device or file in whole extents, in order, several ahead.
 * A yielded buffer is valid until the next one is asked for. Rejects with `HVB-STORAGE-READ-FAILED`.
 */
export async function* readExtents(file: ReadableFile, sizeBytes: number, name: string): AsyncGenerator<Buffer> {
  const count = extentCount(sizeBytes);
  // One more than in flight: the one that the consumer still holds.
  const pool = Array.from({ length: Math.min(count, IN_FLIGHT + 1) }, () => Buffer.allocUnsafeSlow(EXTENT_BYTES));
  const pending: Promise<Buffer>[] = [];
  let started = 0;
  const start = (): void => {
    const buffer = pool[started % pool.length];
    if (!buffer || started >= count) return;
    const target = buffer.subarray(0, extentLength(sizeBytes, started));
    const reading = readFully(file, target, started * EXTENT_BYTES, sizeBytes, name);
    // A consumer that stops early must not leave an unhandled rejection behind; who awaits it still gets it.
    reading.catch(() => undefined);
    pending.push(reading);
    started++;
  };
  for (let i = 0; i < IN_FLIGHT; i++) start();
  try {
    for (let next = pending.shift(); next; next = pending.shift()) {
      const data = await next;
      start();
      yield data;
    }
  } finally {
    // The file may be closed only when nothing is read from it any more.
    await Promise.allSettled(pending);
  }
}

async function readFully(file: ReadableFile, target: Buffer, position: number, sizeBytes: number, name: string): Promise<Buffer> {
  for (let done = 0; done < target.length;) {
    let bytesRead: number;
    try {
      ({ bytesRead } = await file.read(target, done, target.length - done, position + done));
    } catch (error) {
      throw new MoverError('HVB-STORAGE-READ-FAILED', `Volume ${name}: reading at byte ${position + done} failed.`, String(error));
    }
    if (bytesRead === 0) throw new MoverError('HVB-STORAGE-READ-FAILED', `Volume ${name} ends at byte ${position + done}, before its size of ${sizeBytes} bytes.`);
    done += bytesRead;
  }
  return target;
}

/**
 * Size in bytes of a file or block device. Devices tell no size by `stat`, so theirs is found by reading single bytes:
 * doubling until a read gives nothing, then halving the distance.
 */
export async function sizeOf(file: ReadableFile & { stat(): Promise<{ isFile(): boolean; size: number }> }): Promise<number> {
  const facts = await file.stat();
  if (facts.isFile()) return facts.size;
  const probe = Buffer.alloc(1);
  const readable = async (position: number): Promise<boolean> => (await file.read(probe, 0, 1, position)).bytesRead === 1;
  if (!(await readable(0))) return 0;
  let last = 0;
  let beyond = 1;
  while (await readable(beyond)) {
    last = beyond;
    beyond *= 2;
  }
  while (beyond - last > 1) {
    const middle = last + Math.floor((beyond - last) / 2);
    if (await readable(middle)) last = middle;
    else beyond = middle;
  }
  return last + 1;
}
