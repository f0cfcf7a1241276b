import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NAMESPACE, PVC, SECRET } from '../../../server/contract/api.ts';
import type { KubeObject, PersistentVolumeClaim, Secret } from '../../../server/contract/kubernetes.ts';
import { createApiServer, type ApiServer, type RequestEvent } from '../../../server/embedded/api/index.ts';
import { ApiError, ConnectionError } from '../../../server/kube/client.ts';
import { createHttpClient, type HttpKubeClient } from '../../../server/kube/http-client.ts';
import { createInformer, type Informer } from '../../../server/kube/informer.ts';
import { LEASE } from '../../../server/kube/lease.ts';
import { runAsLeader } from '../../../server/kube/leader.ts';
import { createLogger } from '../../../server/telemetry/log.ts';
import { systemClock } from '../../../server/telemetry/system-clock.ts';

const TOKEN = 'integration-token';
const log = createLogger({ clock: systemClock, level: 'error', write: () => undefined });
const secret = (name: string, labels: Record<string, string> = {}): Secret => ({ apiVersion: 'v1', kind: 'Secret', metadata: { namespace: 'ns', name, labels }, data: { a: 'YQ==' } });

describe('client and informer on the embedded API', () => {
  let api: ApiServer;
  let client: HttpKubeClient;
  let url: string;
  let stop: AbortController;

  beforeEach(async () => {
    api = createApiServer({ memory: true, tokens: { [TOKEN]: { user: 'admin', groups: ['system:masters'] } }, watchWindow: 50, bookmarkDelay: 20 });
    url = await api.listen(0);
    stop = new AbortController();
    client = createHttpClient({ baseUrl: url, token: TOKEN, watchTimeoutSeconds: 2 });
    await client.create<KubeObject>(NAMESPACE, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'ns' } });
  });
  afterEach(async () => {
    stop.abort();
    client.close();
    await api.close();
  });

  it('given an object, when created, read, patched, replaced and deleted, then versions guard it and the answers are Kubernetes\' own', async () => {
    const created = await client.create(SECRET, secret('s'));

    await expect(client.create(SECRET, secret('s'))).rejects.toMatchObject({ reason: 'AlreadyExists' });
    const patched = await client.patch<Secret>(SECRET, { namespace: 'ns', name: 's' }, { metadata: { labels: { x: '1' } }, data: { a: null, b: 'Yg==' } });

    expect(patched.data).toEqual({ b: 'Yg==' });
    await expect(client.replace(SECRET, created)).rejects.toMatchObject({ code: 409, reason: 'Conflict' });
    await client.replace(SECRET, { ...patched, data: { c: 'Yw==' } });
    expect((await client.get<Secret>(SECRET, { namespace: 'ns', name: 's' })).data).toEqual({ c: 'Yw==' });
    await expect(client.delete(SECRET, { namespace: 'ns', name: 's' }, { uid: 'another' })).rejects.toMatchObject({ reason: 'Conflict' });
    await client.delete(SECRET, { namespace: 'ns', name: 's' }, { uid: created.metadata.uid });
    expect(await client.find(SECRET, { namespace: 'ns', name: 's' })).toBeUndefined();
    await client.delete(SECRET, { namespace: 'ns', name: 's' });
  });

  it('given a claim, when its status is replaced, then only the status changes', async () => {
    const claim = await client.create<PersistentVolumeClaim>(PVC, { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { namespace: 'ns', name: 'c' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } });
    const written = await client.replaceStatus(PVC, { ...claim, metadata: { ...claim.metadata, labels: { ignored: 'yes' } }, status: { phase: 'Bound' } });

    expect(written.status?.phase).toBe('Bound');
    expect(written.metadata.labels).toBeUndefined();
  });

  it('given more objects than a page holds, when listed, then all are there once, and selectors choose', async () => {
    const names = Array.from({ length: 520 }, (_unused, index) => `s-${String(index).padStart(4, '0')}`);

    for (let from = 0; from < names.length; from += 40) {
      await Promise.all(names.slice(from, from + 40).map((name, index) => client.create(SECRET, secret(name, index === 0 ? { first: 'yes' } : {}))));
    }
    const { items } = await client.list<Secret>(SECRET, { namespace: 'ns' });

    expect(items.map((item) => item.metadata.name)).toEqual(names);
    expect(items[0]).toMatchObject({ apiVersion: 'v1', kind: 'Secret' });
    expect((await client.list(SECRET, { labelSelector: 'first=yes' })).items).toHaveLength(13);
    expect((await client.list(SECRET, { fieldSelector: 'metadata.name=s-0007' })).items).toHaveLength(1);
  });

  it('given a wrong token, when asked, then it is 401, not a lost connection', async () => {
    const stranger = createHttpClient({ baseUrl: url, token: 'wrong' });

    await expect(stranger.list(SECRET)).rejects.toMatchObject({ name: 'ApiError', code: 401 });
    stranger.close();
  });

  function follow(): { informer: Informer<Secret>; heard: string[]; until(text: string): Promise<void> } {
    const informer = createInformer<Secret>({ client, type: SECRET, clock: systemClock, log, scope: { namespace: 'ns' } });
    const heard: string[] = [];
    const waiters: { text: string; resolve: () => void }[] = [];
    const hear = (text: string): void => {
      heard.push(text);
      waiters.filter((waiter) => waiter.text === text).forEach((waiter) => waiter.resolve());
    };

    informer.subscribe({ added: (object) => hear(`+${object.metadata.name}`), updated: (object) => hear(`~${object.metadata.name}`), deleted: (object) => hear(`-${object.metadata.name}`) });
    void informer.run(stop.signal);

    return { informer, heard, until: (text) => new Promise((resolve) => { if (heard.includes(text)) { resolve(); } else { waiters.push({ text, resolve }); } }) };
  }

  it('given an informer, when objects come, change and go over several watches, then it hears each once, in order', async () => {
    await client.create(SECRET, secret('old'));
    const watches: RequestEvent[] = [];

    api.onRequest((event) => void (event.verb === 'watch' && event.phase === 'before' && watches.push(event)));
    const { informer, heard, until } = follow();

    await informer.synced();
    await client.create(SECRET, secret('new'));
    await until('+new');
    // The server ends a watch after two seconds: what comes after that is heard by the second one.
    await expect.poll(() => watches.length, { timeout: 10_000 }).toBeGreaterThan(1);
    await client.patch(SECRET, { namespace: 'ns', name: 'new' }, { metadata: { labels: { a: 'b' } } });
    await until('~new');
    await client.delete(SECRET, { namespace: 'ns', name: 'old' });
    await until('-old');
    expect(heard).toEqual(['+old', '+new', '~new', '-old']);
    expect(informer.list('ns').map((object) => object.metadata.name)).toEqual(['new']);
  });

  it('given a watch that fell behind what the API remembers, when it comes back, then it lists anew and hears only the differences', async () => {
    await client.create(SECRET, secret('a'));
    await client.create(SECRET, secret('b'));
    let away = false;
    let cut = 0;
    let lists = 0;

    api.onRequest((event) => {
      if (event.phase !== 'before' || event.resource !== 'secrets') {
        return undefined;
      }
      lists += event.verb === 'list' ? 1 : 0;
      if (!away || event.verb !== 'watch') {
        return undefined;
      }
      cut++;

      return { disconnect: true };
    });
    const { informer, heard, until } = follow();

    await informer.synced();
    away = true;
    // The running watch ends after two seconds; the next one does not get through.
    await expect.poll(() => cut, { timeout: 10_000 }).toBeGreaterThan(0);
    for (let n = 0; n < 60; n++) {
      await client.create(SECRET, secret(`churn-${n}`));
      await client.delete(SECRET, { namespace: 'ns', name: `churn-${n}` });
    }
    await client.delete(SECRET, { namespace: 'ns', name: 'a' });
    await client.create(SECRET, secret('c'));
    away = false;
    await until('+c');
    expect(heard).toEqual(['+a', '+b', '-a', '+c']);
    expect(lists).toBe(2);
  });

  it('given an API that cuts connections, when a read and a watch are asked, then both are ConnectionError', async () => {
    const restore = api.onRequest((event) => (event.resource === 'secrets' && event.phase === 'before' ? { disconnect: true } : undefined));

    await expect(client.get(SECRET, { namespace: 'ns', name: 'x' })).rejects.toBeInstanceOf(ConnectionError);
    await expect((async () => {
      for await (const event of client.watch(SECRET, { resourceVersion: '1' })) {
        throw new ApiError(500, 'Unknown', `unexpected ${event.type}`);
      }
    })()).rejects.toBeInstanceOf(ConnectionError);
    restore();
  });

  it('given two candidates on one lease, when the leader stops, then the other leads, and the lease names it', async () => {
    const leading: string[] = [];
    const stops = [new AbortController(), new AbortController()];
    const run = (index: number): Promise<string> => runAsLeader({
      client, clock: systemClock, log, namespace: 'ns', name: 'lease', identity: `server-${index}`, leaseDurationMs: 1500, renewDeadlineMs: 1000, retryPeriodMs: 100,
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
    const lease = await client.get<KubeObject & { spec: { holderIdentity: string } }>(LEASE, { namespace: 'ns', name: 'lease' });

    expect(lease.spec.holderIdentity).toBe('server-1');
    stops[1]?.abort();
    await second;
  });
});
