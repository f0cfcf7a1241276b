import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs } from '../../../server/kube/backoff.ts';
import { createWorkQueue } from '../../../server/kube/work-queue.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';

const queueWith = (clock = new FakeClock()) => ({ clock, queue: createWorkQueue({ clock, random: () => 0, backoff: { baseMs: 100, maxMs: 1000 } }) });

describe('work queue', () => {
  it('given a key that is added many times, when taken, then it is given once', async () => {
    const { queue } = queueWith();

    queue.add('a');
    queue.add('a');
    queue.add('b');

    expect([await queue.next(), await queue.next(), queue.length]).toEqual(['a', 'b', 0]);
  });

  it('given a key in work, when it is added again, then no second worker gets it, and it comes once more after done', async () => {
    const { queue } = queueWith();
    let second: string | undefined;

    queue.add('a');
    await queue.next();
    const waiting = queue.next().then((key) => {
      second = key;
    });

    queue.add('a');
    queue.add('a');
    await settle();
    expect(second).toBeUndefined();
    queue.done('a');
    await waiting;
    expect(second).toBe('a');
    queue.done('a');
    expect(queue.length).toBe(0);
  });

  it('given delayed adds of one key, when time passes, then the earliest counts and only once', async () => {
    const { clock, queue } = queueWith();

    queue.addAfter('a', 500);
    queue.addAfter('a', 100);
    queue.addAfter('a', 900);
    await clock.advance(99);
    expect(queue.length).toBe(0);
    await clock.advance(1);
    expect(queue.length).toBe(1);
    await queue.next();
    queue.done('a');
    await clock.advance(2000);
    expect(queue.length).toBe(0);
  });

  it('given repeated failures, when added with backoff, then the wait doubles to its maximum and forget starts anew', async () => {
    const { clock, queue } = queueWith();
    const waits: (number | undefined)[] = [];
    const fail = async (): Promise<void> => {
      queue.addWithBackoff('a');
      waits.push(clock.nextDueInMs);
      await clock.advance(clock.nextDueInMs ?? 0);
      await queue.next();
      queue.done('a');
    };

    for (let n = 0; n < 6; n++) {
      await fail();
    }
    queue.forget('a');
    await fail();

    expect(waits).toEqual([100, 200, 400, 800, 1000, 1000, 100]);
  });

  it('given a stopped queue, when workers wait or keys are delayed, then workers get undefined and nothing comes any more', async () => {
    const { clock, queue } = queueWith();
    const waiting = queue.next();

    queue.addAfter('a', 10);
    queue.stop();
    queue.add('b');
    await clock.advance(20);

    expect([await waiting, await queue.next(), queue.length, clock.sleeping]).toEqual([undefined, undefined, 0, 0]);
  });

  it('given any interleaving of adds, takes and dones, when played, then a key is never with two workers and none is lost', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.tuple(fc.constantFrom('add', 'take', 'done'), fc.constantFrom('a', 'b', 'c')), { maxLength: 60 }), async (steps) => {
      const { queue } = queueWith();
      const working = new Set<string>();
      const wanted = new Set<string>();

      for (const [step, key] of steps) {
        if (step === 'add') {
          queue.add(key);
          wanted.add(key);
        } else if (step === 'take' && queue.length > 0) {
          const taken = await queue.next() as string;

          expect(working.has(taken)).toBe(false);
          working.add(taken);
          wanted.delete(taken);
        } else if (step === 'done' && working.delete(key)) {
          queue.done(key);
        }
      }
      for (const key of working) {
        queue.done(key);
      }
      const left: (string | undefined)[] = [];

      while (queue.length > 0) {
        left.push(await queue.next());
      }
      expect(left.toSorted()).toEqual([...wanted].toSorted());
    }));
  });

  it('given any attempt and random number, when the backoff is computed, then it lies between half and all of the doubled base', () => {
    fc.assert(fc.property(fc.nat(200), fc.double({ min: 0, max: 0.999, noNaN: true }), (attempt, random) => {
      const full = Math.min(1000, 10 * 2 ** Math.min(attempt, 30));
      const ms = backoffMs(attempt, { baseMs: 10, maxMs: 1000 }, () => random);

      expect(ms).toBeGreaterThanOrEqual(Math.floor(full / 2));
      expect(ms).toBeLessThanOrEqual(full);
    }));
  });
});
