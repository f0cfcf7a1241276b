import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EXTENT_BYTES } from '../../../server/contract/mover-protocol.ts';
import { encodeDigests, parseDigests, rootDigest } from '../../../server/mover/extents/digests.ts';
import type { ExtentDigest } from '../../../server/mover/extents/digests.ts';

const digest: fc.Arbitrary<ExtentDigest> = fc.oneof(fc.constant('zero' as const), fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes)));
const facts = (sizeBytes: number) => ({ sizeBytes, snapshotID: 'abc', bytesRead: sizeBytes, bytesZero: 0, bytesUploaded: 5 });
const volume = fc.array(digest, { minLength: 1, maxLength: 40 }).chain((extents) => fc.tuple(fc.constant(extents), fc.integer({ min: 1, max: EXTENT_BYTES })).map(([list, last]) => ({ extents: list, sizeBytes: (list.length - 1) * EXTENT_BYTES + last })));

describe('digests files', () => {
  test('given any digests, when they are written and read, then they are the same', () => {
    fc.assert(fc.property(volume, ({ extents, sizeBytes }) => {
      const read = parseDigests(encodeDigests(facts(sizeBytes), extents), 'x');
      expect(read.extents).toEqual(extents);
      expect(read.header).toMatchObject({ ...facts(sizeBytes), rootDigest: rootDigest(sizeBytes, extents) });
    }));
  });

  test('given a file, when any one byte of its digests is changed or it is cut anywhere, then it is refused', () => {
    const encoded = encodeDigests(facts(2 * EXTENT_BYTES + 1), [Buffer.alloc(32, 7), 'zero', Buffer.alloc(32, 9)]);
    const firstLine = encoded.indexOf('\n') + 1;
    fc.assert(fc.property(fc.integer({ min: firstLine, max: encoded.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const changed = Buffer.from(encoded);
      changed[at] = (changed[at] ?? 0) ^ flip;
      expect(() => parseDigests(changed, 'x')).toThrow('cannot be trusted');
    }));
    for (let length = 0; length < encoded.length; length++) expect(() => parseDigests(encoded.subarray(0, length), 'x')).toThrow('cannot be trusted');
  });

  test('given zero extents, when the root digest is made, then it is that of their bytes, the short last one too', () => {
    const zeroHash = (length: number): Buffer => createHash('sha256').update(Buffer.alloc(length)).digest();
    const expected = createHash('sha256').update(Buffer.concat([zeroHash(EXTENT_BYTES), zeroHash(3)])).digest('hex');
    expect(rootDigest(EXTENT_BYTES + 3, ['zero', 'zero'])).toBe(`sha256:${expected}`);
  });
});
