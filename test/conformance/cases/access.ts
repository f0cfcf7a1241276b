/** Who may do what: 401 and 403, reviews. */
import type { JsonObject } from '../../../server/embedded/api/index.ts';
import { at, del, get, patch, post, put, scenario, watch, type Scenario } from '../scenario.ts';
import { backup, configMap, object, OURS, paths } from './samples.ts';

const RBAC = 'rbac.authorization.k8s.io/v1';
const ann = { as: 'ann' } as const;
const role = (name: string, rules: JsonObject[]): JsonObject => object(RBAC, 'Role', name, { rules });
const binding = (name: string): JsonObject => object(RBAC, 'RoleBinding', name, { roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name }, subjects: [{ kind: 'User', name: 'ann', apiGroup: 'rbac.authorization.k8s.io' }] });
const review = (kind: string, spec: JsonObject): JsonObject => ({ apiVersion: 'authorization.k8s.io/v1', kind, spec });
const REVIEWS = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
const resource = (namespace: string, more: JsonObject): JsonObject => ({ resourceAttributes: { namespace, verb: 'get', group: '', resource: 'configmaps', ...more } });
/** Reasons name the rule that allowed it, in a form of the server's own. */
const verdict = (body: unknown): unknown => ({ status: { ...at(body, 'status'), reason: undefined }, spec: at(body).spec, kind: at(body).kind, message: at(body).message });

export const ACCESS: readonly Scenario[] = [
  scenario('callers without rights', (ns) => [
    get('nobody', paths.core(ns, 'secrets'), { as: 'anonymous' }),
    get('an unknown token', paths.core(ns, 'secrets'), { as: 'unknown' }),
    get('read', paths.core(ns, 'secrets', 'one'), ann),
    get('list', paths.core(ns, 'secrets'), ann),
    get('list everywhere', '/api/v1/secrets', ann),
    watch('watch', () => paths.core(ns, 'secrets'), ann),
    post('create', paths.core(ns, 'configmaps'), configMap('one'), ann),
    put('replace', paths.core(ns, 'configmaps', 'one'), configMap('one'), ann),
    patch('patch', paths.core(ns, 'configmaps', 'one'), {}, 'merge', ann),
    del('delete', paths.core(ns, 'configmaps', 'one'), undefined, ann),
    del('delete all', paths.core(ns, 'configmaps'), undefined, ann),
    post('create ours', paths.group(OURS, ns, 'vmbackups'), backup('one'), ann),
    put('status of ours', `${paths.group(OURS, ns, 'vmbackups', 'one')}/status`, backup('one'), ann),
    get('of the cluster', '/api/v1/persistentvolumes/one', ann),
    get('a namespace', `/api/v1/namespaces/${ns}`, ann),
    get('what there is not', paths.core(ns, 'nonsense'), ann),
    get('a path', '/metrics', ann),
    get('discovery', '/apis/backup.harvesterhci.io', ann),
  ]),
  scenario('callers with some rights', (ns) => [
    post('a role', paths.group(RBAC, ns, 'roles'), role('some', [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'create', 'patch'] }, { apiGroups: ['backup.harvesterhci.io'], resources: ['vmbackups'], verbs: ['*'] }, { apiGroups: [''], resources: ['secrets'], resourceNames: ['known'], verbs: ['get'] }])),
    post('its binding', paths.group(RBAC, ns, 'rolebindings'), binding('some')),
    get('allowed now', paths.core(ns, 'configmaps', 'none'), { ...ann, until: ({ status }) => status === 404 }),
    post('create', paths.core(ns, 'configmaps'), configMap('one'), ann),
    get('list is not among them', paths.core(ns, 'configmaps'), ann),
    get('a secret by name', paths.core(ns, 'secrets', 'known'), ann),
    get('another secret', paths.core(ns, 'secrets', 'other'), ann),
    get('a secret by a selector of the name', `${paths.core(ns, 'secrets')}?fieldSelector=metadata.name%3Dknown`, ann),
    post('ours', paths.group(OURS, ns, 'vmbackups'), backup('one'), ann),
    patch('a subresource of ours', `${paths.group(OURS, ns, 'vmbackups', 'one')}/status`, { status: { phase: 'Failed' } }, 'merge', ann),
    get('in another namespace', paths.core('default', 'configmaps', 'one'), ann),
    patch('apply that creates', `${paths.core(ns, 'configmaps', 'applied')}?fieldManager=ann`, configMap('applied'), 'apply', ann),
    post('a role with more than one has', paths.group(RBAC, ns, 'roles'), role('more', []), ann),
    post('may I get', REVIEWS, review('SelfSubjectAccessReview', resource(ns, {})), { ...ann, pick: verdict }),
    post('may I list', REVIEWS, review('SelfSubjectAccessReview', resource(ns, { verb: 'list' })), { ...ann, pick: verdict }),
    post('may I get the one', REVIEWS, review('SelfSubjectAccessReview', resource(ns, { resource: 'secrets', name: 'known' })), { ...ann, pick: verdict }),
    post('may I get status', REVIEWS, review('SelfSubjectAccessReview', resource(ns, { group: 'backup.harvesterhci.io', resource: 'vmbackups', subresource: 'status' })), { ...ann, pick: verdict }),
    post('may I see a path', REVIEWS, review('SelfSubjectAccessReview', { nonResourceAttributes: { path: '/metrics', verb: 'get' } }), { ...ann, pick: verdict }),
    post('may ann', '/apis/authorization.k8s.io/v1/subjectaccessreviews', review('SubjectAccessReview', { ...resource(ns, {}), user: 'ann', groups: ['team'] }), { pick: verdict }),
    post('may nobody', '/apis/authorization.k8s.io/v1/subjectaccessreviews', review('SubjectAccessReview', resource(ns, {})), { pick: verdict }),
    post('may I what', REVIEWS, review('SelfSubjectAccessReview', {}), { ...ann, pick: verdict }),
    post('may the administrator', REVIEWS, review('SelfSubjectAccessReview', resource(ns, {})), { pick: verdict }),
    post('who am I', '/apis/authentication.k8s.io/v1/selfsubjectreviews', { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }, { ...ann, pick: (body) => ({ kind: at(body).kind, username: at(body, 'status', 'userInfo').username, groups: at(body, 'status', 'userInfo').groups }) }),
    get('reviews are not read', REVIEWS, ann),
  ]),
];
