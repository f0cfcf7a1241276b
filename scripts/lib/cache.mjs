import { accessSync, constants, existsSync, mkdirSync, rmSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';

/**
 * The folder that keeps what set-up brings, across check-outs: `HVB_CACHE`, else `harvester-vm-backup` in the
 * user's cache folder, else `.cache` in the project where the home cannot be written.
 *
 * @param {{ env: NodeJS.ProcessEnv, home: string, project: string, writable: (folder: string) => boolean }} where
 * @returns {string}
 */
export function cacheFolder({ env, home, project, writable }) {
  if (env.HVB_CACHE) {
    return path.resolve(env.HVB_CACHE);
  }
  const inHome = path.join(env.XDG_CACHE_HOME || path.join(home, '.cache'), 'harvester-vm-backup');

  return writable(inHome) ? inHome : path.join(project, '.cache');
}

/** Makes the folder if need be, and tells whether this user can write in it. */
export function makeWritable(folder) {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);

    return true;
  } catch {
    return false;
  }
}

/** The cache folder of this run; it exists. */
export function openCache(project) {
  const folder = cacheFolder({ env: process.env, home: homedir(), project, writable: makeWritable });

  mkdirSync(folder, { recursive: true });

  return folder;
}

/**
 * Makes `target` (a folder) at once or not at all: `fill` works in a fresh folder beside it, which then takes its name.
 * Two runs at the same time do the work twice, and the second one uses what the first one made.
 *
 * @param {string} target
 * @param {(folder: string) => Promise<void>} fill
 */
export async function makeFolder(target, fill) {
  const fresh = `${ target }.tmp-${ process.pid }`;

  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  try {
    await fill(fresh);
    await rename(fresh, target).catch((error) => {
      if (!existsSync(target)) {
        throw error;
      }
    });
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}
