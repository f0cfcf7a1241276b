import type { Progress } from '../contract/common.ts';

/** Sum of the volumes' progress; rates add up, as volumes move side by side. */
export function sumProgress(parts: readonly { sizeBytes: number; progress?: Progress }[]): Progress {
  const total = (pick: (progress: Progress) => number | undefined): number => parts.reduce((sum, part) => sum + ((part.progress && pick(part.progress)) ?? 0), 0);
  const bytesTotal = parts.reduce((sum, part) => sum + part.sizeBytes, 0);
  const bytesDone = Math.min(total((progress) => progress.bytesDone), bytesTotal);
  const bytesPerSecond = Math.round(total((progress) => (progress.bytesDone < progress.bytesTotal ? progress.bytesPerSecond : 0)));

  return { bytesTotal, bytesDone, bytesUploaded: total((progress) => progress.bytesUploaded), ...rate(bytesTotal - bytesDone, bytesPerSecond) };
}

/**
 * The next progress of a volume: never goes back while the same try runs, and carries a rate smoothed over the last readings.
 * @param elapsedMs since the previous reading
 */
export function nextProgress(previous: Progress | undefined, reading: { bytesDone: number; bytesTotal: number; bytesUploaded?: number | undefined }, elapsedMs: number): Progress {
  const bytesDone = Math.min(Math.max(reading.bytesDone, previous?.bytesDone ?? 0), reading.bytesTotal);
  const bytesUploaded = Math.max(reading.bytesUploaded ?? 0, previous?.bytesUploaded ?? 0);
  const moved = bytesDone - (previous?.bytesDone ?? 0);
  const measured = elapsedMs > 0 ? (moved * 1000) / elapsedMs : undefined;
  const old = previous?.bytesPerSecond;
  // Weight 0.3 follows a change within a few readings without jumping at every one.
  const smoothed = measured === undefined ? (old ?? 0) : old === undefined ? measured : old * 0.7 + measured * 0.3;

  return { bytesTotal: reading.bytesTotal, bytesDone, bytesUploaded, ...rate(reading.bytesTotal - bytesDone, Math.round(smoothed)) };
}

function rate(bytesLeft: number, bytesPerSecond: number): Pick<Progress, 'bytesPerSecond' | 'etaSeconds'> {
  if (bytesPerSecond <= 0) return {};
  return { bytesPerSecond, ...(bytesLeft > 0 ? { etaSeconds: Math.ceil(bytesLeft / bytesPerSecond) } : {}) };
}
