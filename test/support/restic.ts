import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

/**
 * The restic that tests use: `RESTIC_BINARY`, the one on PATH, else the one that `npm run setup` put into the user's
 * cache. Throws when there is none: a test of the data path must not be skipped in silence.
 */
export function findRestic(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const candidates = env['RESTIC_BINARY'] ? [env['RESTIC_BINARY']] : ['restic', ...cached(env)];
  const found = candidates.find((binary) => spawnSync(binary, ['version'], { env: { PATH: env['PATH'] ?? '' } }).status === 0);
  if (!found) throw new Error(`No restic: tried ${candidates.join(', ')}. Run "npm run setup", or name one with RESTIC_BINARY.`);
  return found;
}

function cached(env: Readonly<Record<string, string | undefined>>): string[] {
  const cache = path.join(env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache'), 'harvester-vm-backup');
  try {
    return readdirSync(cache).filter((name) => name.startsWith('restic-')).sort().reverse().map((name) => path.join(cache, name, 'restic'));
  } catch {
    return [];
  }
}
