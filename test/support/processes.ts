import { readFile, readdir, readlink } from 'node:fs/promises';

/** What everybody on a node can read of a process: its arguments and, as the same user, its environment. */
export interface SeenProcess { pid: number; argv: string; environment: string }

/** Processes whose working directory is below a folder, as Linux shows them now. One that ends meanwhile is left out. */
export async function processesBelow(folder: string): Promise<SeenProcess[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const seen = await Promise.all(pids.map(async (pid) => {
    try {
      if (!(await readlink(`/proc/${pid}/cwd`)).startsWith(folder)) return undefined;
      const [argv, environment] = await Promise.all(['cmdline', 'environ'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8')));

      return { pid: Number(pid), argv: argv ?? '', environment: environment ?? '' };
    } catch {
      return undefined;
    }
  }));

  return seen.filter((one) => one !== undefined);
}
