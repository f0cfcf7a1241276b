import { mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../config.ts';

const LOCK = 'lock';
/** Marks a folder as ours, so that `--reset` never empties somebody's home. */
const MARK = 'embedded-cluster';

/** Whether a process is alive; one of another user counts. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);

    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function create(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new UsageError(`the data folder ${folder} cannot be made (${(error as NodeJS.ErrnoException).code}); name another with --data`);
  }
}

async function assertOurs(folder: string): Promise<void> {
  const entries = await readdir(folder);

  if (entries.length > 0 && !entries.includes(MARK)) {
    throw new UsageError(`${folder} holds files but no data of the embedded cluster; name an empty or new folder with --data`);
  }
}

async function writeExclusively(file: string, text: string): Promise<boolean> {
  try {
    const handle = await open(file, 'wx', 0o600);

    await handle.writeFile(text);
    await handle.close();

    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    throw new UsageError(`the data folder cannot be written: ${file} (${code}); check its permissions and free space, or name another with --data`);
  }
}

/** Who holds the lock; undefined when that process is gone or the file says nothing. */
async function holderOf(file: string, alive: (pid: number) => boolean): Promise<number | undefined> {
  const pid = Number(await readFile(file, 'utf8').catch(() => ''));

  return Number.isInteger(pid) && pid > 0 && pid !== process.pid && alive(pid) ? pid : undefined;
}

/** A data folder that this process alone may use. */
export interface DataFolder {
  /** Absolute path of something in the folder. */
  path(...names: string[]): string;
  /** Gives the folder back. */
  release(): Promise<void>;
}

/** Takes a data folder, and empties it first when asked to. Throws UsageError when it can't be used or another process has it. */
export async function openDataFolder(folder: string, options: { reset: boolean; alive?: (pid: number) => boolean }): Promise<DataFolder> {
  await create(folder);
  await assertOurs(folder);
  const lock = join(folder, LOCK);

  for (;;) {
    if (await writeExclusively(lock, String(process.pid))) break;
    const holder = await holderOf(lock, options.alive ?? isAlive);

    if (holder !== undefined) {
      throw new UsageError(`the data folder ${folder} is in use by process ${holder}; end that one, or name another folder with --data`);
    }
    await rm(lock, { force: true });
  }
  if (options.reset) {
    for (const entry of await readdir(folder)) if (entry !== LOCK && entry !== MARK) await rm(join(folder, entry), { recursive: true, force: true });
  }
  await writeExclusively(join(folder, MARK), 'Data of the embedded cluster; “npm start -- --reset” empties this folder.\n');

  return { path: (...names) => join(folder, ...names), release: () => rm(lock, { force: true }) };
}
