import type { MoverResult } from '../../contract/mover-protocol.ts';
import type { RepositoryContext } from '../context.ts';
import { readAll } from '../engine.ts';
import { MoverError } from '../errors.ts';
import { SealError, seal } from '../seal.ts';
import { DOCUMENT } from './names.ts';

/** Bytes of ciphertext per line: 8 KiB of base64, well below what container runtimes split (16 KiB). */
const CHUNK_BYTES = 6 * 1024;

/** Gives the backup document back as `sealed` lines that only the holder of the private key can read. */
export async function restoreDocument({ engine, emit }: RepositoryContext, documentID: string, recipientPublicKey: string): Promise<MoverResult> {
  const box = sealTo(await readAll(engine, documentID, DOCUMENT), Buffer.from(recipientPublicKey, 'base64'));
  const count = Math.ceil(box.length / CHUNK_BYTES);
  for (let index = 0; index < count; index++) {
    emit({ type: 'sealed', index, count, data: box.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES).toString('base64') });
  }
  return { type: 'restore-document', lines: count };
}

function sealTo(document: Buffer, publicKey: Buffer): Buffer {
  try {
    return seal(document, publicKey);
  } catch (error) {
    if (error instanceof SealError) throw new MoverError('HVB-REQUEST-INVALID', `recipientPublicKey: ${error.message}`);
    throw error;
  }
}
