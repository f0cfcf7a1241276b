import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EXTENT_BYTES } from '../../../server/contract/mover-protocol.ts';
import { encodeDigests, parseDigests } from '../../../server/mover/extents/digests.ts';
import { isZero } from '../../../server/mover/extents/extents.ts';
import { readExtents, sizeOf } from '../../../server/mover/extents/reader.ts';
import { rechunk } from '../../../server/mover/extents/rechunk.ts';
import { digestOf, verified } from '../../../server/mover/extents/verify.ts';
import { ExtentWriter } from '../../../server/mover/extents/writer.ts';
import type { ZeroPolicy } from '../../../server/mover/extents/writer.ts';
import { MemoryFile } from './memory-file.ts';

async function collect(source: AsyncIterable<Buffer>): Promise<Buffer[]> {
  const all: Buffer[] = [];
  for await (const data of source) all.push(Buffer.from(data));
  return all;
}

async function* chunks(data: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  for (let at = 0, turn = 0; at < data.length; turn++) {
    const size = sizes[turn % sizes.length] ?? data.length;
    yield data.subarray(at, at + size);
    at += size;
  }
}

describe('reading extents', () => {
  test('given reads that come short and in any order, when extents are read, then they are whole, in order, and several were under way', async () => {
    const disk = randomBytes(5 * EXTENT_BYTES + 17);
    const file = new MemoryFile(disk, { shortReads: true, shuffle: true });
    const extents = await collect(readExtents(file, disk.length, 'disk-0'));
    expect(extents.map(({ length }) => length)).toEqual([...Array.from({ length: 5 }, () => EXTENT_BYTES), 17]);
    expect(Buffer.concat(extents).equals(disk)).toBe(true);
    expect(file.mostAtOnce).toBeGreaterThanOrEqual(2);
  });

  test('given a failing read, when extents are read, then those before it come and the failure names volume and place', async () => {
    const file = new MemoryFile(randomBytes(3 * EXTENT_BYTES), { failAt: 2 * EXTENT_BYTES });
    const seen: number[] = [];
    await expect((async () => {
      for await (const { length } of readExtents(file, 3 * EXTENT_BYTES, 'disk-0')) seen.push(length);
    })()).rejects.toMatchObject({ code: 'HVB-STORAGE-READ-FAILED', message: `Volume disk-0: reading at byte ${2 * EXTENT_BYTES} failed.` });
    expect(seen).toHaveLength(2);
  });

  test('given a source that ends early, when extents are read, then that is a failure and not an end', async () => {
    await expect(collect(readExtents(new MemoryFile(Buffer.alloc(100)), 101, 'disk-0'))).rejects.toMatchObject({ code: 'HVB-STORAGE-READ-FAILED' });
  });

  test('given a consumer that stops, when it has stopped, then no read is under way any more', async () => {
    const file = new MemoryFile(randomBytes(8 * EXTENT_BYTES));
    for await (const data of readExtents(file, 8 * EXTENT_BYTES, 'disk-0')) {
      expect(data.length).toBe(EXTENT_BYTES);
      break;
    }
    expect(file.underWay).toBe(0);
  });

  test('given a device of any size that tells none, when its size is looked for, then it is found', async () => {
    await fc.assert(fc.asyncProperty(fc.integer({ min: 0, max: 2 ** 45 }), async (size) => {
      let reads = 0;
      const device = { stat: async () => ({ isFile: () => false, size: 0 }), read: async (_buffer: Buffer, _offset: number, _length: number, position: number) => ({ bytesRead: (reads++, position < size ? 1 : 0) }) };
      expect(await sizeOf(device)).toBe(size);
      expect(reads).toBeLessThan(100);
    }));
  });
});

describe('cutting and comparing', () => {
  test('given chunks of any sizes, when they are cut into extents, then the bytes are the same', async () => {
    const data = randomBytes(2 * EXTENT_BYTES + 99);
    await fc.assert(fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 3 * EXTENT_BYTES }), { minLength: 1, maxLength: 5 }).filter((sizes) => Math.max(...sizes) > 5000), async (sizes) => {
      const extents = await collect(rechunk(chunks(data, sizes)));
      expect(extents.map(({ length }) => length)).toEqual([EXTENT_BYTES, EXTENT_BYTES, 99]);
      expect(Buffer.concat(extents).equals(data)).toBe(true);
    }), { numRuns: 10 });
  });

  test('given one set bit anywhere, when an extent is checked for zeros, then it is not zero', () => {
    const data = Buffer.alloc(EXTENT_BYTES);
    expect(isZero(data)).toBe(true);
    fc.assert(fc.property(fc.nat(EXTENT_BYTES - 1), fc.nat(7), (at, bit) => {
      data[at] = 1 << bit;
      expect(isZero(data)).toBe(false);
      data[at] = 0;
    }));
  });

  const disk = randomBytes(3 * EXTENT_BYTES + 5);
  const digestsOf = (data: Buffer) => {
    const extents = Array.from({ length: Math.ceil(data.length / EXTENT_BYTES) }, (_, index) => digestOf(data.subarray(index * EXTENT_BYTES, (index + 1) * EXTENT_BYTES)));
    return parseDigests(encodeDigests({ sizeBytes: data.length, snapshotID: 's', bytesRead: data.length, bytesZero: 0, bytesUploaded: 0 }, extents), 'x');
  };

  test.each([
    ['one bit differs', (data: Buffer) => { data[2 * EXTENT_BYTES] = (data[2 * EXTENT_BYTES] ?? 0) ^ 1; return data; }, 2],
    ['it ends one byte early', (data: Buffer) => data.subarray(0, -1), 3],
    ['it ends one extent early', (data: Buffer) => data.subarray(0, 3 * EXTENT_BYTES), 3],
    ['it goes on after its end', (data: Buffer) => Buffer.concat([data, Buffer.alloc(1)]), 3],
    ['an extent became zeros', (data: Buffer) => data.fill(0, 0, EXTENT_BYTES), 0],
  ])('given a stream, when %s, then it is a mismatch and only equal extents were passed on', async (_name, change, passed) => {
    const seen: Buffer[] = [];
    await expect((async () => {
      for await (const { data, position } of verified(chunks(change(Buffer.from(disk)), [70_000]), digestsOf(disk), 'disk-0')) {
        expect(data.equals(disk.subarray(position, position + data.length))).toBe(true);
        seen.push(data);
      }
    })()).rejects.toMatchObject({ code: 'HVB-DATA-MISMATCH' });
    expect(seen).toHaveLength(passed);
  });
});

describe('writing extents', () => {
  const zero = Buffer.alloc(EXTENT_BYTES);
  const full = randomBytes(EXTENT_BYTES);

  test.each<[ZeroPolicy, string, number, number]>([
    ['skip', 'blank', 1, 1],
    ['check', 'blank', 1, 1],
    ['check', 'used', 2, 0],
    ['write', 'blank', 2, 0],
  ])('given policy %s and a %s target, when a full and a zero extent are written, then %i are written, %i skipped, and the bytes are right', async (policy, kind, written, skipped) => {
    const file = new MemoryFile(kind === 'blank' ? Buffer.alloc(2 * EXTENT_BYTES) : randomBytes(2 * EXTENT_BYTES), { shortReads: true });
    const writer = new ExtentWriter(file, policy);
    await writer.write(full, 0);
    await writer.write(zero, EXTENT_BYTES);
    await writer.settle();
    expect([writer.bytesWritten, writer.bytesSkipped]).toEqual([written * EXTENT_BYTES, skipped * EXTENT_BYTES]);
    expect(file.content.equals(Buffer.concat([full, zero]))).toBe(true);
  });

  test('given a write that fails, when writing goes on, then the failure comes out at the latest when it is settled', async () => {
    const file = new MemoryFile(Buffer.alloc(8 * EXTENT_BYTES), { failAt: EXTENT_BYTES });
    const writer = new ExtentWriter(file, 'skip');
    await expect((async () => {
      for (let index = 0; index < 8; index++) await writer.write(full, index * EXTENT_BYTES);
      await writer.settle();
    })()).rejects.toThrow('EIO');
    expect(file.mostAtOnce).toBeGreaterThanOrEqual(2);
  });
});
