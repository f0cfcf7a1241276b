import { describe, expect, it } from 'vitest';
import { SECRET, VM_RESTORE } from '../../../server/contract/api.ts';
import type { KubeObject, Secret } from '../../../server/contract/kubernetes.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { FakeKube } from '../../support/fake-kube.ts';

type Thing = KubeObject & { spec?: { n: number }; status?: { phase: string } };
const thing = (name: string, extra: Partial<Thing> = {}): Thing => ({ apiVersion: 'x', kind: 'x', metadata: { name, namespace: 'a' }, ...extra });
const secret = (name: string, metadata: Partial<Secret['metadata']> = {}): Secret => ({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'a', ...metadata } });
const key = { namespace: 'a', name: 'one' };

describe('FakeKube', () => {
  it('given an object that was changed since it was read, when it is replaced, then the write is refused', async () => {
    const kube = new FakeKube(new FakeClock());
    const read = await kube.create<Thing>(VM_RESTORE, thing('one', { spec: { n: 1 } }));
    await kube.patch(VM_RESTORE, key, { spec: { n: 2 } });

    await expect(kube.replace(VM_RESTORE, read)).rejects.toMatchObject({ reason: 'Conflict' });
    await expect(kube.replaceStatus(VM_RESTORE, { ...read, status: { phase: 'X' } })).rejects.toMatchObject({ reason: 'Conflict' });
  });

  it('given spec and status writes, when they cross, then each changes only its own half and only spec raises the generation', async () => {
    const kube = new FakeKube(new FakeClock());
    const created = await kube.create<Thing>(VM_RESTORE, thing('one', { spec: { n: 1 }, status: { phase: 'smuggled' } }));

    expect(created.status).toBeUndefined();
    const withStatus = await kube.replaceStatus<Thing>(VM_RESTORE, { ...created, spec: { n: 9 }, status: { phase: 'Ready' } });
    expect(withStatus).toMatchObject({ spec: { n: 1 }, status: { phase: 'Ready' }, metadata: { generation: 1 } });
    const patched = await kube.patch<Thing>(VM_RESTORE, key, { spec: { n: 3 }, status: { phase: 'smuggled' } });
    expect(patched).toMatchObject({ spec: { n: 3 }, status: { phase: 'Ready' }, metadata: { generation: 2 } });
  });

  it('given a finalizer, when the object is deleted, then it stays marked until the finalizer goes, and then takes what it owns along', async () => {
    const kube = new FakeKube(new FakeClock());
    const owner = await kube.create<Thing>(VM_RESTORE, thing('one', { metadata: { ...key, finalizers: ['f'] } }));
    await kube.create(SECRET, secret('owned', { ownerReferences: [{ apiVersion: 'x', kind: 'x', name: 'one', uid: owner.metadata.uid ?? '' }] }));
    await kube.create(SECRET, secret('free'));

    await kube.delete(VM_RESTORE, key);
    const marked = await kube.get<Thing>(VM_RESTORE, key);
    expect(marked.metadata.deletionTimestamp).toBeDefined();
    await kube.patch(VM_RESTORE, key, { metadata: { finalizers: null } });
    expect(await kube.find(VM_RESTORE, key)).toBeUndefined();
    expect(kube.all(SECRET).map((one) => one.metadata.name)).toEqual(['free']);
  });

  it('given a UID precondition of another object, when deleting or patching, then nothing happens', async () => {
    const kube = new FakeKube(new FakeClock());
    await kube.create(SECRET, secret('one'));

    await expect(kube.delete(SECRET, key, { uid: 'other' })).rejects.toMatchObject({ reason: 'Conflict' });
    await expect(kube.patch(SECRET, key, { metadata: { uid: 'other', labels: { a: 'b' } } })).rejects.toMatchObject({ reason: 'Conflict' });
    expect(kube.all(SECRET)).toHaveLength(1);
  });

  it('given a hook that throws before or after a write, when writing, then the write has not or has happened', async () => {
    const kube = new FakeKube(new FakeClock());
    let moment = 'before';
    kube.onWrite = (_write, at) => {
      if (at === moment) throw new Error('killed');
    };

    await expect(kube.create(SECRET, secret('one'))).rejects.toThrow('killed');
    expect(kube.all(SECRET)).toHaveLength(0);
    moment = 'after';
    await expect(kube.create(SECRET, secret('one'))).rejects.toThrow('killed');
    expect(kube.all(SECRET)).toHaveLength(1);
  });

  it('given a list and then changes, when watching from the list, then exactly the changes that match arrive in order', async () => {
    const kube = new FakeKube(new FakeClock());
    await kube.create(SECRET, secret('old'));
    const { items, resourceVersion } = await kube.list<Secret>(SECRET, { namespace: 'a' });
    const abort = new AbortController();
    const seen: string[] = [];
    const watching = (async () => {
      for await (const event of kube.watch<Secret>(SECRET, { resourceVersion, labelSelector: 'x=1', signal: abort.signal })) {
        if (event.type === 'BOOKMARK') continue;
        seen.push(`${event.type} ${event.object.metadata.name}`);
        if (event.type === 'DELETED') abort.abort();
      }
    })();
    await kube.create(SECRET, secret('one', { labels: { x: '1' } }));
    await kube.create(SECRET, secret('two'));
    await kube.delete(SECRET, key);
    await watching;

    expect(items.map((one) => one.metadata.name)).toEqual(['old']);
    expect(seen).toEqual(['ADDED one', 'DELETED one']);
  });
});
