import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BACKUP_ENGINE, SECRET } from '../../../server/contract/api.ts';
import type { BackupEngine } from '../../../server/contract/backup-engine.ts';
import type { KubeObject, Secret } from '../../../server/contract/kubernetes.ts';
import { ApiError, ConnectionError } from '../../../server/kube/client.ts';
import { createHttpClient, type HttpKubeClient } from '../../../server/kube/http-client.ts';
import { LEASE } from '../../../server/kube/lease.ts';
import { runAsLeader } from '../../../server/kube/leader.ts';
import { systemClock } from '../../../server/telemetry/system-clock.ts';
import { anEngine } from '../../support/builders.ts';
import { Place, silentLog, startBed, type Bed } from './bed.ts';

describe('the client on a Kubernetes API', () => {
  let bed: Bed;
  let place: Place;
  let client: HttpKubeClient;

  beforeAll(async () => { bed = await startBed(); });
  afterAll(() => bed.stop());
  beforeEach(async () => {
    place = await Place.make(bed, { pageSize: 500 });
    client = place.client;
  });
  afterEach(() => place.stop());

  it('given an object, when created, read, patched, replaced and deleted, then versions guard it and the answers are Kubernetes\' own', async () => {
    const created = await client.create(SECRET, place.secret('s'));

    await expect(client.create(SECRET, place.secret('s'))).rejects.toMatchObject({ reason: 'AlreadyExists' });
    const patched = await client.patch<Secret>(SECRET, { namespace: place.namespace, name: 's' }, { metadata: { labels: { x: '1' } }, data: { a: null, b: 'Yg==' } });

    expect(patched.data).toEqual({ b: 'Yg==' });
    await expect(client.replace(SECRET, created)).rejects.toMatchObject({ code: 409, reason: 'Conflict' });
    await client.replace(SECRET, { ...patched, data: { c: 'Yw==' } });
    expect((await client.get<Secret>(SECRET, { namespace: place.namespace, name: 's' })).data).toEqual({ c: 'Yw==' });
    await expect(client.delete(SECRET, { namespace: place.namespace, name: 's' }, { uid: 'another' })).rejects.toMatchObject({ reason: 'Conflict' });
    await client.delete(SECRET, { namespace: place.namespace, name: 's' }, { uid: created.metadata.uid });
    expect(await client.find(SECRET, { namespace: place.namespace, name: 's' })).toBeUndefined();
    await client.delete(SECRET, { namespace: place.namespace, name: 's' });
  });

  // Of our own kinds, whose CRDs say so; of some of Kubernetes' own, such as PVCs, a write of the status changes labels too.
  it('given an engine, when its status is replaced, then only the status changes', async () => {
    const engine = await client.create<BackupEngine>(BACKUP_ENGINE, anEngine({ name: place.namespace }));
    const written = await client.replaceStatus<BackupEngine>(BACKUP_ENGINE, { ...engine, metadata: { ...engine.metadata, labels: { ignored: 'yes' } }, spec: { mover: { image: 'ignored' } }, status: { phase: 'Ready' } });

    expect(written.status?.phase).toBe('Ready');
    expect(written.metadata.labels).toBeUndefined();
    expect(written.spec).toEqual(engine.spec);
  });

  it('given more objects than a page holds, when listed, then all are there once, and selectors choose', async () => {
    const names = Array.from({ length: 520 }, (_unused, index) => `s-${String(index).padStart(4, '0')}`);

    for (let from = 0; from < names.length; from += 40) {
      await Promise.all(names.slice(from, from + 40).map((name, index) => client.create(SECRET, place.secret(name, index === 0 ? { first: 'yes' } : {}))));
    }
    const { items } = await client.list<Secret>(SECRET, { namespace: place.namespace });

    expect(items.map((item) => item.metadata.name)).toEqual(names);
    expect(items[0]).toMatchObject({ apiVersion: 'v1', kind: 'Secret' });
    expect(items[0]?.metadata).not.toHaveProperty('managedFields');
    expect(place.count('list')).toBe(2);
    expect((await client.list(SECRET, { labelSelector: 'first=yes' })).items).toHaveLength(13);
    expect((await client.list(SECRET, { fieldSelector: 'metadata.name=s-0007' })).items).toHaveLength(1);
  });

  it('given a wrong token, when asked, then it is 401, not a lost connection', async () => {
    const stranger = createHttpClient({ baseUrl: place.network.url, token: 'wrong' });

    await expect(stranger.list(SECRET)).rejects.toMatchObject({ name: 'ApiError', code: 401 });
    stranger.close();
  });

  it('given an API that cuts connections, when a read and a watch are asked, then both are ConnectionError', async () => {
    place.network.cut();

    await expect(client.get(SECRET, { namespace: place.namespace, name: 'x' })).rejects.toBeInstanceOf(ConnectionError);
    await expect((async () => {
      for await (const event of client.watch(SECRET, { resourceVersion: '1' })) {
        throw new ApiError(500, 'Unknown', `unexpected ${event.type}`);
      }
    })()).rejects.toBeInstanceOf(ConnectionError);
  });

  it('given two candidates on one lease, when the leader stops, then the other leads, and the lease names it', async () => {
    const leading: string[] = [];
    const stops = [new AbortController(), new AbortController()];
    const run = (index: number): Promise<string> => runAsLeader({
      client, clock: systemClock, log: silentLog, namespace: place.namespace, name: 'lease', identity: `server-${index}`, leaseDurationMs: 1500, renewDeadlineMs: 1000, retryPeriodMs: 100,
      lead: (signal) => new Promise((resolve) => {
        leading.push(`server-${index}`);
        signal.addEventListener('abort', () => resolve());
      }),
    }, (stops[index] as AbortController).signal);
    const first = run(0);

    await expect.poll(() => leading, { timeout: 10_000 }).toEqual(['server-0']);
    const second = run(1);

    stops[0]?.abort();
    expect(await first).toBe('stopped');
    await expect.poll(() => leading, { timeout: 10_000 }).toEqual(['server-0', 'server-1']);
    const lease = await client.get<KubeObject & { spec: { holderIdentity: string } }>(LEASE, { namespace: place.namespace, name: 'lease' });

    expect(lease.spec.holderIdentity).toBe('server-1');
    stops[1]?.abort();
    await second;
  });
});
