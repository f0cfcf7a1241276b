import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../server/embedded/api/index.ts';
import { BOB, CONFIG_MAPS, MERGE, WIDGETS, WIDGET_CRD, configMap, startApi, widget, type Harness, type StatusBody } from './harness.ts';

const POLICIES = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies';
const BINDINGS = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings';
const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const asBob = { authorization: `Bearer ${BOB}` };
const MAPS: JsonObject = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['configmaps'] };

const policy = (spec: JsonObject): JsonObject => ({
  apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicy', metadata: { name: 'p' }, spec: { matchConstraints: { resourceRules: [MAPS] }, ...spec },
});
const binding = (spec: JsonObject = {}): JsonObject => ({
  apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicyBinding', metadata: { name: 'b' }, spec: { policyName: 'p', validationActions: ['Deny'], ...spec },
});

describe('ValidatingAdmissionPolicies', () => {
  let h: Harness;

  beforeEach(async () => {
    h = await startApi({ crds: [WIDGET_CRD] });
    await h.call('POST', `${RBAC}/namespaces/default/rolebindings`, {
      apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding', metadata: { name: 'bob' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'edit' }, subjects: [{ kind: 'User', name: 'bob' }],
    });
  });
  afterEach(() => h.close());

  async function enforce(spec: JsonObject, bound: JsonObject = {}): Promise<void> {
    expect((await h.call('POST', POLICIES, policy(spec))).status).toBe(201);
    expect((await h.call('POST', BINDINGS, binding(bound))).status).toBe(201);
  }
  const ask = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => h.call<StatusBody>(method, path, body, headers);
  const create = (name: string, more: Parameters<typeof configMap>[1] = {}) => ask('POST', CONFIG_MAPS, configMap(name, more));

  it('given a rule, when it does not hold, then the answer is worded as kube-apiserver\'s, and nothing is stored', async () => {
    await enforce({ validations: [{ expression: 'has(object.data)', message: 'no data', messageExpression: '"ConfigMap " + object.metadata.name + " of " + request.userInfo.username + " has no data"', reason: 'Forbidden' }] });
    const message = "configmaps \"bare\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: ConfigMap bare of admin has no data";

    expect(await create('bare')).toMatchObject({ status: 403, body: { reason: 'Forbidden', message, details: { name: 'bare', kind: 'configmaps' } } });
    expect((await ask('GET', `${CONFIG_MAPS}/bare`)).status).toBe(404);
    expect((await create('full', { data: { a: 'b' } })).status).toBe(201);
  });

  it('given no reason, when it denies, then it is 422 Invalid with the fixed message, or the expression', async () => {
    await enforce({ validations: [{ expression: "object.metadata.name != 'x'", message: ' not x ' }, { expression: "object.metadata.name != 'y'" }] });
    expect(await create('x')).toMatchObject({ status: 422, body: { reason: 'Invalid', message: expect.stringMatching(/denied request: not x$/) as string } });
    expect((await create('y')).body.message).toMatch(/denied request: failed expression: object.metadata.name != 'y'$/);
  });

  it('given a message that fails, breaks the line, is too long or asks through a variable, when it denies, then the fixed one is told', async () => {
    const said: string[] = [];

    for (const messageExpression of ['object.nothing', '"a\\nb"', '["0123456789"].map(x, x + x + x + x + x + x + x + x).map(x, x + x + x + x + x + x + x + x).map(x, x + x + x + x + x + x + x + x + x).join(",")', 'string(variables.may)']) {
      await enforce({ variables: [{ name: 'may', expression: "authorizer.group('').resource('nodes').check('get').allowed()" }], validations: [{ expression: 'false', message: 'fixed', messageExpression }] });
      said.push((await create('x')).body.message.split('denied request: ')[1] ?? '');
      await ask('DELETE', `${BINDINGS}/b`);
      await ask('DELETE', `${POLICIES}/p`);
    }
    expect(said).toEqual(['fixed', 'fixed', 'fixed', 'fixed']);
  });

  it('given an expression that fails, when the policy fails closed, then it is denied; when it ignores, then not', async () => {
    await enforce({ validations: [{ expression: "object.data.key == 'x'" }] });
    expect((await create('a')).body.message).toContain("expression 'object.data.key == 'x'' resulted in error: No such key: data");
    await ask('PATCH', `${POLICIES}/p`, { spec: { failurePolicy: 'Ignore' } }, { 'content-type': MERGE });
    expect((await create('a')).status).toBe(201);
  });

  it('given match conditions, when one does not hold, then the policy is not asked; when one fails, then it denies', async () => {
    await enforce({ matchConditions: [{ name: 'bob', expression: "request.userInfo.username == 'bob'" }], validations: [{ expression: 'false' }] });
    expect((await create('mine')).status).toBe(201);
    expect((await ask('POST', CONFIG_MAPS, configMap('his'), asBob)).status).toBe(422);
    await ask('PATCH', `${POLICIES}/p`, { spec: { matchConditions: [{ name: 'broken', expression: 'object.nothing == 1' }] } }, { 'content-type': MERGE });
    expect((await create('other')).body.message).toContain("match condition 'broken' resulted in error");
  });

  it('given the authorizer, when people write, then RBAC is asked about each, and a third question in one expression is too dear', async () => {
    const check = (verb: string): string => `authorizer.group('').resource('secrets').namespace(request.namespace).name('s').check('${verb}').allowed()`;

    await enforce({ validations: [{ expression: `${check('get')} && ${check('list')}` }, { expression: "!authorizer.group('').resource('nodes').check('list').allowed() || request.userInfo.username != 'bob'" }] });
    expect((await ask('POST', CONFIG_MAPS, configMap('a'), asBob)).status).toBe(201);
    await ask('PATCH', `${POLICIES}/p`, { spec: { validations: [{ expression: `${check('get')} && ${check('list')} && ${check('watch')}` }] } }, { 'content-type': MERGE });
    expect((await ask('POST', CONFIG_MAPS, configMap('b'), asBob)).body.message).toContain('cost limit exceeded');
    await ask('PATCH', `${POLICIES}/p`, { spec: { validations: [{ expression: "authorizer.group('').resource('nodes').subresource('status').check('update').allowed()" }] } }, { 'content-type': MERGE });
    expect((await ask('POST', CONFIG_MAPS, configMap('c'), asBob)).status).toBe(422);
    expect((await create('c')).status).toBe(201);
  });

  it('given old and new object, when patched, replaced, applied and deleted, then each is asked with what it has', async () => {
    await enforce({
      matchConstraints: { resourceRules: [{ ...MAPS, operations: ['*'] }] },
      validations: [
        { expression: "request.operation != 'UPDATE' || object.data.a == oldObject.data.a", message: 'a stays' },
        { expression: "request.operation != 'DELETE' || (object == null && oldObject.data.a != '1')", message: 'it stays' },
        { expression: "request.operation != 'CREATE' || oldObject == null" },
      ],
    });
    expect((await create('m', { data: { a: '1' } })).status).toBe(201);
    const path = `${CONFIG_MAPS}/m`;

    expect((await ask('PATCH', path, { data: { a: '2' } }, { 'content-type': MERGE })).body.message).toContain('a stays');
    expect((await ask('PUT', path, configMap('m', { data: { a: '2' } }))).body.message).toContain('a stays');
    expect((await ask('PATCH', `${path}?fieldManager=t&force=true`, configMap('m', { data: { a: '2' } }), { 'content-type': 'application/apply-patch+yaml' })).body.message).toContain('a stays');
    expect((await ask('PATCH', `${path}?dryRun=All`, { data: { a: '2' } }, { 'content-type': MERGE })).status).toBe(422);
    expect((await ask('PATCH', path, { data: { b: '2' } }, { 'content-type': MERGE })).status).toBe(200);
    expect((await ask('DELETE', path)).body.message).toContain('it stays');
    expect((await ask('DELETE', CONFIG_MAPS)).body.message).toContain('it stays');
    expect((await ask('GET', path)).status).toBe(200);
  });

  it('given rules for a subresource, when status and object are written, then only the status is asked about', async () => {
    await enforce({ matchConstraints: { resourceRules: [{ apiGroups: ['example.io'], apiVersions: ['*'], operations: ['UPDATE'], resources: ['*/status'] }] }, validations: [{ expression: "request.subResource != 'status'", message: 'no status' }] });
    const made = (await ask('POST', WIDGETS, widget('w'))).body;

    expect((await ask('PUT', `${WIDGETS}/w/status`, { ...made, status: { phase: 'x' } })).body.message).toContain('no status');
    expect((await ask('PATCH', `${WIDGETS}/w`, { metadata: { labels: { a: 'b' } } }, { 'content-type': MERGE })).status).toBe(200);
  });

  it.each([
    ['a namespace by label', { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } }, resourceRules: [MAPS] }],
    ['objects by label', { objectSelector: { matchLabels: { strict: 'yes' } }, resourceRules: [MAPS] }],
    ['names', { resourceRules: [{ ...MAPS, resourceNames: ['other'] }] }],
    ['cluster scope', { resourceRules: [{ ...MAPS, scope: 'Cluster' }] }],
    ['all but ConfigMaps', { resourceRules: [{ ...MAPS, resources: ['*'] }], excludeResourceRules: [MAPS] }],
  ])('given a policy about %s, when something else is created, then it is let through', async (_, matchConstraints) => {
    await enforce({ matchConstraints, validations: [{ expression: 'false' }] });
    expect((await create('free')).status).toBe(201);
  });

  it('given a binding that narrows its policy, when it goes, then the policy denies nothing', async () => {
    await enforce({ validations: [{ expression: 'false' }] }, { matchResources: { objectSelector: { matchLabels: { strict: 'yes' } } } });
    expect((await create('free')).status).toBe(201);
    expect((await create('bound', { metadata: { labels: { strict: 'yes' } } })).status).toBe(422);
    await ask('DELETE', `${BINDINGS}/b`);
    expect((await create('bound', { metadata: { labels: { strict: 'yes' } } })).status).toBe(201);
  });

  it.each([
    ['does not compile', { validations: [{ expression: 'object.' }] }, 'spec.validations[0].expression: Invalid value: "object.": compilation failed'],
    ['asks in its message', { validations: [{ expression: 'true', messageExpression: 'string(authorizer.group(""))' }] }, 'spec.validations[0].messageExpression'],
    ['speaks of self', { validations: [{ expression: 'self.a == 1' }] }, 'compilation failed'],
    ['has parameters', { paramKind: { apiVersion: 'v1', kind: 'ConfigMap' }, validations: [{ expression: 'true' }] }, 'spec.paramKind'],
    ['has no rules', { matchConstraints: {}, validations: [{ expression: 'true' }] }, 'spec.matchConstraints.resourceRules'],
    ['validates nothing', {}, 'spec.validations'],
  ])('given a policy that %s, when it is written, then it is refused with the field', async (_, spec, words) => {
    const answer = await ask('POST', POLICIES, policy(spec));

    expect(answer.status).toBe(422);
    expect(answer.body.message).toContain(words);
  });

  it('given a binding with an action that is not known here, when it is written, then it is refused, as it would be weaker in silence', async () => {
    expect((await ask('POST', BINDINGS, binding({ validationActions: ['Warn'] }))).body.message).toContain('this server knows the action Deny only');
  });
});
