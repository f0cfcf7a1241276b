import type { ApiServer, Identity } from '../api/index.ts';
import type { DemoUser } from './users.ts';
import { isObject } from '../api/object.ts';

/** The version of Rancher that the shell's build belongs to. */
export const RANCHER_VERSION = 'v2.15.0';
/** The version that the embedded Kubernetes API reports to Rancher. */
export const KUBERNETES_VERSION = 'v1.33.1+embedded';

const GROUP = 'management.cattle.io';
const VERSION = 'v3';
/** Who writes Rancher's own objects. */
const RANCHER: Identity = { user: 'system:rancher', groups: ['system:masters'] };

interface Kind { kind: string; plural: string; scope: 'Cluster' | 'Namespaced' }

const SETTING: Kind = { kind: 'Setting', plural: 'settings', scope: 'Cluster' };
const FEATURE: Kind = { kind: 'Feature', plural: 'features', scope: 'Cluster' };
const CLUSTER: Kind = { kind: 'Cluster', plural: 'clusters', scope: 'Cluster' };
const USER: Kind = { kind: 'User', plural: 'users', scope: 'Cluster' };
const PROJECT: Kind = { kind: 'Project', plural: 'projects', scope: 'Namespaced' };

const SETTINGS: Readonly<Record<string, string>> = {
  'server-version': RANCHER_VERSION,
  'first-login': 'false',
  'eula-agreed': '2026-01-01T00:00:00Z',
  'telemetry-opt': 'out',
  'install-uuid': '00000000-0000-4000-8000-000000000000',
  // Must be empty: with an object in it the shell's lists expect every sub-setting.
  'ui-performance': '',
  'ui-brand': '',
  'ui-pl': 'rancher',
  'ui-banners': '',
  'ui-community-links': 'false',
  'ui-offline-preferred': 'true',
  'ui-issues': '',
  'server-url': '',
  cacerts: '',
  'auth-user-session-ttl-minutes': '960',
  'auth-user-session-idle-ttl-minutes': '960',
  'hide-local-cluster': 'false',
  'system-namespaces': 'kube-system,kube-public,kube-node-lease,cattle-system,harvester-system,longhorn-system',
  'display-add-extension-repos-banner': 'false',
};

const FEATURES: Readonly<Record<string, boolean>> = {
  'multi-cluster-management': true,
  'ui-sql-cache': true,
  uiextension: true,
  'continuous-delivery': false,
  harvester: false,
  legacy: false,
  rke2: true,
  'rancher-scc-registration-extension': false,
};

function crdOf({ kind, plural, scope }: Kind): Record<string, unknown> {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${GROUP}` },
    spec: {
      group: GROUP, scope, names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [{ name: VERSION, served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } }],
    },
  };
}

const object = (kind: Kind, name: string, fields: Record<string, unknown>): Record<string, unknown> =>
  ({ apiVersion: `${GROUP}/${VERSION}`, kind: kind.kind, metadata: { name }, ...fields });

/** The cluster in which everything runs. It is no Harvester for Rancher, so that the extension's own product is what opens it. */
function localCluster(now: string): Record<string, unknown> {
  const condition = (type: string): object => ({ type, status: 'True', lastUpdateTime: now });

  return object(CLUSTER, 'local', {
    spec: { displayName: 'local', internal: true, description: 'Embedded cluster with simulated drivers' },
    status: {
      provider: 'k3s', driver: 'k3s', connected: true,
      version: { gitVersion: KUBERNETES_VERSION }, info: { kubernetesVersion: KUBERNETES_VERSION },
      conditions: [condition('Ready'), condition('Connected')],
    },
  });
}

/** Rights of everybody who is logged in, of the read-only user, and of the guest. */
function roles(): { path: string; object: Record<string, unknown> }[] {
  const read = ['get', 'list', 'watch'];
  const rbac = '/apis/rbac.authorization.k8s.io/v1';
  const role = (name: string, rules: object[]) => ({
    path: `${rbac}/clusterroles`, object: { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name }, rules },
  });
  const binding = (name: string, subject: { kind: string; name: string }) => ({
    path: `${rbac}/clusterrolebindings`,
    object: {
      apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', ...subject }],
    },
  });
  const basics = 'embedded-rancher-basics';
  const viewer = 'embedded-rancher-viewer';
  const guest = 'embedded-rancher-guest';

  return [
    role(basics, [
      { apiGroups: [GROUP], resources: ['*'], verbs: read },
      { apiGroups: [''], resources: ['namespaces', 'nodes'], verbs: read },
    ]),
    binding(basics, { kind: 'Group', name: 'system:authenticated' }),
    role(viewer, [
      { apiGroups: [''], resources: ['persistentvolumeclaims', 'persistentvolumes', 'events', 'pods', 'pods/log'], verbs: read },
      { apiGroups: ['backup.harvesterhci.io', 'kubevirt.io', 'storage.k8s.io', 'snapshot.storage.k8s.io', 'batch', 'apiextensions.k8s.io'], resources: ['*'], verbs: read },
    ]),
    binding(viewer, { kind: 'User', name: 'viewer' }),
    // Sees VMs and that backups exist here, so that pages can tell “forbidden” from “not installed”.
    role(guest, [
      { apiGroups: ['kubevirt.io'], resources: ['virtualmachines'], verbs: read },
      { apiGroups: ['backup.harvesterhci.io'], resources: ['backupengines'], verbs: read },
    ]),
    binding(guest, { kind: 'User', name: 'guest' }),
  ];
}

/** Creates an object, or replaces the one that is there; `resourceVersion` is carried over. */
async function ensure(api: ApiServer, path: string, wanted: Record<string, unknown>): Promise<void> {
  const { name } = wanted['metadata'] as { name: string };
  const found = await api.request(RANCHER, { method: 'GET', url: `${path}/${name}` });
  const version = isObject(found.body) && isObject(found.body['metadata']) ? found.body['metadata']['resourceVersion'] : undefined;
  const answer = found.status === 404
    ? await api.request(RANCHER, { method: 'POST', url: path, body: wanted })
    : await api.request(RANCHER, { method: 'PUT', url: `${path}/${name}`, body: { ...wanted, metadata: { name, resourceVersion: version } } });

  if (answer.status >= 400) {
    throw new Error(`Rancher's object ${path}/${name} could not be written: ${JSON.stringify(answer.body)}`);
  }
}

/** Puts into the cluster what Rancher has there: its kinds, settings, features, the cluster `local`, the users and their rights. */
export async function installManagement(api: ApiServer, users: readonly DemoUser[], now: Date): Promise<void> {
  for (const kind of [SETTING, FEATURE, CLUSTER, USER, PROJECT]) api.registerCrd(crdOf(kind));
  const path = (kind: Kind): string => `/apis/${GROUP}/${VERSION}/${kind.plural}`;

  for (const [name, value] of Object.entries(SETTINGS)) await ensure(api, path(SETTING), object(SETTING, name, { value, default: value, source: '' }));
  for (const [name, value] of Object.entries(FEATURES)) {
    await ensure(api, path(FEATURE), object(FEATURE, name, { spec: { value }, status: { default: value, dynamic: false, lockedValue: null } }));
  }
  await ensure(api, path(CLUSTER), localCluster(now.toISOString()));
  for (const user of users) {
    await ensure(api, path(USER), object(USER, user.id, { username: user.name, displayName: user.displayName, enabled: true, mustChangePassword: false, principalIds: [`local://${user.id}`] }));
  }
  for (const entry of roles()) await ensure(api, entry.path, entry.object);
}
