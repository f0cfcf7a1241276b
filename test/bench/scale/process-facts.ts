import { readFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';

const MIB = 1024 * 1024;
/** Linux counts a process's time in hundredths of a second (`USER_HZ`). */
const TICKS_PER_SECOND = 100;

/** Resident memory of a process in MiB: now, and the most since its start. @see https://man7.org/linux/man-pages/man5/proc_pid_status.5.html */
export async function memoryMiB(pid: number): Promise<{ now: number; peak: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1024;

  return { now: field('VmRSS'), peak: field('VmHWM') };
}

/** CPU time of a process in seconds, user and system. @see https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
export async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The name, in brackets, may hold blanks; user and system time are the 12th and 13th field after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');

  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** The machine in one line. */
export function machine(): string {
  const all = cpus();

  return `${all.length} × ${all[0]?.model.trim() ?? 'unknown CPU'}, ${Math.round(totalmem() / MIB / 1024)} GiB, Node ${process.versions.node}`;
}
