import { MoverError } from '../errors.ts';
import type { Digests, ExtentDigest } from './digests.ts';
import { rootDigest } from './digests.ts';
import { EXTENT_BYTES } from '../../contract/mover-protocol.ts';
import { extentCount, extentLength, isZero, sha256 } from './extents.ts';
import { rechunk } from './rechunk.ts';

/** Digest of an extent, zeros recognised without hashing. */
export function digestOf(data: Buffer): ExtentDigest {
  return isZero(data) ? 'zero' : sha256(data);
}

/**
 * Passes on the extents of a stream only after each was found equal to its digest, and ends only after all were seen.
 * Rejects with `HVB-DATA-MISMATCH` at the first difference, so that a wrong extent is never passed on.
 * @returns the root digest of what was passed on
 */
export async function* verified(content: AsyncIterable<Buffer>, digests: Digests, name: string): AsyncGenerator<{ data: Buffer; position: number }, string> {
  const { sizeBytes } = digests.header;
  const seen: ExtentDigest[] = [];
  for await (const data of rechunk(content)) {
    const index = seen.length;
    const position = index * EXTENT_BYTES;
    const expected = digests.extents[index];
    const actual = digestOf(data);
    if (expected === undefined || data.length !== extentLength(sizeBytes, index) || !sameDigest(actual, expected)) {
      throw new MoverError('HVB-DATA-MISMATCH', `Volume ${name}: the data at byte ${position} differs from what was backed up.`, `extent ${index}, ${data.length} bytes, ${text(actual)} instead of ${expected ? text(expected) : 'the end'}`);
    }
    seen.push(actual);
    yield { data, position };
  }
  if (seen.length !== extentCount(sizeBytes)) throw new MoverError('HVB-DATA-MISMATCH', `Volume ${name}: the data ends after extent ${seen.length} of ${extentCount(sizeBytes)}.`);
  const root = rootDigest(sizeBytes, seen);
  if (root !== digests.header.rootDigest) throw new MoverError('HVB-DATA-MISMATCH', `Volume ${name}: the root digest is ${root} instead of ${digests.header.rootDigest}.`);
  return root;
}

function sameDigest(a: ExtentDigest, b: ExtentDigest): boolean {
  return a === 'zero' || b === 'zero' ? a === b : a.equals(b);
}

function text(digest: ExtentDigest): string {
  return digest === 'zero' ? 'zero' : digest.toString('hex');
}
