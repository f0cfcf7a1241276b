import { describe, expect, it } from 'vitest';
import { ApiError } from '../../../server/kube/client.ts';
import { createController, type ReconcileResult, type Source } from '../../../server/kube/controller.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { memoryLog } from './support.ts';

function manualSource(): Source & { change(key: string): void; markSynced(): void; subscribers: number } {
  const subscribers = new Set<(key: string) => void>();
  const { promise, resolve } = Promise.withResolvers<void>();

  return {
    synced: () => promise,
    subscribe(enqueue) {
      subscribers.add(enqueue);

      return () => void subscribers.delete(enqueue);
    },
    change: (key) => subscribers.forEach((enqueue) => enqueue(key)),
    markSynced: resolve,
    get subscribers() {
      return subscribers.size;
    },
  };
}

function start(reconcile: (key: string) => Promise<ReconcileResult>, concurrency = 1) {
  const clock = new FakeClock();
  const { log, lines } = memoryLog();
  const source = manualSource();
  const stop = new AbortController();
  const controller = createController({ name: 'test', reconcile, sources: [source], log, clock, random: () => 0, concurrency });
  const ended = controller.run(stop.signal);

  return { clock, lines, source, controller, stop: async () => { stop.abort(); await ended; } };
}

describe('controller', () => {
  it('given a source that is not synced, when keys come, then nothing is reconciled before it is', async () => {
    const done: string[] = [];
    const { source, stop } = start(async (key) => void done.push(key));

    source.change('a');
    await settle();
    expect(done).toEqual([]);
    source.markSynced();
    await settle();
    expect(done).toEqual(['a']);
    await stop();
    expect(source.subscribers).toBe(0);
  });

  it('given a reconcile that asks to come back, when the time is up, then it is called again', async () => {
    let calls = 0;
    const { source, clock, stop } = start(async () => (++calls === 1 ? { requeueAfterMs: 3000 } : undefined));

    source.markSynced();
    source.change('a');
    await clock.advance(2999);
    expect(calls).toBe(1);
    await clock.advance(1);
    expect(calls).toBe(2);
    await clock.advance(60_000);
    expect(calls).toBe(2);
    await stop();
  });

  it('given a conflict, when thrown, then it is tried again at once and not reported as an error', async () => {
    let calls = 0;
    const { source, clock, lines, stop } = start(async () => {
      if (++calls === 1) {
        throw new ApiError(409, 'Conflict', 'changed meanwhile');
      }
    });

    source.markSynced();
    source.change('a');
    await clock.advance(50);
    expect(calls).toBe(2);
    expect(lines.filter((line) => line['level'] === 'error')).toEqual([]);
    await stop();
  });

  it('given a reconcile that throws, when repeated, then it is logged, backs off, and other keys go on', async () => {
    const calls: string[] = [];
    const { source, clock, lines, stop } = start(async (key) => {
      calls.push(key);
      if (key === 'bad') {
        throw new Error('boom');
      }
    });

    source.markSynced();
    source.change('bad');
    source.change('good');
    await clock.advance(0);
    expect(calls).toEqual(['bad', 'good']);
    await clock.advance(250);
    expect(calls).toEqual(['bad', 'good', 'bad']);
    await clock.advance(499);
    expect(calls).toHaveLength(3);
    await clock.advance(1);
    expect(calls).toHaveLength(4);
    expect(lines.filter((line) => line['level'] === 'error' && line['key'] === 'bad')).toHaveLength(3);
    await stop();
  });

  it('given a reconcile in flight, when stopped, then run waits for it', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    let finished = false;
    let stopped = false;
    const { source, stop } = start(async () => {
      await promise;
      finished = true;
    });

    source.markSynced();
    source.change('a');
    await settle();
    const stopping = stop().then(() => {
      stopped = true;
    });

    await settle();
    expect(stopped).toBe(false);
    resolve();
    await stopping;
    expect(finished).toBe(true);
  });
});
