import type { Lab } from './harness.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ROOT, configMap, startLab } from './harness.ts';

describe('Steve subscriptions', () => {
  let lab: Lab;
  const create = (namespace: string, name: string, labels: Record<string, string> = {}): Promise<unknown> => lab.put(`/api/v1/namespaces/${namespace}/configmaps`, configMap(namespace, name, {}, labels));
  const remove = (namespace: string, name: string): Promise<unknown> => lab.api.request(ROOT, { method: 'DELETE', url: `/api/v1/namespaces/${namespace}/configmaps/${name}` });

  beforeEach(async () => {
    lab = await startLab();
  });
  afterEach(() => lab.close());

  it('given a watch on a type, when an object comes, changes and goes, then each is told with its revision', async () => {
    const socket = await lab.subscribe('/k8s/clusters/local/v1/subscribe');

    socket.send({ resourceType: 'configmap' });
    await socket.next('resource.start');
    await create('shop', 'a');
    const created = await socket.next('resource.create');
    await lab.api.request(ROOT, { method: 'PATCH', url: '/api/v1/namespaces/shop/configmaps/a', contentType: 'application/merge-patch+json', body: { data: { x: '1' } } });
    const changed = await socket.next('resource.change');
    await remove('shop', 'a');
    const removed = await socket.next('resource.remove');

    expect(created).toMatchObject({ resourceType: 'configmap', data: { id: 'shop/a', type: 'configmap' } });
    expect(changed).toMatchObject({ data: { id: 'shop/a', data: { x: '1' } } });
    expect(Number(changed['revision'])).toBeGreaterThan(Number(created['revision']));
    expect(removed).toMatchObject({ data: { id: 'shop/a' } });
    socket.close();
  });

  it('given a list, when a watch continues from its revision, then nothing between the two is lost', async () => {
    const revision = (await lab.ask('/v1/configmaps')).json()['revision'] as string;

    await create('shop', 'between');
    const socket = await lab.subscribe();

    socket.send({ resourceType: 'configmap', resourceVersion: revision });
    expect(await socket.next('resource.create')).toMatchObject({ data: { id: 'shop/between' } });
    socket.close();
  });

  it('given a revision that is forgotten, when a watch asks for it, then it is told so and stopped', async () => {
    const socket = await lab.subscribe();

    socket.send({ resourceType: 'configmap', resourceVersion: '-1' });
    expect(await socket.next('resource.error')).toMatchObject({ resourceType: 'configmap', data: { error: expect.stringContaining('too old') as string } });
    expect(await socket.next('resource.stop')).toMatchObject({ resourceType: 'configmap' });
    socket.close();
  });

  it('given a watch on one namespace, when another changes, then it is not told', async () => {
    const socket = await lab.subscribe();

    socket.send({ resourceType: 'configmap', namespace: 'shop' });
    await socket.next('resource.start');
    await create('office', 'elsewhere');
    await create('shop', 'here');
    expect(await socket.next('resource.create')).toMatchObject({ namespace: 'shop', data: { id: 'shop/here' } });
    expect(socket.seen.filter(({ name }) => name === 'resource.create')).toHaveLength(1);
    socket.close();
  });

  it('given a selector, when an object leaves the selection, then it is removed for this watch', async () => {
    const socket = await lab.subscribe();

    socket.send({ resourceType: 'configmap', selector: 'colour=red' });
    await socket.next('resource.start');
    await create('shop', 'other', { colour: 'blue' });
    await create('shop', 'a', { colour: 'red' });
    expect(await socket.next('resource.create')).toMatchObject({ data: { id: 'shop/a' } });
    await lab.api.request(ROOT, { method: 'PATCH', url: '/api/v1/namespaces/shop/configmaps/a', contentType: 'application/merge-patch+json', body: { metadata: { labels: { colour: 'blue' } } } });
    expect(await socket.next('resource.remove')).toMatchObject({ data: { id: 'shop/a' } });
    socket.close();
  });

  it('given the mode resource.changes, when much changes at once, then one message without data is sent', async () => {
    const socket = await lab.subscribe();

    socket.send({ resourceType: 'configmap', mode: 'resource.changes' });
    await socket.next('resource.start');
    for (const name of ['a', 'b', 'c']) await create('shop', name);
    const message = await socket.next('resource.changes');

    expect(message).toMatchObject({ resourceType: 'configmap', mode: 'resource.changes' });
    expect(message).not.toHaveProperty('data');
    expect(Number(message['revision'])).toBe(lab.api.store.revision);
    socket.close();
  });

  it('given a stopped watch, when something changes, then it is silent', async () => {
    const socket = await lab.subscribe();

    socket.send({ resourceType: 'configmap' });
    await socket.next('resource.start');
    socket.send({ resourceType: 'configmap', stop: true });
    await socket.next('resource.stop');
    await create('shop', 'a');
    socket.send({ resourceType: 'namespace' });
    await socket.next('resource.start');
    expect(socket.seen.some(({ name }) => name === 'resource.create')).toBe(false);
    socket.close();
  });

  it('given a user without rights, when a watch is asked for, then it is refused', async () => {
    const socket = await lab.subscribe('/v1/subscribe', 'guest');

    socket.send({ resourceType: 'configmap' });
    expect(await socket.next('resource.error')).toMatchObject({ data: { error: 'watch not allowed' } });
    socket.close();
  });

  it('given a watch on counts, when objects come, then the new numbers are told', async () => {
    const socket = await lab.subscribe();

    socket.send({ resourceType: 'count' });
    await socket.next('resource.start');
    await create('shop', 'a');
    expect(await socket.next('resource.change')).toMatchObject({ data: { counts: { configmap: { summary: { count: 1 } } } } });
    socket.close();
  });
});
