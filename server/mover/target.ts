import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { VOLUME_DIR } from '../contract/mover-paths.ts';
import type { RequestOf } from '../contract/mover-protocol.ts';
import { MoverError, errnoOf } from './errors.ts';
import { sizeOf } from './extents/reader.ts';

/** A volume that a restore writes to. */
export interface Target {
  readonly file: FileHandle;
  /** Usable bytes. */
  readonly sizeBytes: number;
  /** Known to hold nothing but holes, because it was made or emptied just now. */
  readonly fresh: boolean;
}

type TargetRequest = Extract<RequestOf<'restore'>['what'], { type: 'volume' }>;

/**
 * Opens the target of a restore and checks its size before anything is written. A Filesystem volume's image is emptied,
 * so whatever an interrupted run left in it is gone; a device is taken as it is.
 */
export async function openTarget({ volume, sourceBytes }: TargetRequest, file: string): Promise<Target> {
  const tooSmall = (bytes: number): MoverError => new MoverError('HVB-STORAGE-TOO-SMALL', `Target volume ${volume.name} has ${bytes} bytes; the backup needs ${sourceBytes}.`);
  if (volume.sizeBytes < sourceBytes) throw tooSmall(volume.sizeBytes);
  const isImage = volume.path.startsWith(`${VOLUME_DIR}/`);
  let handle: FileHandle | undefined;
  try {
    // Only an image may be created: where a device is missing, a file of its name would swallow the data.
    handle = await open(file, constants.O_RDWR | (isImage ? constants.O_CREAT | constants.O_TRUNC : 0), 0o660);
    if (isImage) {
      await handle.truncate(volume.sizeBytes);
      return { file: handle, sizeBytes: volume.sizeBytes, fresh: true };
    }
    const sizeBytes = await sizeOf(handle);
    if (sizeBytes < sourceBytes) throw tooSmall(sizeBytes);
    return { file: handle, sizeBytes, fresh: false };
  } catch (error) {
    await handle?.close();
    throw error instanceof MoverError ? error : writeError(volume.name, error);
  }
}

/** The failure of a system call on a target volume. */
export function writeError(volume: string, error: unknown): MoverError {
  const code = errnoOf(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') return new MoverError('HVB-STORAGE-FULL', `Target volume ${volume}: the storage is full.`, String(error));
  return new MoverError('HVB-STORAGE-WRITE-FAILED', `Target volume ${volume} could not be written (${code ?? 'unknown error'}).`, String(error));
}
