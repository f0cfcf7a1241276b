import { readFile, readdir } from 'node:fs/promises';

/** A process as /proc shows it. */
export interface ProcessFacts {
  readonly pid: number;
  readonly parent: number;
  readonly args: readonly string[];
  readonly environment: string;
}

/** The processes below `pid` at this moment, itself included. What ends while it is looked at is left out. */
export async function descendants(pid: number | undefined): Promise<ProcessFacts[]> {
  const all = (await Promise.all((await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(facts))).filter((item) => item !== undefined);
  const family = new Set([pid]);
  for (let size = 0; size !== family.size;) {
    size = family.size;
    for (const item of all) if (family.has(item.parent)) family.add(item.pid);
  }
  return all.filter((item) => family.has(item.pid));
}

async function facts(name: string): Promise<ProcessFacts | undefined> {
  try {
    const [stat, cmdline, environment] = await Promise.all(['stat', 'cmdline', 'environ'].map((file) => readFile(`/proc/${name}/${file}`, 'utf8')));
    // The program's name, in brackets, may hold anything; the parent is the second field behind it.
    const parent = Number(stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    return { pid: Number(name), parent, args: (cmdline ?? '').split('\0'), environment: environment ?? '' };
  } catch {
    return undefined;
  }
}
