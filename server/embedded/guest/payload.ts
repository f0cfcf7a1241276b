import { createCipheriv, createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

const CHUNK_BYTES = 1024 * 1024;
const ZEROS = Buffer.alloc(CHUNK_BYTES);

/** Bytes that look random (do not compress, do not repeat) and are the same for the same seed, in chunks of at most 1 MiB. */
export function* pseudoRandom(seed: string, length: number): Iterable<Buffer> {
  const key = createHash('sha256').update(seed).digest();
  const cipher = createCipheriv('aes-128-ctr', key.subarray(0, 16), key.subarray(16));

  for (let rest = length; rest > 0; rest -= CHUNK_BYTES) {
    yield cipher.update(ZEROS.subarray(0, Math.min(rest, CHUNK_BYTES)));
  }
}

/** Writes {@link pseudoRandom} bytes into a file, from `offset`; creates the file when it is not there. */
export async function writePayload(path: string, seed: string, length: number, offset = 0): Promise<void> {
  const file = await open(path, offset === 0 ? 'w' : 'r+');

  try {
    let at = offset;

    for (const chunk of pseudoRandom(seed, length)) {
      await file.write(chunk, 0, chunk.length, at);
      at += chunk.length;
    }
  } finally {
    await file.close();
  }
}
