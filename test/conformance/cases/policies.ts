/** ValidatingAdmissionPolicies: what a refusal looks like to the one who is refused. */
import type { JsonObject } from '../../../server/embedded/api/index.ts';
import { del, get, patch, post, scenario, type Scenario } from '../scenario.ts';
import { backup, configMap, object, OURS, paths } from './samples.ts';

const ADMISSION = 'admissionregistration.k8s.io/v1';
const POLICIES = `/apis/${ADMISSION}/validatingadmissionpolicies`;
const BINDINGS = `/apis/${ADMISSION}/validatingadmissionpolicybindings`;
const RBAC = 'rbac.authorization.k8s.io/v1';
const ann = { as: 'ann' } as const;

function policy(name: string, apiGroup: string, resources: string[], validations: JsonObject[], more: JsonObject = {}): JsonObject {
  return object(ADMISSION, 'ValidatingAdmissionPolicy', name, { spec: { failurePolicy: 'Fail', matchConstraints: { resourceRules: [{ apiGroups: [apiGroup], apiVersions: ['*'], operations: ['CREATE', 'UPDATE', 'DELETE'], resources }] }, validations, ...more } });
}

const bound = (name: string, namespace: string): JsonObject => object(ADMISSION, 'ValidatingAdmissionPolicyBinding', name, {
  spec: { policyName: name, validationActions: ['Deny'], matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } } },
});

export const POLICY_CASES: readonly Scenario[] = [
  scenario('admission policies', (ns) => [
    post('a policy that says nothing', POLICIES, policy(`${ns}-none`, '', ['configmaps'], []), { pick: (body) => body === undefined }),
    post('a policy with a wrong rule', POLICIES, policy(`${ns}-none`, '', ['configmaps'], [{ expression: 'object.' }]), { pick: () => undefined }),
    post('a policy', POLICIES, policy(ns, '', ['configmaps'], [
      { expression: 'request.operation == "DELETE" || !has(object.data) || !("forbidden" in object.data)', message: 'forbidden is forbidden' },
      { expression: 'request.operation != "DELETE" || oldObject.metadata.name != "kept"', messageExpression: '"not " + oldObject.metadata.name', reason: 'Forbidden' },
      { expression: 'request.operation == "DELETE" || object.metadata.name != "bad"', reason: 'Invalid' },
    ]), { pick: () => undefined }),
    post('its binding', BINDINGS, bound(ns, ns), { pick: () => undefined }),
    post('refused when it is in force', `${paths.core(ns, 'configmaps')}?dryRun=All`, configMap('one', { forbidden: 'x' }), { until: ({ status }) => status !== 201 }),
    post('allowed', paths.core(ns, 'configmaps'), configMap('kept')),
    post('without message', paths.core(ns, 'configmaps'), configMap('bad')),
    post('against two rules', paths.core(ns, 'configmaps'), configMap('bad', { forbidden: 'x' })),
    patch('changed against it', paths.core(ns, 'configmaps', 'kept'), { data: { forbidden: 'x' } }),
    patch('applied against it', `${paths.core(ns, 'configmaps', 'other')}?fieldManager=a`, configMap('other', { forbidden: 'x' }), 'apply'),
    del('deleted against it', paths.core(ns, 'configmaps', 'kept')),
    del('all deleted against it', `${paths.core(ns, 'configmaps')}?labelSelector=!none`, undefined, { pick: (body) => (body as { message?: string }).message }),
    post('elsewhere', `${paths.core('default', 'configmaps')}?dryRun=All`, configMap('one', { forbidden: 'x' })),
    del('the binding goes', `${BINDINGS}/${ns}`),
    post('no longer refused', `${paths.core(ns, 'configmaps')}?dryRun=All`, configMap('one', { forbidden: 'x' }), { until: ({ status }) => status === 201 }),
    del('the policy goes', `${POLICIES}/${ns}`),
  ]),
  scenario('policies that ask who may', (ns) => [
    post('a role', paths.group(RBAC, ns, 'roles'), object(RBAC, 'Role', 'writer', { rules: [{ apiGroups: ['backup.harvesterhci.io'], resources: ['vmbackups'], verbs: ['create', 'get'] }, { apiGroups: ['backup.harvesterhci.io'], resources: ['backuprepositories'], resourceNames: ['mine'], verbs: ['use'] }] })),
    post('its binding', paths.group(RBAC, ns, 'rolebindings'), object(RBAC, 'RoleBinding', 'writer', { roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'writer' }, subjects: [{ kind: 'User', name: 'ann', apiGroup: 'rbac.authorization.k8s.io' }] })),
    post('a policy', POLICIES, policy(ns, 'backup.harvesterhci.io', ['vmbackups'], [{
      expression: 'request.operation == "DELETE" || authorizer.group("backup.harvesterhci.io").resource("backuprepositories").namespace(object.metadata.namespace).name(object.spec.repository).check("use").allowed()',
      messageExpression: '"may not use " + object.spec.repository + ", " + request.userInfo.username',
    }, { expression: 'variables.asker == request.userInfo.username || request.operation == "DELETE"', message: 'another asks' }], {
      variables: [{ name: 'asker', expression: 'object.metadata.?annotations["example.io/asker"].orValue(request.userInfo.username)' }],
    }), { pick: () => undefined }),
    post('it is bound', BINDINGS, bound(ns, ns), { pick: () => undefined }),
    post('not theirs', `${paths.group(OURS, ns, 'vmbackups')}?dryRun=All`, backup('one', { repository: 'yours' }), { ...ann, until: ({ status }) => status === 422 }),
    post('theirs', paths.group(OURS, ns, 'vmbackups'), backup('one', { repository: 'mine' }), ann),
    post('in the name of another', paths.group(OURS, ns, 'vmbackups'), backup('two', { repository: 'mine' }, { annotations: { 'example.io/asker': 'bob' } }), ann),
    post('the administrator', paths.group(OURS, ns, 'vmbackups'), backup('three', { repository: 'yours' })),
    get('what is there', paths.group(OURS, ns, 'vmbackups', 'one'), ann),
    del('the policy goes', `${POLICIES}/${ns}`),
    del('its binding goes', `${BINDINGS}/${ns}`),
  ]),
];
