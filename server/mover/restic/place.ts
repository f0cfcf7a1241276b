import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../../contract/clock.ts';
import { errnoOf } from '../errors.ts';
import type { Place } from './classify.ts';

/** Longest time that measuring a repository may take (ms); on a slow network share it is left unknown. */
const SIZE_BUDGET_MS = 5000;

/** Looks what is at the repository's folder. A folder that can't be looked into counts as a repository: restic says more. */
export async function placeOf(folder: string): Promise<Place> {
  if (await isAbsent(folder)) return 'missing';
  return (await isAbsent(path.join(folder, 'config'))) ? 'not-initialised' : 'repository';
}

async function isAbsent(file: string): Promise<boolean> {
  try {
    await stat(file);
    return false;
  } catch (error) {
    return ['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '');
  }
}

/**
 * Identity of the repository's config file; undefined when it is gone. restic recreates folders that vanish below it
 * (a lost mount, a moved folder) and reports success, with the data in two places: whoever writes compares this.
 */
export async function configIdentity(folder: string): Promise<string | undefined> {
  try {
    const facts = await stat(path.join(folder, 'config'), { bigint: true });
    return `${facts.dev}:${facts.ino}`;
  } catch {
    return undefined;
  }
}

/** True when there may be a lock that a killed process left. */
export async function hasLocks(folder: string): Promise<boolean> {
  try {
    return (await readdir(path.join(folder, 'locks'))).length > 0;
  } catch {
    return false;
  }
}

/** Bytes of all files in the folder; undefined when counting takes too long or a part is unreadable. */
export async function folderSize(folder: string, clock: Clock): Promise<number | undefined> {
  const deadlineMs = clock.monotonicMs() + SIZE_BUDGET_MS;
  let total = 0;
  try {
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (clock.monotonicMs() > deadlineMs) return undefined;
      if (entry.isFile()) total += (await stat(path.join(entry.parentPath, entry.name))).size;
    }
  } catch {
    return undefined;
  }
  return total;
}
