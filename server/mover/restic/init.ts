import { mkdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { MoverError, errnoOf } from '../errors.ts';
import { parseConfig } from './messages.ts';
import { placeOf } from './place.ts';
import type { ResticRunner } from './runner.ts';

/**
 * Creates a repository so that two that do it at once, or one that is killed, can't spoil it.
 *
 * restic's own init writes a key, then the config, over whatever another one wrote in between: the result is two keys,
 * one config, and a repository that opens only by luck. So it is made in a folder beside, and moved into place by one
 * rename, which fails when there is something already.
 *
 * @param unique part of the temporary folder's name
 */
export async function initRepository(runner: ResticRunner, unique: string): Promise<{ repositoryID: string; created: boolean }> {
  const { folder } = runner;
  if (await placeOf(folder) === 'repository') return { repositoryID: await openRepository(runner), created: false };
  await requireParent(folder);
  const draft = path.join(path.dirname(folder), `.hvb-init-${unique}`);
  try {
    await mkdir(draft, { mode: 0o700 });
    await runner.capture(['init'], { folder: draft });
    await rename(draft, folder);
  } catch (error) {
    if (error instanceof MoverError) throw error;
    const code = errnoOf(error) ?? '';
    if (['ENOTEMPTY', 'EEXIST'].includes(code)) {
      if (await placeOf(folder) === 'repository') return { repositoryID: await openRepository(runner), created: false };
      throw new MoverError('HVB-REPO-NOT-INITIALISED', `The folder ${folder} holds other files and no repository. Choose an empty or new folder.`);
    }
    throw initError(folder, code, error);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return { repositoryID: await openRepository(runner), created: true };
}

/** Opens the repository with its key and gives its id. Takes no lock, so a probe leaves no trace. */
export async function openRepository(runner: ResticRunner): Promise<string> {
  return parseConfig(await runner.capture(['cat', 'config'], { noLock: true })).id;
}

/** The folder's parent must be there: a mount that is missing must not be replaced by a folder of ours. */
async function requireParent(folder: string): Promise<void> {
  try {
    if ((await stat(path.dirname(folder))).isDirectory()) return;
  } catch (error) {
    if (!['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) throw initError(folder, errnoOf(error) ?? '', error);
  }
  throw new MoverError('HVB-REPO-TARGET-MISSING', `The folder ${path.dirname(folder)}, in which the repository is to be made, is not there.`);
}

function initError(folder: string, code: string, error: unknown): MoverError {
  const where = `The repository cannot be created in ${folder}`;
  if (['EROFS', 'EACCES', 'EPERM'].includes(code)) return new MoverError('HVB-REPO-READ-ONLY', `${where}: the place cannot be written.`, String(error));
  if (['ENOSPC', 'EDQUOT'].includes(code)) return new MoverError('HVB-REPO-FULL', `${where}: its storage is full.`, String(error));
  if (code === 'ENOENT') return new MoverError('HVB-REPO-TARGET-MISSING', `${where}: its parent folder has vanished.`, String(error));
  return new MoverError('HVB-REPO-READ-ONLY', `${where}: the storage refused it (${code || 'unknown'}).`, String(error));
}
