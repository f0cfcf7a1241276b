/** What is there before the first client: namespaces and the default cluster roles. */
import type { Core } from './core.ts';
import type { JsonObject } from './types.ts';
import { createObject } from './write.ts';
import { readObject } from './intake.ts';
import { storageKey } from './resource-type.ts';

const READ = ['get', 'list', 'watch'];
const WRITE = ['create', 'delete', 'deletecollection', 'patch', 'update'];
const AGGREGATE = 'rbac.authorization.k8s.io/aggregate-to-';

const role = (name: string, rules: JsonObject[], labels: Record<string, string> = {}): JsonObject =>
  ({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name, labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...labels } }, rules });
const aggregated = (name: string, labels: Record<string, string> = {}): JsonObject =>
  ({ ...role(name, [], labels), aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [`${AGGREGATE}${name}`]: 'true' } }] } });
const binding = (name: string, group: string): JsonObject => ({
  apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: { name, labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' } },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name }, subjects: [{ kind: 'Group', name: group, apiGroup: 'rbac.authorization.k8s.io' }],
});

const VIEWABLE = ['configmaps', 'events', 'persistentvolumeclaims', 'persistentvolumeclaims/status', 'pods', 'pods/log', 'pods/status', 'serviceaccounts', 'services', 'namespaces'];

const OBJECTS: JsonObject[] = [
  ...['default', 'kube-system', 'kube-public', 'kube-node-lease'].map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
  role('cluster-admin', [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }, { nonResourceURLs: ['*'], verbs: ['*'] }]),
  role('system:discovery', [{ nonResourceURLs: ['/api', '/api/*', '/apis', '/apis/*', '/healthz', '/livez', '/openapi', '/openapi/*', '/readyz', '/version', '/version/'], verbs: ['get'] }]),
  role('system:basic-user', [
    { apiGroups: ['authorization.k8s.io'], resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'], verbs: ['create'] },
    { apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'], verbs: ['create'] },
  ]),
  aggregated('view', { [`${AGGREGATE}edit`]: 'true' }), aggregated('edit', { [`${AGGREGATE}admin`]: 'true' }), aggregated('admin'),
  role('system:aggregate-to-view', [
    { apiGroups: [''], resources: VIEWABLE, verbs: READ }, { apiGroups: ['apps'], resources: ['deployments', 'deployments/status'], verbs: READ },
    { apiGroups: ['batch'], resources: ['jobs', 'jobs/status'], verbs: READ },
  ], { [`${AGGREGATE}view`]: 'true' }),
  role('system:aggregate-to-edit', [
    { apiGroups: [''], resources: ['configmaps', 'events', 'persistentvolumeclaims', 'pods', 'secrets', 'serviceaccounts', 'services'], verbs: WRITE },
    { apiGroups: [''], resources: ['secrets'], verbs: READ }, { apiGroups: ['apps'], resources: ['deployments'], verbs: WRITE }, { apiGroups: ['batch'], resources: ['jobs'], verbs: WRITE },
    { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: [...WRITE, ...READ] },
  ], { [`${AGGREGATE}edit`]: 'true' }),
  role('system:aggregate-to-admin', [
    { apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles', 'rolebindings'], verbs: [...WRITE, ...READ] },
    { apiGroups: ['authorization.k8s.io'], resources: ['localsubjectaccessreviews'], verbs: ['create'] },
  ], { [`${AGGREGATE}admin`]: 'true' }),
  binding('cluster-admin', 'system:masters'), binding('system:discovery', 'system:authenticated'), binding('system:basic-user', 'system:authenticated'),
];

/** Creates those of the objects that are not there. */
export function bootstrap(core: Core): void {
  for (const source of OBJECTS) {
    const type = core.types.findKind(String(source.apiVersion), String(source.kind));
    if (!type) continue;
    const object = readObject(type, source);
    if (!core.store.get(storageKey(type), object.metadata.name)) createObject(core, type, object, undefined, { dryRun: false, manager: 'kube-apiserver' });
  }
}
