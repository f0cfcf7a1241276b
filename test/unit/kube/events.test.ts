import { describe, expect, it } from 'vitest';
import type { KubeEvent } from '../../../server/contract/kubernetes.ts';
import { ApiError, type KubeClient, type ObjectKey } from '../../../server/kube/client.ts';
import { createEventRecorder } from '../../../server/kube/events.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { memoryLog } from './support.ts';

const object = { apiVersion: 'backup.harvesterhci.io/v1beta1', kind: 'VMBackup', metadata: { name: 'b', namespace: 'ns', uid: 'u' } };

function recorder(fail: () => boolean = () => false) {
  const events = new Map<string, KubeEvent>();
  const client = {
    async create(_type: unknown, event: KubeEvent) {
      if (fail()) {
        throw new ApiError(403, 'Forbidden', 'not allowed');
      }
      events.set(event.metadata.name, event);

      return event;
    },
    async patch(_type: unknown, key: ObjectKey, patch: Partial<KubeEvent>) {
      const event = events.get(key.name);

      if (!event) {
        throw new ApiError(404, 'NotFound', 'expired');
      }
      events.set(key.name, { ...event, ...patch });
    },
  } as unknown as KubeClient;
  const { log, lines } = memoryLog();
  const clock = new FakeClock();

  return { events, clock, lines, recorder: createEventRecorder({ client, component: 'test', clock, log }) };
}

describe('event recorder', () => {
  it('given the same reason at one object many times at once, when recorded, then one Event counts them and shows the last message', async () => {
    const { recorder: events, events: stored } = recorder();

    await Promise.all(['one', 'two', 'three'].map((message) => events.record(object, 'Warning', 'Slow', message)));
    await events.record(object, 'Normal', 'Completed', 'done');
    expect([...stored.values()].map(({ reason, count, message, type }) => ({ reason, count, message, type }))).toEqual([
      { reason: 'Slow', count: 3, message: 'three', type: 'Warning' }, { reason: 'Completed', count: 1, message: 'done', type: 'Normal' },
    ]);
    expect([...stored.values()][0]?.involvedObject).toEqual({ apiVersion: object.apiVersion, kind: 'VMBackup', namespace: 'ns', name: 'b', uid: 'u' });
  });

  it('given an Event that expired, when the reason comes again, then a new one begins', async () => {
    const { recorder: events, events: stored, clock } = recorder();

    await events.record(object, 'Normal', 'Slow', 'one');
    stored.clear();
    await clock.advance(3_600_000);
    await events.record(object, 'Normal', 'Slow', 'two');
    expect([...stored.values()].map((event) => [event.message, event.count])).toEqual([['two', 1]]);
  });

  it('given an API that refuses, when recorded, then nothing is thrown and the refusal is logged', async () => {
    const { recorder: events, lines } = recorder(() => true);

    await events.record(object, 'Normal', 'Slow', 'one');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ level: 'warn', reason: 'Slow', error: { reason: 'Forbidden' } });
  });

  it('given a cluster-scoped object, when recorded, then the Event stands in default, as Kubernetes demands', async () => {
    const { recorder: events, events: stored } = recorder();

    await events.record({ ...object, metadata: { name: 'r', uid: 'v' } }, 'Normal', 'Ready', 'it is');
    const [event] = stored.values();

    expect(event?.metadata.namespace).toBe('default');
    expect(event?.involvedObject.namespace).toBeUndefined();
  });
});
