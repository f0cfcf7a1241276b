import type { Progress } from '../../contract/common.ts';

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** Bytes for people: `1.5 GiB`; undefined stays undefined. */
export function bytesText(bytes: number | undefined): string | undefined {
  if (bytes === undefined) return undefined;
  const power = bytes < 1024 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), UNITS.length - 1);
  const value = bytes / 1024 ** power;

  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[power]}`;
}

/** Age of an instant as kubectl has it: `45s`, `12m`, `7h`, `3d`. */
export function ageText(instant: string | undefined, now: Date): string | undefined {
  if (instant === undefined) return undefined;
  const seconds = Math.max(0, Math.floor((now.getTime() - Date.parse(instant)) / 1000));

  if (seconds < 120) return `${seconds}s`;
  if (seconds < 120 * 60) return `${Math.floor(seconds / 60)}m`;
  return seconds < 48 * 3600 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`;
}

/** How far something is, in tenths so that it is not told too often: `Moving 40%`. */
export function progressText(phase: string, progress: Progress | undefined): string {
  if (!progress || progress.bytesTotal === 0 || progress.bytesDone === 0) return phase;
  return `${phase} ${Math.floor(progress.bytesDone / progress.bytesTotal * 10) * 10}%`;
}
