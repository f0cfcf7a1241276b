import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { APPLY, CONFIG_MAPS, MERGE, WIDGETS, WIDGET_CRD, configMap, startApi, widget, type Answer, type Harness, type StatusBody } from './harness.ts';
import type { JsonObject, KubeObject } from '../../../server/embedded/api/index.ts';

describe('server-side apply', () => {
  let h: Harness;
  beforeAll(async () => { h = await startApi({ crds: [WIDGET_CRD] }); });
  afterAll(() => h.close());
  const apply = (path: string, body: JsonObject, manager: string, force = false): Promise<Answer<KubeObject & StatusBody>> =>
    h.call('PATCH', `${path}?fieldManager=${manager}&force=${force}`, body, { 'content-type': APPLY });
  const managers = (object: KubeObject): string[] => (object.metadata.managedFields ?? []).map(({ manager, operation }) => `${manager} ${operation}`).sort();

  it('given no object, when applied, then it is created; applied again, then nothing is written', async () => {
    const first = await apply(`${CONFIG_MAPS}/new`, configMap('new', { data: { a: '1' } }), 'one');
    expect(first).toMatchObject({ status: 201, body: { metadata: { managedFields: [{ manager: 'one', operation: 'Apply', fieldsV1: { 'f:data': { 'f:a': {} } } }] } } });
    const again = await apply(`${CONFIG_MAPS}/new`, configMap('new', { data: { a: '1' } }), 'one');
    expect(again).toMatchObject({ status: 200, body: { metadata: { resourceVersion: first.body.metadata.resourceVersion } } });
  });

  it('given a field left out that was applied before, when nobody else owns it, then it goes; else it stays', async () => {
    await apply(`${CONFIG_MAPS}/shared`, configMap('shared', { data: { a: '1', b: '1', c: '1' } }), 'one');
    await apply(`${CONFIG_MAPS}/shared`, configMap('shared', { data: { b: '1' } }), 'two');
    const { body } = await apply(`${CONFIG_MAPS}/shared`, configMap('shared', { data: { c: '2' } }), 'one');
    expect(body.data).toEqual({ b: '1', c: '2' });
  });

  it('given another manager\'s field, when applied with another value, then it is a conflict that names both; with force it changes hands', async () => {
    await apply(`${CONFIG_MAPS}/fight`, configMap('fight', { data: { a: '1' } }), 'one');
    const refused = await apply(`${CONFIG_MAPS}/fight`, configMap('fight', { data: { a: '2' } }), 'two');
    expect(refused).toMatchObject({ status: 409, body: { reason: 'Conflict', message: 'Apply failed with 1 conflict: conflict with "one": .data.a', details: { causes: [{ reason: 'FieldManagerConflict', field: '.data.a' }] } } });
    const forced = await apply(`${CONFIG_MAPS}/fight`, configMap('fight', { data: { a: '2' } }), 'two', true);
    expect(forced.body.data).toEqual({ a: '2' });
    expect(managers(forced.body)).toEqual(['two Apply']);
    const returned = await apply(`${CONFIG_MAPS}/fight`, configMap('fight', { data: { b: '1' } }), 'one');
    expect(returned.body.data).toEqual({ a: '2', b: '1' });
  });

  it('given an update by somebody else, when that field is applied, then the updater owns it', async () => {
    await apply(`${CONFIG_MAPS}/updated`, configMap('updated', { data: { a: '1', b: '1' } }), 'one');
    const { body } = await h.call('PATCH', `${CONFIG_MAPS}/updated?fieldManager=editor`, { data: { a: '9' } }, { 'content-type': MERGE });
    expect(managers(body)).toEqual(['editor Update', 'one Apply']);
    const refused = await apply(`${CONFIG_MAPS}/updated`, configMap('updated', { data: { a: '1', b: '1' } }), 'one');
    expect(refused.body.message).toBe('Apply failed with 1 conflict: conflict with "editor" using v1: .data.a');
  });

  it('given an object that was never applied, when applied, then its earlier fields belong to before-first-apply', async () => {
    await h.call('POST', CONFIG_MAPS, configMap('plain', { data: { a: '1' } }));
    expect((await apply(`${CONFIG_MAPS}/plain`, configMap('plain', { data: { a: '2' } }), 'one')).body.message).toBe('Apply failed with 1 conflict: conflict with "before-first-apply" using v1: .data.a');
    const { body } = await apply(`${CONFIG_MAPS}/plain`, configMap('plain', { data: { a: '1', b: '1' } }), 'one');
    expect(managers(body)).toEqual(['before-first-apply Update', 'one Apply']);
  });

  it('given a keyed list of a CRD, when two managers apply items, then both are kept and each removes only its own', async () => {
    const parts = (...names: string[]): JsonObject => ({ source: 'a', parts: names.map((name) => ({ name, value: name })) });
    await apply(`${WIDGETS}/list`, widget('list', parts('x', 'y')), 'one');
    const both = await apply(`${WIDGETS}/list`, widget('list', parts('z')), 'two');
    expect(both.body.spec).toMatchObject({ parts: [{ name: 'x' }, { name: 'y' }, { name: 'z' }] });
    const less = await apply(`${WIDGETS}/list`, widget('list', parts('y')), 'one');
    expect(less.body.spec).toMatchObject({ parts: [{ name: 'y' }, { name: 'z' }] });
    const clash = await apply(`${WIDGETS}/list`, widget('list', { source: 'a', parts: [{ name: 'y', value: 'other' }] }), 'two');
    expect(clash.body.message).toBe('Apply failed with 1 conflict: conflict with "one": .spec.parts[name="y"].value');
  });

  it('given status and main, when the same manager applies both, then they are separate entries', async () => {
    await apply(`${WIDGETS}/parts`, widget('parts'), 'one');
    const { body } = await apply(`${WIDGETS}/parts/status`, { apiVersion: 'example.io/v1', kind: 'Widget', metadata: { name: 'parts' }, status: { phase: 'Ready' } }, 'one');
    expect(body).toMatchObject({ spec: { source: 'a' }, status: { phase: 'Ready' } });
    expect(body.metadata.managedFields?.map(({ subresource }) => subresource)).toEqual([undefined, 'status']);
  });

  it('given no field manager, when applied, then it is refused', async () => {
    expect(await h.call('PATCH', `${CONFIG_MAPS}/x`, configMap('x'), { 'content-type': APPLY })).toMatchObject({ status: 422, body: { details: { causes: [{ field: 'fieldManager' }] } } });
  });
});
