import type { Lab } from './harness.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configMap, startLab } from './harness.ts';

const BASE = '/k8s/clusters/local/v1';
type Row = { id: string; links: Record<string, string>; metadata: { state: { name: string }; fields: unknown[] } };

describe('Steve on the embedded API', () => {
  let lab: Lab;
  const rows = async (query: string, user?: string): Promise<Row[]> => {
    const answer = await lab.ask(`${BASE}/configmaps${query}`, user ? { user } : {});

    return answer.json()['data'] as Row[];
  };
  const ids = async (query: string): Promise<string[]> => (await rows(query)).map(({ id }) => id);

  beforeAll(async () => {
    lab = await startLab();
    for (const [index, name] of ['cherry', 'apple', 'banana', 'date'].entries()) {
      await lab.put('/api/v1/namespaces/shop/configmaps', configMap('shop', name, { order: String(index) }, { colour: index % 2 === 0 ? 'red' : 'blue' }));
    }
    await lab.put('/api/v1/namespaces/office/configmaps', configMap('office', 'apple', { order: '9' }));
  });
  afterAll(() => lab.close());

  it('given objects in two namespaces, when a type is listed, then all are there with id, type, links and state', async () => {
    const answer = await lab.ask(`${BASE}/configmaps`);
    const body = answer.json();
    const [first] = body['data'] as Row[];

    expect(body).toMatchObject({ type: 'collection', resourceType: 'configmap', count: 5 });
    expect(Number(body['revision'])).toBeGreaterThan(0);
    expect(first).toMatchObject({ id: 'office/apple', type: 'configmap', metadata: { state: { name: 'active', error: false } } });
    expect(first?.links).toMatchObject({
      self: `${lab.url}${BASE}/configmaps/office/apple`, update: expect.any(String) as string, remove: expect.any(String) as string,
      view: `${lab.url}/k8s/clusters/local/api/v1/namespaces/office/configmaps/apple`,
    });
  });

  it('given a namespace in the path, when a type is listed, then only its objects are there', async () => {
    expect(await ids('/office')).toEqual(['office/apple']);
  });

  it('given a page size, when the second page is asked for, then it goes on where the first ended and counts everything', async () => {
    const first = (await lab.ask(`${BASE}/configmaps?pagesize=2&page=1&sort=metadata.name`)).json();
    const second = (await lab.ask(`${BASE}/configmaps?pagesize=2&page=2&sort=metadata.name`)).json();

    expect((first['data'] as Row[]).map(({ id }) => id)).toEqual(['office/apple', 'shop/apple']);
    expect((second['data'] as Row[]).map(({ id }) => id)).toEqual(['shop/banana', 'shop/cherry']);
    expect(second).toMatchObject({ count: 5, pages: 3 });
  });

  it('given a descending sort, when a type is listed, then the order is turned', async () => {
    expect(await ids('?sort=-data.order&pagesize=2')).toEqual(['office/apple', 'shop/date']);
  });

  it.each([
    ['?filter=metadata.name=apple', ['office/apple', 'shop/apple']],
    ['?filter=metadata.name~an', ['shop/banana']],
    ['?filter=metadata.name=apple&filter=metadata.namespace=shop', ['shop/apple']],
    ['?filter=metadata.name=date,metadata.name=cherry', ['shop/cherry', 'shop/date']],
    ['?filter=metadata.namespace!=shop', ['office/apple']],
    [`?filter=${encodeURIComponent('metadata.name IN (date,cherry)')}`, ['shop/cherry', 'shop/date']],
    [`?filter=${encodeURIComponent('metadata.labels[colour] NOTIN (red)')}&filter=metadata.labels[colour]`, ['shop/apple', 'shop/date']],
    ['?labelSelector=colour%3Dred', ['shop/banana', 'shop/cherry']],
    ['?projectsornamespaces=office', ['office/apple']],
  ])('given the query %s, when a type is listed, then %j are found', async (query, expected) => {
    expect(await ids(query)).toEqual(expected);
  });

  it('given an object, when it is read, changed, and deleted through Steve, then the API has the result', async () => {
    await lab.ask(`${BASE}/configmaps`, { method: 'POST', body: { type: 'configmap', metadata: { name: 'new', namespace: 'shop' }, data: { a: '1' } } });
    const read = (await lab.ask(`${BASE}/configmaps/shop/new`)).json();
    const updated = await lab.ask(`${BASE}/configmaps/shop/new`, { method: 'PUT', body: { ...read, data: { a: '2' } } });
    const stale = await lab.ask(`${BASE}/configmaps/shop/new`, { method: 'PUT', body: { ...read, data: { a: '3' } } });

    expect(updated.status).toBe(200);
    expect(stale).toMatchObject({ status: 409 });
    expect(lab.api.store.get('/configmaps', 'shop/new')).toMatchObject({ data: { a: '2' } });
    expect(lab.api.store.get('/configmaps', 'shop/new')).not.toHaveProperty('links');
    expect((await lab.ask(`${BASE}/configmaps/shop/new`, { method: 'DELETE' })).status).toBeLessThan(300);
    expect(lab.api.store.get('/configmaps', 'shop/new')).toBeUndefined();
  });

  it('given a Secret with a type of its own, when it goes through Steve, then the type survives', async () => {
    await lab.ask(`${BASE}/secrets`, { method: 'POST', body: { type: 'Opaque', metadata: { name: 'key', namespace: 'shop' }, data: { password: 'eA==' } } });
    const read = (await lab.ask(`${BASE}/secrets/shop/key`)).json();

    expect(read).toMatchObject({ type: 'secret', _type: 'Opaque' });
    expect(lab.api.store.get('/secrets', 'shop/key')).toMatchObject({ type: 'Opaque' });
  });

  it('given an object that the API refuses, when it is created, then the reason reaches the page', async () => {
    const answer = await lab.ask(`${BASE}/backup.harvesterhci.io.vmbackups`, { method: 'POST', body: { metadata: { name: 'b', namespace: 'shop' }, spec: {} } });

    expect(answer.status).toBe(422);
    expect(String(answer.json()['message'])).toContain('spec');
  });

  it('given our kinds, when schemas are listed, then each names its columns and what the user may do', async () => {
    const schemas = (await lab.ask(`${BASE}/schemas`)).json()['data'] as { id: string; attributes: { columns: { field: string }[]; verbs: string[] }; collectionMethods: string[]; resourceMethods: string[] }[];
    const ours = schemas.find(({ id }) => id === 'backup.harvesterhci.io.vmbackup');

    expect(ours?.collectionMethods).toEqual(['GET', 'POST']);
    expect(ours?.resourceMethods).toEqual(['GET', 'PUT', 'PATCH', 'DELETE']);
    expect(ours?.attributes.columns[0]?.field).toBe('$.metadata.fields[0]');
    expect(schemas.map(({ id }) => id)).toEqual(expect.arrayContaining(['count', 'userpreference', 'schema', 'namespace', 'management.cattle.io.setting']));
  });

  it('given the read-only user, when a list is read, then it offers neither change nor removal, and a write is refused', async () => {
    const schema = ((await lab.ask(`${BASE}/schemas`, { user: 'viewer' })).json()['data'] as { id: string; collectionMethods: string[] }[]).find(({ id }) => id === 'backup.harvesterhci.io.backuprepository');
    const namespaces = (await lab.ask(`${BASE}/namespaces`, { user: 'viewer' })).json()['data'] as Row[];
    const refused = await lab.ask(`${BASE}/namespaces`, { method: 'POST', user: 'viewer', body: { metadata: { name: 'mine' } } });

    expect(schema?.collectionMethods).toEqual(['GET']);
    expect(namespaces[0]?.links).not.toHaveProperty('remove');
    expect(namespaces[0]?.links).not.toHaveProperty('update');
    expect(refused.status).toBe(403);
  });

  it('given a user without rights on backups, when they are asked for, then neither schema nor list is given', async () => {
    const schemas = (await lab.ask(`${BASE}/schemas`, { user: 'guest' })).json()['data'] as { id: string }[];

    expect(schemas.map(({ id }) => id)).not.toContain('backup.harvesterhci.io.vmbackup');
    expect((await lab.ask(`${BASE}/backup.harvesterhci.io.vmbackups`, { user: 'guest' })).status).toBe(403);
    expect((await lab.ask(`${BASE}/secrets/shop/key`, { user: 'guest' })).status).toBe(403);
  });

  it('given a type that nobody knows, when it is asked for, then it is not found', async () => {
    expect((await lab.ask(`${BASE}/no.such.type`)).status).toBe(404);
  });

  it('given objects, when counts are asked for, then they are by namespace and only of what the user can list', async () => {
    const counts = async (user: string): Promise<Record<string, { summary: { count: number }; namespaces?: Record<string, { count: number }> }>> =>
      ((await lab.ask(`${BASE}/counts`, { user })).json()['data'] as { counts: never }[])[0]?.counts as never;

    expect((await counts('admin'))['configmap']).toMatchObject({ summary: { count: 5 }, namespaces: { shop: { count: 4 }, office: { count: 1 } } });
    expect(await counts('guest')).not.toHaveProperty('configmap');
  });
});
