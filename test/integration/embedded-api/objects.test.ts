import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject, KubeObject } from '../../../server/embedded/api/index.ts';
import { CONFIG_MAPS, MERGE, WIDGETS, WIDGET_CRD, configMap, startApi, widget, type Harness, type StatusBody } from './harness.ts';

interface List { metadata: { resourceVersion: string; continue?: string; remainingItemCount?: number }; items: KubeObject[] }

describe('objects over HTTP', () => {
  let h: Harness;
  beforeAll(async () => { h = await startApi({ crds: [WIDGET_CRD] }); });
  afterAll(() => h.close());

  it('given a new object, when created twice, then the server sets its identity and refuses the second', async () => {
    const { status, body } = await h.call('POST', CONFIG_MAPS, configMap('twice', { data: { a: '1' } }));
    expect(status).toBe(201);
    expect(body.metadata).toMatchObject({ name: 'twice', namespace: 'default', uid: expect.stringMatching(/^[0-9a-f-]{36}$/) as string, creationTimestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as string });
    const second = await h.call('POST', CONFIG_MAPS, configMap('twice'));
    expect(second).toMatchObject({ status: 409, body: { reason: 'AlreadyExists', message: 'configmaps "twice" already exists', details: { name: 'twice', kind: 'configmaps' } } });
  });

  it('given generateName, when created, then a random suffix is added', async () => {
    const { body } = await h.call('POST', CONFIG_MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'gen-' } });
    expect(body.metadata.name).toMatch(/^gen-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  });

  it.each<[string, string, string, unknown, number, string]>([
    ['an absent namespace', 'POST', '/api/v1/namespaces/nowhere/configmaps', configMap('a'), 404, 'namespaces "nowhere" not found'],
    ['an absent object', 'GET', `${CONFIG_MAPS}/nothing`, undefined, 404, 'configmaps "nothing" not found'],
    ['an absent custom object', 'GET', `${WIDGETS}/x`, undefined, 404, 'widgets.example.io "x" not found'],
    ['a bad name', 'POST', CONFIG_MAPS, configMap('Bad_Name'), 422, 'ConfigMap "Bad_Name" is invalid: metadata.name: Invalid value: "Bad_Name": a lowercase RFC 1123 subdomain'],
    ['a bad label', 'POST', CONFIG_MAPS, configMap('lab', { metadata: { labels: { a: 'b c' } } }), 422, 'metadata.labels: Invalid value: "b c"'],
    ['a label that is no text', 'POST', CONFIG_MAPS, configMap('lab', { metadata: { labels: { a: 1 } } }), 400, 'cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string'],
    ['another kind', 'POST', CONFIG_MAPS, { ...configMap('a'), kind: 'Secret' }, 400, 'the kind in the data (Secret) does not match'],
    ['no JSON', 'POST', CONFIG_MAPS, '{"metadata": secret-text}', 400, 'the body of the request is not valid JSON'],
    ['a required field left out', 'POST', WIDGETS, widget('w', {}), 422, 'Widget.example.io "w" is invalid: [spec.source: Required value, <nil>: Invalid value: "null": some validation rules were not checked'],
    ['a rule violated', 'POST', WIDGETS, widget('w', { source: 'a', size: 100 }), 422, 'Widget.example.io "w" is invalid: spec: Invalid value: "object": size must be below 100'],
    ['a bad selector', 'GET', `${CONFIG_MAPS}?labelSelector=a%20b`, undefined, 400, 'unable to parse requirement'],
    ['a field that is not selectable', 'GET', `${CONFIG_MAPS}?fieldSelector=data.a%3D1`, undefined, 400, '"data.a" is not a known field selector: only "metadata.name", "metadata.namespace"'],
    ['a method that is not there', 'PUT', CONFIG_MAPS, configMap('a'), 405, 'the server does not allow this method on the requested resource'],
  ])('given %s, when requested, then the Status says so', async (_name, method, path, body, code, message) => {
    const answer = await h.call<StatusBody>(method, path, body);
    expect(answer.status).toBe(code);
    expect(answer.body).toMatchObject({ kind: 'Status', status: 'Failure', code });
    expect(answer.body.message).toContain(message);
    expect(answer.body.message).not.toContain('secret-text');
  });

  it('given an unknown resource, when requested, then it is a plain 404', async () => {
    expect(await h.call('GET', '/apis/example.io/v1/gadgets')).toMatchObject({ status: 404, body: '404 page not found\n' });
  });

  it('given an old version, when replaced with it, then it is a conflict; without version it depends on the type', async () => {
    const { body: created } = await h.call('POST', CONFIG_MAPS, configMap('version'));
    await h.call('PATCH', `${CONFIG_MAPS}/version`, { data: { a: '1' } }, { 'content-type': MERGE });
    expect(await h.call('PUT', `${CONFIG_MAPS}/version`, created)).toMatchObject({
      status: 409, body: { reason: 'Conflict', message: 'Operation cannot be fulfilled on configmaps "version": the object has been modified; please apply your changes to the latest version and try again' },
    });
    expect(await h.call('PUT', `${CONFIG_MAPS}/version`, configMap('version', { data: { b: '2' } }))).toMatchObject({ status: 200, body: { data: { b: '2' } } });
    await h.call('POST', WIDGETS, widget('version'));
    const refused = await h.call('PUT', `${WIDGETS}/version`, widget('version'));
    expect(refused).toMatchObject({ status: 422, body: { message: 'widgets.example.io "version" is invalid: metadata.resourceVersion: Invalid value: 0x0: must be specified for an update' } });
  });

  it('given a write that changes nothing, when sent, then the version stays', async () => {
    const { body: created } = await h.call('POST', CONFIG_MAPS, configMap('same', { data: { a: '1' } }));
    const { body: patched } = await h.call('PATCH', `${CONFIG_MAPS}/same`, { data: { a: '1' } }, { 'content-type': MERGE });
    expect(patched.metadata.resourceVersion).toBe(created.metadata.resourceVersion);
  });

  it('given dryRun, when created, then nothing is stored', async () => {
    expect((await h.call('POST', `${CONFIG_MAPS}?dryRun=All`, configMap('dry'))).status).toBe(201);
    expect((await h.call('GET', `${CONFIG_MAPS}/dry`)).status).toBe(404);
  });

  it('given a custom object, when written, then it is pruned and defaulted, and status and generation follow their own rules', async () => {
    const { body: created } = await h.call('POST', WIDGETS, { ...widget('sub', { source: 'a', junk: 1 }), status: { phase: 'Forged' } });
    expect(created.spec).toEqual({ source: 'a', size: 3 });
    expect(created.status).toBeUndefined();
    expect(created.metadata.generation).toBe(1);
    const status = await h.call('PUT', `${WIDGETS}/sub/status`, { ...created, spec: { source: 'other' }, metadata: { ...created.metadata, labels: { x: 'y' } }, status: { phase: 'Ready' } });
    expect(status).toMatchObject({ status: 200, body: { spec: { source: 'a' }, status: { phase: 'Ready' }, metadata: { generation: 1 } } });
    expect(status.body.metadata.labels).toBeUndefined();
    const main = await h.call('PATCH', `${WIDGETS}/sub`, { spec: { size: 4 }, status: { phase: 'Forged' } }, { 'content-type': MERGE });
    expect(main.body).toMatchObject({ spec: { size: 4 }, status: { phase: 'Ready' }, metadata: { generation: 2 } });
    expect(await h.call('PATCH', `${WIDGETS}/sub`, { spec: { source: 'b' } }, { 'content-type': MERGE })).toMatchObject({ status: 422, body: { message: 'Widget.example.io "sub" is invalid: spec: Invalid value: "object": source is immutable' } });
  });

  it('given unknown fields, when written, then they are dropped with a warning, and refused when validation is strict', async () => {
    const warned = await h.call('POST', WIDGETS, widget('warned', { source: 'a', junk: 1, parts: [{ name: 'p', more: 1 }] }));
    expect(warned.headers.get('warning')).toBe('299 - "unknown field \\"spec.junk\\"", 299 - "unknown field \\"spec.parts[0].more\\""');
    const strict = await h.call<StatusBody>('POST', `${WIDGETS}?fieldValidation=Strict`, widget('strict', { source: 'a', junk: 1 }));
    expect(strict).toMatchObject({ status: 400, body: { message: 'Widget in version "v1" cannot be handled as a Widget: strict decoding error: unknown field "spec.junk"' } });
  });

  it('given a lease and an event, when their times or namespace are not as Kubernetes wants them, then they are refused', async () => {
    const leases = '/apis/coordination.k8s.io/v1/namespaces/default/leases';
    const lease = (renewTime: string): JsonObject => ({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'l' }, spec: { holderIdentity: 'a', leaseDurationSeconds: 15, renewTime } });
    expect(await h.call('POST', leases, lease('2026-01-01T00:00:00.000Z'))).toMatchObject({ status: 400, body: { reason: 'BadRequest' } });
    expect((await h.call('POST', leases, lease('2026-01-01T00:00:00.000000Z'))).status).toBe(201);
    const event = { apiVersion: 'v1', kind: 'Event', metadata: { name: 'e' }, involvedObject: { kind: 'Widget', name: 'w', namespace: 'elsewhere' } };
    expect(await h.call('POST', '/api/v1/namespaces/default/events', event)).toMatchObject({ status: 422, body: { message: 'Event "e" is invalid: involvedObject.namespace: Invalid value: "elsewhere": does not match event.namespace' } });
  });

  it('given a claim from a snapshot, when created and bound, then both forms of its source are there and its spec is fixed', async () => {
    const claims = '/api/v1/namespaces/default/persistentvolumeclaims';
    const source = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 's' };
    const { body } = await h.call('POST', claims, { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'c' }, spec: { accessModes: ['ReadWriteOnce'], dataSource: source, resources: { requests: { storage: '1Gi' } } } });
    expect(body).toMatchObject({ spec: { dataSourceRef: source, volumeMode: 'Filesystem' }, status: { phase: 'Pending' } });
    expect((await h.call('PATCH', `${claims}/c`, { spec: { volumeName: 'pv-1' } }, { 'content-type': MERGE })).status).toBe(200);
    expect(await h.call('PATCH', `${claims}/c`, { spec: { volumeName: 'pv-2' } }, { 'content-type': MERGE })).toMatchObject({
      status: 422, body: { message: 'PersistentVolumeClaim "c" is invalid: spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims' },
    });
  });

  it('given a Secret with stringData, when created, then data holds it in base64, and bad data is refused without showing it', async () => {
    const { body } = await h.call('POST', '/api/v1/namespaces/default/secrets', { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, stringData: { a: 'hello' } });
    expect(body).toMatchObject({ type: 'Opaque', data: { a: 'aGVsbG8=' } });
    expect(body.stringData).toBeUndefined();
    const bad = await h.call('POST', '/api/v1/namespaces/default/secrets', { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'bad' }, data: { a: 'not-base64!' } });
    expect(bad.status).toBe(400);
    expect(JSON.stringify(bad.body)).not.toContain('not-base64');
  });

  it('given bodies beyond the limits, when sent, then 413 and 422 answer', async () => {
    const text = 'x'.repeat(1024 * 1024 + 1);
    expect((await h.call('POST', CONFIG_MAPS, configMap('big', { data: { a: text } }))).status).toBe(422);
    expect(await h.call('POST', CONFIG_MAPS, configMap('huge', { data: { a: text.repeat(3) } }))).toMatchObject({ status: 413, body: { reason: 'RequestEntityTooLarge' } });
    expect((await h.call('POST', CONFIG_MAPS, 'k: v', { 'content-type': 'application/yaml' })).status).toBe(415);
  });

  it('given pages and writes between them, when listed, then the list is as it was at the first page', async () => {
    await h.call('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'paging' } });
    const path = '/api/v1/namespaces/paging/configmaps';
    for (let index = 0; index < 25; index++) await h.call('POST', path, configMap(`c-${String(index).padStart(2, '0')}`, { metadata: { labels: { even: String(index % 2 === 0) } } }));
    const names: string[] = [];
    let token = '';
    let version = '';
    do {
      const { body } = await h.call<List>('GET', `${path}?limit=10&continue=${token}`);
      names.push(...body.items.map(({ metadata }) => metadata.name));
      version ||= body.metadata.resourceVersion;
      expect(body.metadata.resourceVersion).toBe(version);
      expect(body.metadata.remainingItemCount ?? 0).toBe(25 - names.length);
      token = body.metadata.continue ?? '';
      await h.call('DELETE', `${path}/c-${String(24 - names.length / 10).padStart(2, '0')}`);
      await h.call('POST', path, configMap(`c-15-${names.length}`));
    } while (token !== '');
    expect(names).toEqual(Array.from({ length: 25 }, (_unused, index) => `c-${String(index).padStart(2, '0')}`));
    const even = await h.call<List>('GET', `${path}?labelSelector=even%3Dtrue&limit=5`);
    expect(even.body.items).toHaveLength(5);
    expect(even.body.metadata.remainingItemCount).toBeUndefined();
  });

  it('given an Accept header for a Table, when listed, then the CRD\'s columns are cells', async () => {
    const { body: created } = await h.call('POST', WIDGETS, widget('table'));
    await h.call('PUT', `${WIDGETS}/table/status`, { ...created, status: { conditions: [{ type: 'Ready', status: 'True' }] } });
    const { body } = await h.call<{ columnDefinitions: Array<{ name: string }>; rows: Array<{ cells: unknown[] }> }>('GET', `${WIDGETS}?fieldSelector=metadata.name%3Dtable`, undefined, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' });
    expect(body.columnDefinitions.map(({ name }) => name)).toEqual(['Name', 'Size', 'Ready']);
    expect(body.rows.map(({ cells }) => cells)).toEqual([['table', 3, 'True']]);
  });

  it('given a selectable field of a CRD, when selected by it, then only those are listed', async () => {
    await h.call('POST', WIDGETS, widget('selected', { source: 'special' }));
    const { body } = await h.call<List>('GET', `${WIDGETS}?fieldSelector=spec.source%3Dspecial`);
    expect(body.items.map(({ metadata }) => metadata.name)).toEqual(['selected']);
  });

  it('given discovery, when read, then built-in and custom types are there', async () => {
    const groups = await h.call<{ groups: Array<{ name: string }> }>('GET', '/apis');
    expect(groups.body.groups.map(({ name }) => name)).toEqual(expect.arrayContaining(['apps', 'batch', 'example.io', 'authorization.k8s.io', 'kubevirt.io']));
    const resources = await h.call<{ resources: Array<{ name: string; shortNames?: string[] }> }>('GET', '/apis/example.io/v1');
    expect(resources.body.resources.map(({ name }) => name)).toEqual(['widgets', 'widgets/status']);
    expect((await h.call('GET', '/version')).body).toMatchObject({ major: '1' });
    expect(await (await fetch(`${h.url}/readyz`)).text()).toBe('ok');
  });
});
