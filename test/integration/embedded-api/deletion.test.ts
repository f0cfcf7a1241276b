import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject, KubeObject } from '../../../server/embedded/api/index.ts';
import { CONFIG_MAPS, MERGE, WIDGETS, WIDGET_CRD, configMap, startApi, widget, type Harness, type StatusBody } from './harness.ts';

const ownedBy = (owner: KubeObject, more: JsonObject = {}): JsonObject =>
  ({ ownerReferences: [{ apiVersion: owner.apiVersion, kind: owner.kind, name: owner.metadata.name, uid: owner.metadata.uid, ...more }] });

describe('deletion', () => {
  let h: Harness;
  beforeAll(async () => { h = await startApi({ crds: [WIDGET_CRD] }); });
  afterAll(() => h.close());
  const exists = async (path: string): Promise<boolean> => {
    await h.api.settled();
    return (await h.call('GET', path)).status === 200;
  };

  it('given a finalizer, when deleted, then the object stays until the last one goes, and takes no new ones', async () => {
    await h.call('POST', WIDGETS, widget('held', { source: 'a' }, { finalizers: ['example.io/hold'] }));
    const deleted = await h.call('DELETE', `${WIDGETS}/held`);
    expect(deleted.body.metadata).toMatchObject({ deletionTimestamp: expect.any(String) as string, deletionGracePeriodSeconds: 0, generation: 2 });
    const refused = await h.call('PATCH', `${WIDGETS}/held`, { metadata: { finalizers: ['example.io/hold', 'example.io/more'] } }, { 'content-type': MERGE });
    expect(refused).toMatchObject({ status: 422, body: { message: 'Widget.example.io "held" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"example.io/more"}' } });
    expect(await exists(`${WIDGETS}/held`)).toBe(true);
    expect((await h.call('PATCH', `${WIDGETS}/held`, { metadata: { finalizers: [] } }, { 'content-type': MERGE })).status).toBe(200);
    expect(await exists(`${WIDGETS}/held`)).toBe(false);
  });

  it('given preconditions that do not hold, when deleted, then it is a conflict and the object stays', async () => {
    const { body } = await h.call('POST', CONFIG_MAPS, configMap('pre'));
    expect(await h.call('DELETE', `${CONFIG_MAPS}/pre`, { preconditions: { uid: 'another' } })).toMatchObject({ status: 409, body: { reason: 'Conflict' } });
    expect((await h.call('DELETE', `${CONFIG_MAPS}/pre`, { preconditions: { uid: body.metadata.uid, resourceVersion: '1' } })).status).toBe(409);
    expect(await h.call('DELETE', `${CONFIG_MAPS}/pre`, { preconditions: { uid: body.metadata.uid } })).toMatchObject({ status: 200, body: { kind: 'Status', status: 'Success', details: { name: 'pre', kind: 'configmaps', uid: body.metadata.uid } } });
  });

  it('given dependents, when the owner goes in the background, then they go by UID, and one with another owner only loses the reference', async () => {
    const { body: owner } = await h.call('POST', CONFIG_MAPS, configMap('owner'));
    const { body: other } = await h.call('POST', CONFIG_MAPS, configMap('other'));
    await h.call('POST', WIDGETS, widget('child', undefined, ownedBy(owner)));
    await h.call('POST', CONFIG_MAPS, configMap('shared', { metadata: { ownerReferences: [...ownedBy(owner).ownerReferences as JsonObject[], ...ownedBy(other).ownerReferences as JsonObject[]] } }));
    expect(await exists(`${WIDGETS}/child`)).toBe(true);
    await h.call('DELETE', `${CONFIG_MAPS}/owner`);
    expect(await exists(`${WIDGETS}/child`)).toBe(false);
    const { body: shared } = await h.call('GET', `${CONFIG_MAPS}/shared`);
    expect(shared.metadata.ownerReferences?.map(({ name }) => name)).toEqual(['other']);
  });

  it('given an owner of that name but another UID, when the dependent is created, then it is collected', async () => {
    const { body: owner } = await h.call('POST', CONFIG_MAPS, configMap('namesake'));
    await h.call('POST', CONFIG_MAPS, configMap('stray', { metadata: ownedBy({ ...owner, metadata: { ...owner.metadata, uid: '00000000-0000-0000-0000-000000000000' } }) }));
    expect(await exists(`${CONFIG_MAPS}/stray`)).toBe(false);
    expect(await exists(`${CONFIG_MAPS}/namesake`)).toBe(true);
  });

  it('given Foreground, when the owner is deleted, then it waits for the dependents that block it', async () => {
    const { body: owner } = await h.call('POST', CONFIG_MAPS, configMap('front'));
    await h.call('POST', CONFIG_MAPS, configMap('blocker', { metadata: { ...ownedBy(owner, { blockOwnerDeletion: true }), finalizers: ['example.io/hold'] } }));
    await h.call('DELETE', `${CONFIG_MAPS}/front?propagationPolicy=Foreground`);
    expect(await exists(`${CONFIG_MAPS}/front`)).toBe(true);
    expect((await h.call('GET', `${CONFIG_MAPS}/blocker`)).body.metadata.deletionTimestamp).toBeDefined();
    await h.call('PATCH', `${CONFIG_MAPS}/blocker`, { metadata: { finalizers: null } }, { 'content-type': MERGE });
    expect(await exists(`${CONFIG_MAPS}/front`)).toBe(false);
  });

  it('given Orphan, or a Job without a policy, when the owner is deleted, then the dependents stay without reference', async () => {
    const { body: owner } = await h.call('POST', CONFIG_MAPS, configMap('parent'));
    await h.call('POST', CONFIG_MAPS, configMap('orphan', { metadata: ownedBy(owner) }));
    await h.call('DELETE', `${CONFIG_MAPS}/parent`, { propagationPolicy: 'Orphan' });
    expect(await exists(`${CONFIG_MAPS}/parent`)).toBe(false);
    expect((await h.call('GET', `${CONFIG_MAPS}/orphan`)).body.metadata.ownerReferences).toBeUndefined();
    const jobs = '/apis/batch/v1/namespaces/default/jobs';
    const { body: job } = await h.call('POST', jobs, { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'j' }, spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } } } });
    await h.call('POST', CONFIG_MAPS, configMap('of-job', { metadata: ownedBy(job) }));
    await h.call('DELETE', `${jobs}/j`);
    expect(await exists(`${jobs}/j`)).toBe(false);
    expect(await exists(`${CONFIG_MAPS}/of-job`)).toBe(true);
  });

  it('given a pod on a node, when deleted, then it gets its grace, and a second delete with 0 removes it', async () => {
    const pods = '/api/v1/namespaces/default/pods';
    await h.call('POST', pods, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { nodeName: 'n', containers: [{ name: 'c', image: 'i' }] } });
    expect((await h.call('DELETE', `${pods}/p`)).body.metadata).toMatchObject({ deletionGracePeriodSeconds: 30 });
    expect(await exists(`${pods}/p`)).toBe(true);
    await h.call('DELETE', `${pods}/p?gracePeriodSeconds=0`);
    expect(await exists(`${pods}/p`)).toBe(false);
  });

  it('given a namespace, when deleted, then nothing new comes in, its objects go first and finalizers hold it', async () => {
    const path = '/api/v1/namespaces/going/configmaps';
    await h.call('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'going' } });
    await h.call('POST', path, configMap('plain'));
    await h.call('POST', path, configMap('held', { metadata: { finalizers: ['example.io/hold'] } }));
    expect((await h.call('DELETE', '/api/v1/namespaces/going')).body).toMatchObject({ status: { phase: 'Terminating' } });
    expect(await exists(`${path}/plain`)).toBe(false);
    const refused = await h.call<StatusBody>('POST', path, configMap('late'));
    expect(refused).toMatchObject({ status: 403, body: { message: 'configmaps "late" is forbidden: unable to create new content in namespace going because it is being terminated', details: { causes: [{ reason: 'NamespaceTerminating' }] } } });
    expect(await exists('/api/v1/namespaces/going')).toBe(true);
    await h.call('PATCH', `${path}/held`, { metadata: { finalizers: null } }, { 'content-type': MERGE });
    expect(await exists('/api/v1/namespaces/going')).toBe(false);
  });

  it('given deletecollection with a selector, when sent, then only those go', async () => {
    await h.call('POST', CONFIG_MAPS, configMap('one', { metadata: { labels: { batch: 'x' } } }));
    await h.call('POST', CONFIG_MAPS, configMap('two', { metadata: { labels: { batch: 'x' } } }));
    await h.call('POST', CONFIG_MAPS, configMap('three'));
    const { body } = await h.call<{ items: KubeObject[] }>('DELETE', `${CONFIG_MAPS}?labelSelector=batch%3Dx`);
    expect(body.items.map(({ metadata }) => metadata.name)).toEqual(['one', 'two']);
    expect(await exists(`${CONFIG_MAPS}/one`)).toBe(false);
    expect(await exists(`${CONFIG_MAPS}/three`)).toBe(true);
  });

  it('given a CRD, when deleted, then its objects go and the type is not served any more; created again it is', async () => {
    await h.call('POST', WIDGETS, widget('last'));
    await h.call('DELETE', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.example.io');
    await h.api.settled();
    expect(await h.call('GET', WIDGETS)).toMatchObject({ status: 404, body: '404 page not found\n' });
    await h.call('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', WIDGET_CRD);
    await h.api.settled();
    const { body } = await h.call('GET', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.example.io');
    expect((body.status as { conditions: Array<{ type: string; status: string }> }).conditions).toEqual(expect.arrayContaining([expect.objectContaining({ type: 'Established', status: 'True' })]));
    expect(await h.call('GET', WIDGETS)).toMatchObject({ status: 200, body: { items: [] } });
  });
});
