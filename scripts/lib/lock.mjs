import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Runs `work` while no other process runs something under the same lock; waits for the other one to end.
 * The lock of a process that is gone (a killed set-up) is taken over.
 *
 * @template T
 * @param {string} file stands for the lock; its folder exists
 * @param {() => Promise<T>} work
 * @param {{ waiting: (pid: number) => void }} tell called once, when another process holds the lock
 * @returns {Promise<T>}
 */
export async function withLock(file, work, { waiting }) {
  for (let told = false; !take(file);) {
    const holder = holderOf(file);

    if (holder && startOf(holder.pid) !== holder.start) {
      rmSync(file, { force: true });
      continue;
    }
    if (holder && !told) {
      waiting(holder.pid);
      told = true;
    }
    await sleep(250);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

/** A link is made at once, with its content: no other process ever sees a lock without a holder. */
function take(file) {
  const own = `${ file }.${ process.pid }`;

  writeFileSync(own, JSON.stringify({ pid: process.pid, start: startOf(process.pid) }));
  try {
    linkSync(own, file);

    return true;
  } catch (error) {
    if (error.code === 'EEXIST') {
      return false;
    }
    throw error;
  } finally {
    rmSync(own, { force: true });
  }
}

/** @returns {{ pid: number, start: string } | undefined} undefined when the lock has just been given back */
function holderOf(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * When a process was started, so that a number which another process has got since is not taken for the holder;
 * 'gone' if there is no such process.
 */
function startOf(pid) {
  try {
    // The name (2nd field) is in parentheses and may hold spaces; the start time is the 20th field after it.
    return readFileSync(`/proc/${ pid }/stat`, 'utf8').split(') ').at(-1).split(' ')[19];
  } catch {
    return 'gone';
  }
}
