import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SEAL_OVERHEAD_BYTES, SealError, generateKeyPair, open, seal } from '../../../server/mover/seal.ts';

const bytes = fc.uint8Array({ maxLength: 4096 }).map((array) => Buffer.from(array));

describe('sealed boxes', () => {
  test('given any plaintext, when it is sealed and opened with the matching key, then it is the same', () => {
    fc.assert(fc.property(bytes, (plaintext) => {
      const pair = generateKeyPair();
      const box = seal(plaintext, pair.publicKey);
      expect(box.length).toBe(plaintext.length + SEAL_OVERHEAD_BYTES);
      expect(open(box, pair.privateKey).equals(plaintext)).toBe(true);
    }), { numRuns: 50 });
  });

  test('given a box, when any one bit of it is flipped, then it does not open', () => {
    const pair = generateKeyPair();
    const box = seal(Buffer.from('a document with Secrets'), pair.publicKey);
    fc.assert(fc.property(fc.nat(box.length * 8 - 1), (bit) => {
      const changed = Buffer.from(box);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      // X25519 ignores the highest bit of a public key; the header is authenticated, so even that one is found.
      expect(() => open(changed, pair.privateKey)).toThrow(SealError);
    }), { numRuns: 300 });
  });

  test('given a box, when it is cut anywhere, then it does not open', () => {
    const pair = generateKeyPair();
    const box = seal(Buffer.from('text'), pair.publicKey);
    for (let length = 0; length < box.length; length++) expect(() => open(box.subarray(0, length), pair.privateKey)).toThrow(SealError);
  });

  test('given the key of somebody else, when it opens a box, then it fails', () => {
    const box = seal(Buffer.from('text'), generateKeyPair().publicKey);
    expect(() => open(box, generateKeyPair().privateKey)).toThrow('another key');
  });

  test('given the same plaintext twice, when it is sealed, then the boxes differ', () => {
    const { publicKey } = generateKeyPair();
    expect(seal(Buffer.from('text'), publicKey).equals(seal(Buffer.from('text'), publicKey))).toBe(false);
  });

  test('given keys of a wrong length or a low-order point, when they are used, then they are refused', () => {
    expect(() => seal(Buffer.alloc(1), Buffer.alloc(31))).toThrow('32 bytes');
    expect(() => open(Buffer.alloc(100), Buffer.alloc(33))).toThrow(SealError);
    expect(() => seal(Buffer.alloc(1), Buffer.alloc(32))).toThrow('not usable');
  });

  test('given a box of another version, when it is opened, then the message says so', () => {
    const pair = generateKeyPair();
    const box = seal(Buffer.from('text'), pair.publicKey);
    box.write('HVBSEAL2', 'latin1');
    expect(() => open(box, pair.privateKey)).toThrow('version 1');
  });
});
