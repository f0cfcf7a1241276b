import type { Progress } from '../../../server/contract/common.ts';

/**
 * Share done, 0–100 in whole per cent, or undefined when the total is not known yet.
 * A transfer that is not over never shows 100: what counts is the phase, not the last byte.
 */
export function percentDone(progress: Progress | undefined, finished: boolean): number | undefined {
  if (finished) {
    return 100;
  }
  if (!progress || progress.bytesTotal <= 0) {
    return undefined;
  }

  return Math.min(99, Math.floor((progress.bytesDone / progress.bytesTotal) * 100));
}
