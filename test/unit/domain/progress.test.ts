import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Progress } from '../../../server/contract/common.ts';
import { nextProgress, sumProgress } from '../../../server/domain/progress.ts';
import { closeTimings, enterPhase } from '../../../server/domain/timings.ts';

describe('progress', () => {
  it('given readings in any order, when applied one after the other, then the bytes done never go back nor over the total', () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.nat({ max: 2000 }), fc.nat({ max: 5000 }))), (readings) => {
      let progress: Progress | undefined;

      for (const [bytesDone, elapsedMs] of readings) {
        const next = nextProgress(progress, { bytesDone, bytesTotal: 1000 }, elapsedMs);

        expect(next.bytesDone).toBeGreaterThanOrEqual(progress?.bytesDone ?? 0);
        expect(next.bytesDone).toBeLessThanOrEqual(1000);
        progress = next;
      }
    }));
  });

  it('given 100 bytes in a second of 1000, when read, then 900 bytes are left for nine seconds', () => {
    expect(nextProgress({ bytesTotal: 1000, bytesDone: 0 }, { bytesTotal: 1000, bytesDone: 100 }, 1000)).toMatchObject({ bytesPerSecond: 100, etaSeconds: 9 });
  });

  it('given one finished and one running volume, when summed, then only the running one counts for the rate', () => {
    const done = { sizeBytes: 500, progress: { bytesTotal: 500, bytesDone: 500, bytesPerSecond: 70 } };
    const running = { sizeBytes: 1000, progress: { bytesTotal: 1000, bytesDone: 400, bytesPerSecond: 60 } };

    expect(sumProgress([done, running])).toEqual({ bytesTotal: 1500, bytesDone: 900, bytesUploaded: 0, bytesPerSecond: 60, etaSeconds: 10 });
  });

  it('given a volume that has not begun, when summed, then its size counts in the total', () => {
    expect(sumProgress([{ sizeBytes: 10 }])).toEqual({ bytesTotal: 10, bytesDone: 0, bytesUploaded: 0 });
  });
});

describe('timings', () => {
  const at = (second: number): Date => new Date(Date.UTC(2026, 0, 1, 0, 0, second));

  it('given phases entered one after the other, when the end comes, then each has begun when the one before ended', () => {
    const timings = closeTimings(enterPhase(enterPhase(enterPhase(undefined, 'A', at(1)), 'A', at(2)), 'B', at(3)), at(5));

    expect(timings).toEqual([
      { phase: 'A', startedAt: at(1).toISOString(), finishedAt: at(3).toISOString() },
      { phase: 'B', startedAt: at(3).toISOString(), finishedAt: at(5).toISOString() },
    ]);
  });
});
