import type { Progress } from '../../../server/contract/common.ts';
import { formatBytes } from '../domain/bytes';
import { formatDuration } from '../domain/duration';
import { useTexts } from './use-texts';

/** Words for a transfer: how much of how much, how fast, how long still, how much of it was new to the repository. */
export function useProgressText(): (progress: Progress | undefined, finished: boolean) => string {
  const tx = useTexts();

  return (progress, finished) => {
    if (!progress) {
      return '';
    }
    const { bytesDone, bytesTotal, bytesUploaded, bytesPerSecond, etaSeconds } = progress;
    const parts = [tx('progress.amount', { done: formatBytes(bytesDone), total: formatBytes(bytesTotal) })];

    if (!finished && bytesPerSecond) {
      parts.push(tx('progress.rate', { rate: formatBytes(bytesPerSecond) }));
    }
    if (!finished && etaSeconds !== undefined) {
      parts.push(tx('progress.left', { time: formatDuration(etaSeconds * 1000) }));
    }
    if (bytesUploaded !== undefined) {
      parts.push(tx('progress.uploaded', { bytes: formatBytes(bytesUploaded) }));
    }

    return parts.join(' · ');
  };
}
