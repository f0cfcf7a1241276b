import { describe, expect, it } from 'vitest';
import { PV } from '../../../server/contract/api.ts';
import type { KubeObject } from '../../../server/contract/kubernetes.ts';
import { ApiError, ConnectionError, type KubeClient, type WatchEvent } from '../../../server/kube/client.ts';
import { createInformer } from '../../../server/kube/informer.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { memoryLog } from './support.ts';

interface Thing extends KubeObject { colour?: string }
type Step = WatchEvent<Thing> | Error | 'end';

const thing = (name: string, resourceVersion: string, colour = 'red', uid = `uid-${name}`): Thing => ({ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name, uid, resourceVersion }, colour });

/** A scripted API: each list and each watch takes the next entry; a watch that has no more steps waits for the abort. */
function scripted(lists: (Error | { items: Thing[]; resourceVersion: string })[], watches: Step[][]) {
  const watchedFrom: string[] = [];
  const client = {
    async list() {
      const next = lists.shift();

      if (!next) {
        throw new Error('the script has no further list');
      }
      if (next instanceof Error) {
        throw next;
      }

      return next;
    },
    async* watch(_type: unknown, { resourceVersion, signal }: { resourceVersion: string; signal: AbortSignal }) {
      watchedFrom.push(resourceVersion);
      for (const step of watches.shift() ?? []) {
        if (step === 'end') {
          return;
        }
        if (step instanceof Error) {
          throw step;
        }
        yield step;
      }
      await new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      });
    },
  };

  return { client: client as unknown as KubeClient, watchedFrom };
}

async function play(lists: Parameters<typeof scripted>[0], watches: Step[][]) {
  const clock = new FakeClock();
  const { log, lines } = memoryLog();
  const { client, watchedFrom } = scripted(lists, watches);
  const informer = createInformer<Thing>({ client, type: PV, clock, log, random: () => 0, indexes: { colour: (object) => (object.colour ? [object.colour] : []) } });
  const heard: string[] = [];
  const stop = new AbortController();

  informer.subscribe({
    added: (object) => heard.push(`+${object.metadata.name}@${object.metadata.resourceVersion}`),
    updated: (object, old) => heard.push(`~${object.metadata.name}@${old.metadata.resourceVersion}>${object.metadata.resourceVersion}`),
    deleted: (object) => heard.push(`-${object.metadata.name}@${object.metadata.resourceVersion}`),
  });
  const ended = informer.run(stop.signal);

  await settle();

  return { informer, heard, watchedFrom, clock, lines, stop: async () => { stop.abort(); await ended; } };
}

describe('informer', () => {
  it('given a list and events, when run, then the cache, the indexes and the handler follow', async () => {
    const { informer, heard, stop } = await play([{ items: [thing('a', '1'), thing('b', '2')], resourceVersion: '2' }], [[
      { type: 'MODIFIED', object: thing('a', '3', 'blue') }, { type: 'DELETED', object: thing('b', '4') }, { type: 'ADDED', object: thing('c', '5') },
    ]]);

    await informer.synced();
    expect(heard).toEqual(['+a@1', '+b@2', '~a@1>3', '-b@2', '+c@5']);
    expect(informer.list().map((each) => each.metadata.name).toSorted()).toEqual(['a', 'c']);
    expect(informer.byIndex('colour', 'red').map((each) => each.metadata.name)).toEqual(['c']);
    expect(informer.byIndex('colour', 'blue').map((each) => each.metadata.name)).toEqual(['a']);
    expect(() => informer.byIndex('shape', 'x')).toThrow(/no index shape/);
    await stop();
  });

  it('given a bookmark and a watch that ends, when resumed, then it goes on from the bookmark without a new list', async () => {
    const { heard, watchedFrom, clock, stop } = await play([{ items: [thing('a', '1')], resourceVersion: '1' }], [
      [{ type: 'BOOKMARK', resourceVersion: '40' }, 'end'], [{ type: 'ADDED', object: thing('b', '41') }],
    ]);

    await clock.advance(500);
    expect(watchedFrom).toEqual(['1', '40']);
    expect(heard).toEqual(['+a@1', '+b@41']);
    await stop();
  });

  it('given 410 on the watch, when listed anew, then only the differences are told', async () => {
    const { informer, heard, clock, stop } = await play([
      { items: [thing('same', '1'), thing('changed', '2'), thing('gone', '3'), thing('replaced', '4')], resourceVersion: '4' },
      { items: [thing('same', '1'), thing('changed', '9'), thing('replaced', '10', 'red', 'other-uid'), thing('new', '11')], resourceVersion: '11' },
    ], [[new ApiError(410, 'Expired', 'too old')]]);

    heard.length = 0;
    await clock.advance(500);
    expect(heard).toEqual(['-gone@3', '~changed@2>9', '-replaced@4', '+replaced@10', '+new@11']);
    expect(informer.list()).toHaveLength(4);
    await stop();
  });

  it('given an API that is down, when it comes back, then the waits grew and the informer synced', async () => {
    const down = new ConnectionError('refused');
    const { informer, heard, clock, lines, stop } = await play([down, down, down, { items: [thing('a', '1')], resourceVersion: '1' }], []);
    const waits: (number | undefined)[] = [];

    while (heard.length === 0) {
      waits.push(clock.nextDueInMs);
      await clock.advance(clock.nextDueInMs ?? 0);
    }
    await informer.synced();
    expect(waits).toEqual([500, 1000, 2000]);
    expect(lines.filter((line) => line['level'] === 'warn')).toHaveLength(3);
    await stop();
  });

  it('given a broken watch, when it is followed again, then it resumes after the last event', async () => {
    const { watchedFrom, clock, heard, stop } = await play([{ items: [], resourceVersion: '1' }], [[{ type: 'ADDED', object: thing('a', '7') }, new ConnectionError('reset')], []]);

    await clock.advance(500);
    expect(watchedFrom).toEqual(['1', '7']);
    expect(heard).toEqual(['+a@7']);
    await stop();
  });

  it('given a cached object, when somebody edits it, then that throws and the cache is as before', async () => {
    const { informer, stop } = await play([{ items: [thing('a', '1')], resourceVersion: '1' }], []);
    const cached = informer.get(undefined, 'a') as Thing;

    expect(() => {
      cached.metadata.name = 'b';
    }).toThrow(TypeError);
    expect(informer.get(undefined, 'a')?.metadata.name).toBe('a');
    await stop();
  });

  it('given a handler that throws and one that comes late, when objects change, then the other handlers still hear and the late one gets what is there', async () => {
    const { informer, lines, stop } = await play([{ items: [thing('a', '1')], resourceVersion: '1' }], []);
    const heard: string[] = [];

    informer.subscribe({ added: () => { throw new Error('boom'); } });
    informer.subscribe({ added: (object) => heard.push(object.metadata.name) });
    expect(heard).toEqual(['a']);
    expect(lines.some((line) => line['level'] === 'error')).toBe(true);
    await stop();
  });
});
