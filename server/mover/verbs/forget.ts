import type { Engine } from '../engine.ts';
import { MoverError } from '../errors.ts';

/**
 * Forgets snapshots that nobody needs, unless somebody else holds the repository: restic forgets only with the whole
 * repository locked, and a backup that runs for hours is no reason to fail. What stays is harmless, and goes with the
 * next operation on the same backup, at the latest with its removal.
 */
export async function forgetIfFree(engine: Engine, ids: readonly string[]): Promise<void> {
  try {
    await engine.forget(ids, 'try');
  } catch (error) {
    if (!(error instanceof MoverError) || error.code !== 'HVB-REPO-LOCKED') throw error;
  }
}
