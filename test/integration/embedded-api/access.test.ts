import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject, LogRequest, RequestEvent } from '../../../server/embedded/api/index.ts';
import { BOB, CONFIG_MAPS, WIDGETS, WIDGET_CRD, configMap, startApi, widget, type Harness, type StatusBody } from './harness.ts';

const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const asBob = { authorization: `Bearer ${BOB}` };
const role = (name: string, rules: JsonObject[], more: JsonObject = {}): JsonObject => ({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name, ...more }, rules });
const bind = (name: string, roleName: string, subject: JsonObject): JsonObject =>
  ({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding', metadata: { name }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: roleName }, subjects: [subject] });

describe('who may do what', () => {
  let h: Harness;
  beforeAll(async () => { h = await startApi({ crds: [WIDGET_CRD] }); });
  afterAll(() => h.close());

  it('given no token or an unknown one, when requested, then it is 401', async () => {
    expect(await h.call('GET', CONFIG_MAPS, undefined, { authorization: '' })).toMatchObject({ status: 401, body: { reason: 'Unauthorized', message: 'Unauthorized' } });
    expect((await h.call('GET', CONFIG_MAPS, undefined, { authorization: 'Bearer nobody' })).status).toBe(401);
  });

  it('given no role, when a person asks for something, then 403 says what is missing in kube-apiserver\'s words', async () => {
    const messages = await Promise.all([
      h.call<StatusBody>('GET', WIDGETS, undefined, asBob), h.call<StatusBody>('GET', '/api/v1/nodes', undefined, asBob),
      h.call<StatusBody>('PUT', `${WIDGETS}/w/status`, {}, asBob), h.call<StatusBody>('GET', '/metrics', undefined, asBob),
    ]);
    expect(messages.map(({ status, body }) => [status, body.message])).toEqual([
      [403, 'widgets.example.io is forbidden: User "bob" cannot list resource "widgets" in API group "example.io" in the namespace "default"'],
      [403, 'nodes is forbidden: User "bob" cannot list resource "nodes" in API group "" at the cluster scope'],
      [403, 'widgets.example.io "w" is forbidden: User "bob" cannot update resource "widgets/status" in API group "example.io" in the namespace "default"'],
      [403, 'forbidden: User "bob" cannot get path "/metrics"'],
    ]);
  });

  it('given a binding of a group in one namespace, when a member asks, then the role holds there only, and ends with the binding', async () => {
    await h.call('POST', `${RBAC}/clusterroles`, role('widget-reader', [{ apiGroups: ['example.io'], resources: ['widgets'], verbs: ['get', 'list'] }]));
    await h.call('POST', `${RBAC}/namespaces/default/rolebindings`, bind('team', 'widget-reader', { kind: 'Group', name: 'team' }));
    expect((await h.call('GET', WIDGETS, undefined, asBob)).status).toBe(200);
    expect((await h.call('POST', WIDGETS, widget('no'), asBob)).status).toBe(403);
    expect((await h.call('GET', '/apis/example.io/v1/namespaces/kube-system/widgets', undefined, asBob)).status).toBe(403);
    expect((await h.call('GET', '/apis/example.io/v1/widgets', undefined, asBob)).status).toBe(403);
    await h.call('DELETE', `${RBAC}/namespaces/default/rolebindings/team`);
    expect((await h.call('GET', WIDGETS, undefined, asBob)).status).toBe(403);
  });

  it('given an aggregation label, when a role with it appears, then edit holds its rules', async () => {
    await h.call('POST', `${RBAC}/namespaces/default/rolebindings`, bind('editors', 'edit', { kind: 'User', name: 'bob' }));
    const ask = (): boolean => h.api.authorize({ user: 'bob', groups: [] }, { verb: 'create', group: 'example.io', resource: 'widgets', namespace: 'default', path: '' }).allowed;
    expect(ask()).toBe(false);
    await h.call('POST', `${RBAC}/clusterroles`, role('widget-editor', [{ apiGroups: ['example.io'], resources: ['widgets'], verbs: ['create'] }], { labels: { 'rbac.authorization.k8s.io/aggregate-to-edit': 'true' } }));
    await h.api.settled();
    expect(ask()).toBe(true);
  });

  it('given resourceNames, when other names or lists are asked for, then they are denied', async () => {
    await h.call('POST', `${RBAC}/clusterroles`, role('one-name', [{ apiGroups: ['example.io'], resources: ['widgets'], resourceNames: ['mine'], verbs: ['use', 'list'] }]));
    await h.call('POST', `${RBAC}/namespaces/default/rolebindings`, bind('one', 'one-name', { kind: 'ServiceAccount', name: 'robot', namespace: 'default' }));
    const ask = (verb: string, name?: string): boolean => h.api.authorize({ user: 'system:serviceaccount:default:robot', groups: [] }, { verb, group: 'example.io', resource: 'widgets', namespace: 'default', path: '', ...(name ? { name } : {}) }).allowed;
    expect([ask('use', 'mine'), ask('use', 'other'), ask('list')]).toEqual([true, false, false]);
  });

  it('given access reviews, when created, then they answer as authorisation decides, for oneself and, if allowed, for others', async () => {
    const path = '/apis/authorization.k8s.io/v1';
    const attributes = { resourceAttributes: { verb: 'list', resource: 'nodes' } };
    const review = (kind: string, spec: JsonObject): JsonObject => ({ apiVersion: 'authorization.k8s.io/v1', kind, spec });
    expect(await h.call('POST', `${path}/selfsubjectaccessreviews`, review('SelfSubjectAccessReview', attributes), asBob)).toMatchObject({ status: 201, body: { status: { allowed: false } } });
    expect(await h.call('POST', `${path}/selfsubjectaccessreviews`, review('SelfSubjectAccessReview', attributes))).toMatchObject({ status: 201, body: { status: { allowed: true } } });
    expect(await h.call('POST', `${path}/subjectaccessreviews`, review('SubjectAccessReview', { ...attributes, user: 'x', groups: ['system:masters'] }))).toMatchObject({ body: { status: { allowed: true } } });
    expect((await h.call('POST', `${path}/subjectaccessreviews`, review('SubjectAccessReview', { ...attributes, user: 'x' }), asBob)).status).toBe(403);
  });

  it('given the question who one is, when asked by anybody with a token, then name and groups are told, and it can only be created', async () => {
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
    expect(await h.call('POST', path, body, asBob)).toMatchObject({ status: 201, body: { kind: 'SelfSubjectReview', status: { userInfo: { username: 'bob', groups: expect.arrayContaining(['system:authenticated']) as string[] } } } });
    expect((await h.call('GET', path)).status).toBe(405);
    expect((await h.call('POST', '/apis/authentication.k8s.io/v2/selfsubjectreviews', body)).status).toBe(404);
  });

  it('given impersonation, when the caller may, then the other\'s rights count; when not, it is 403', async () => {
    const answer = await h.call<StatusBody>('GET', '/api/v1/nodes', undefined, { 'impersonate-user': 'carol', 'impersonate-group': 'staff' });
    expect(answer.body.message).toContain('User "carol" cannot list resource "nodes"');
    const refused = await h.call<StatusBody>('GET', '/api/v1/nodes', undefined, { ...asBob, 'impersonate-user': 'admin' });
    expect(refused).toMatchObject({ status: 403, body: { message: 'users "admin" is forbidden: User "bob" cannot impersonate resource "users" in API group "" at the cluster scope' } });
  });
});

describe('hooks, aggregated APIs and logs', () => {
  let h: Harness;
  beforeAll(async () => { h = await startApi(); });
  afterAll(() => h.close());

  it('given a hook, when a write is made, then it is told before and after, with who, what and the result', async () => {
    const events: RequestEvent[] = [];
    const remove = h.api.onRequest((event) => { events.push(event); });
    await h.call('POST', CONFIG_MAPS, configMap('seen'));
    remove();
    await h.call('GET', `${CONFIG_MAPS}/seen`);
    expect(events).toMatchObject([
      { phase: 'before', user: 'admin', verb: 'create', group: '', resource: 'configmaps', namespace: 'default', body: { metadata: { name: 'seen' } } },
      { phase: 'after', verb: 'create', status: 201 },
    ]);
  });

  it('given a hook that answers before, when a write is made, then nothing is written; one that cuts after, then it is', async () => {
    const remove = h.api.onRequest(({ phase }) => (phase === 'before' ? { respond: { code: 429, reason: 'TooManyRequests', message: 'slow down', retryAfterSeconds: 2 } } : undefined));
    const refused = await h.call('POST', CONFIG_MAPS, configMap('never'));
    expect(refused).toMatchObject({ status: 429, body: { reason: 'TooManyRequests', message: 'slow down' } });
    expect(refused.headers.get('retry-after')).toBe('2');
    remove();
    expect((await h.call('GET', `${CONFIG_MAPS}/never`)).status).toBe(404);
    const removeCut = h.api.onRequest(({ phase, method }) => (phase === 'after' && method === 'POST' ? { disconnect: true } : undefined));
    await expect(h.call('POST', CONFIG_MAPS, configMap('cut'))).rejects.toThrow();
    removeCut();
    expect((await h.call('GET', `${CONFIG_MAPS}/cut`)).status).toBe(200);
  });

  it('given an aggregated API, when called, then RBAC is asked first and the handler gets the parsed request', async () => {
    h.api.addRoute('/apis/subresources.kubevirt.io/v1', ({ attributes, body, identity }) => ({ status: 202, body: { attributes, body, user: identity.user } }));
    const path = '/apis/subresources.kubevirt.io/v1/namespaces/ns/virtualmachineinstances/vm/freeze';
    expect(await h.call('PUT', path, { unfreezeTimeout: '5s' })).toMatchObject({
      status: 202, body: { user: 'admin', body: { unfreezeTimeout: '5s' }, attributes: { verb: 'update', group: 'subresources.kubevirt.io', resource: 'virtualmachineinstances', subresource: 'freeze', namespace: 'ns', name: 'vm' } },
    });
    expect((await h.call('PUT', path, {}, asBob)).status).toBe(403);
  });

  it('given a log provider, when a pod\'s log is read, then container, tail and limit are honoured', async () => {
    const asked: LogRequest[] = [];
    h.api.setLogProvider((request) => {
      asked.push(request);
      return Promise.resolve('one\ntwo\nthree\n');
    });
    const pods = '/api/v1/namespaces/default/pods';
    await h.call('POST', pods, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [{ name: 'mover', image: 'i' }] } });
    const read = async (query: string): Promise<unknown> => (await h.call<unknown>('GET', `${pods}/p/log${query}`)).body;
    expect(await read('')).toBe('one\ntwo\nthree\n');
    expect(await read('?tailLines=2&container=mover')).toBe('two\nthree\n');
    expect(await read('?limitBytes=5')).toBe('one\nt');
    expect(await read('?container=other')).toMatchObject({ code: 400, message: 'container other is not valid for pod p' });
    expect(await read('?tailLines=x')).toMatchObject({ code: 400 });
    expect(asked.map(({ container }) => container)).toEqual(['mover', 'mover', 'mover']);
    expect((await h.call('GET', `${pods}/none/log`)).status).toBe(404);
  });

  it('given an in-process request, when made as somebody, then the same rules answer without a socket', async () => {
    expect(await h.api.request({ user: 'bob', groups: [] }, { method: 'GET', url: CONFIG_MAPS })).toMatchObject({ status: 403 });
    const created = await h.api.request({ user: 'root', groups: ['system:masters'] }, { method: 'POST', url: CONFIG_MAPS, body: configMap('direct') });
    expect(created).toMatchObject({ status: 201, body: { metadata: { name: 'direct' } } });
  });
});
