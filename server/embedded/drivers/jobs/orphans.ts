import { readFile, readdir, readlink } from 'node:fs/promises';
import { sep } from 'node:path';

async function worksIn(pid: string, folder: string): Promise<boolean> {
  try {
    const [cwd, environment] = await Promise.all([readlink(`/proc/${pid}/cwd`), readFile(`/proc/${pid}/environ`, 'latin1')]);

    return (cwd + sep).startsWith(folder + sep) || environment.split('\0').some((entry) => entry.startsWith(`MOVER_ROOT=${folder}${sep}`));
  } catch {
    // Gone meanwhile, or somebody else's.
    return false;
  }
}

/**
 * Kills processes that a cluster process which was killed left behind in `folder` (its absolute path): found by their working folder or
 * their `MOVER_ROOT`. Returns how many there were. Where there is no /proc, nothing is found.
 */
export async function killOrphans(folder: string): Promise<number> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
  const orphans = (await Promise.all(pids.map(async (pid) => (await worksIn(pid, folder) ? [Number(pid)] : [])))).flat();

  for (const pid of orphans) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') {
        throw error;
      }
    }
  }

  return orphans.length;
}
