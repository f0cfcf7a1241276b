import { GROUP, type ResourceType } from '../../contract/api.ts';
import { SYSTEM_NAMESPACE } from '../../contract/names.ts';
import type { KubeClient } from '../../kube/client.ts';
import { createIfAbsent } from './apply.ts';

const rbac = (kind: string, plural: string, namespaced: boolean): ResourceType => ({ group: 'rbac.authorization.k8s.io', version: 'v1', kind, plural, namespaced });
const CLUSTER_ROLE = rbac('ClusterRole', 'clusterroles', false);
const CLUSTER_ROLE_BINDING = rbac('ClusterRoleBinding', 'clusterrolebindings', false);
const ROLE = rbac('Role', 'roles', true);
const ROLE_BINDING = rbac('RoleBinding', 'rolebindings', true);
const SERVICE_ACCOUNT: ResourceType = { group: '', version: 'v1', kind: 'ServiceAccount', plural: 'serviceaccounts', namespaced: true };

/** Name of the server's service account, and of its roles. */
export const SERVER_ACCOUNT = 'harvester-vm-backup';

/** Who the seed has made roles for: give a token one of these identities. */
export const IDENTITIES = {
  /** May do everything. */
  admin: { user: 'admin', groups: ['system:masters'] },
  /** May look at VMs and at our kinds, and do nothing. */
  viewer: { user: 'viewer', groups: ['vm-backup-viewers'] },
  /** The server process. */
  server: { user: `system:serviceaccount:${SYSTEM_NAMESPACE}:${SERVER_ACCOUNT}`, groups: ['system:serviceaccounts', `system:serviceaccounts:${SYSTEM_NAMESPACE}`] },
} as const;

interface Rule { apiGroups: string[]; resources: string[]; verbs: string[]; resourceNames?: string[] }

const READ = ['get', 'list', 'watch'];
const OWN = ['backupengines', 'backuprepositories', 'vmbackups', 'vmrestores'];

const VIEWER_RULES: Rule[] = [
  { apiGroups: [GROUP], resources: OWN, verbs: READ },
  { apiGroups: ['kubevirt.io'], resources: ['virtualmachines', 'virtualmachineinstances'], verbs: READ },
  { apiGroups: [''], resources: ['namespaces'], verbs: READ },
];

/** What the server does anywhere in the cluster: it reads VMs and their Secrets, cuts their disks, and makes restored ones. */
const SERVER_RULES: Rule[] = [
  { apiGroups: [GROUP], resources: OWN, verbs: [...READ, 'patch', 'update'] },
  { apiGroups: [GROUP], resources: OWN.flatMap((name) => [`${name}/status`, `${name}/finalizers`]), verbs: ['get', 'patch', 'update'] },
  { apiGroups: [''], resources: ['namespaces', 'nodes'], verbs: READ },
  { apiGroups: [''], resources: ['secrets'], verbs: ['get', 'list', 'create', 'patch', 'update', 'delete'] },
  { apiGroups: [''], resources: ['persistentvolumeclaims'], verbs: [...READ, 'create', 'patch', 'update', 'delete'] },
  { apiGroups: [''], resources: ['persistentvolumes'], verbs: [...READ, 'patch', 'update', 'delete'] },
  { apiGroups: [''], resources: ['events'], verbs: ['get', 'list', 'create', 'patch'] },
  { apiGroups: ['storage.k8s.io'], resources: ['storageclasses'], verbs: READ },
  { apiGroups: ['snapshot.storage.k8s.io'], resources: ['volumesnapshots'], verbs: [...READ, 'create', 'delete', 'patch'] },
  { apiGroups: ['snapshot.storage.k8s.io'], resources: ['volumesnapshotcontents', 'volumesnapshotclasses'], verbs: READ },
  { apiGroups: ['kubevirt.io'], resources: ['virtualmachines'], verbs: [...READ, 'create', 'patch', 'update', 'delete'] },
  { apiGroups: ['kubevirt.io'], resources: ['virtualmachineinstances'], verbs: READ },
  { apiGroups: ['subresources.kubevirt.io'], resources: ['virtualmachineinstances/freeze', 'virtualmachineinstances/unfreeze', 'virtualmachines/start', 'virtualmachines/stop'], verbs: ['update'] },
  { apiGroups: ['cdi.kubevirt.io'], resources: ['storageprofiles', 'datavolumes'], verbs: READ },
  { apiGroups: ['k8s.cni.cncf.io'], resources: ['network-attachment-definitions'], verbs: READ },
  { apiGroups: ['instancetype.kubevirt.io'], resources: ['virtualmachineinstancetypes', 'virtualmachineclusterinstancetypes', 'virtualmachinepreferences', 'virtualmachineclusterpreferences'], verbs: READ },
  { apiGroups: ['harvesterhci.io'], resources: ['settings'], verbs: READ },
];

/** What the server does only in its own namespace: movers, and the lease of the leader. */
const SERVER_SYSTEM_RULES: Rule[] = [
  { apiGroups: ['batch'], resources: ['jobs'], verbs: [...READ, 'create', 'patch', 'delete'] },
  { apiGroups: [''], resources: ['pods'], verbs: READ },
  { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'create', 'patch', 'update'] },
];

/** Roles and bindings of the {@link IDENTITIES}. */
export async function seedAccess(client: KubeClient): Promise<void> {
  const server = { kind: 'ServiceAccount', name: SERVER_ACCOUNT, namespace: SYSTEM_NAMESPACE };
  const roleRef = (kind: string, name: string): Record<string, string> => ({ apiGroup: 'rbac.authorization.k8s.io', kind, name });

  await createIfAbsent(client, SERVICE_ACCOUNT, { metadata: { name: SERVER_ACCOUNT, namespace: SYSTEM_NAMESPACE } });
  await createIfAbsent(client, CLUSTER_ROLE, { metadata: { name: SERVER_ACCOUNT }, rules: SERVER_RULES });
  await createIfAbsent(client, CLUSTER_ROLE_BINDING, { metadata: { name: SERVER_ACCOUNT }, roleRef: roleRef('ClusterRole', SERVER_ACCOUNT), subjects: [server] });
  await createIfAbsent(client, ROLE, { metadata: { name: SERVER_ACCOUNT, namespace: SYSTEM_NAMESPACE }, rules: SERVER_SYSTEM_RULES });
  await createIfAbsent(client, ROLE_BINDING, { metadata: { name: SERVER_ACCOUNT, namespace: SYSTEM_NAMESPACE }, roleRef: roleRef('Role', SERVER_ACCOUNT), subjects: [server] });
  await createIfAbsent(client, CLUSTER_ROLE, { metadata: { name: 'vm-backup-viewer' }, rules: VIEWER_RULES });
  await createIfAbsent(client, CLUSTER_ROLE_BINDING, { metadata: { name: 'vm-backup-viewer' }, roleRef: roleRef('ClusterRole', 'vm-backup-viewer'), subjects: [{ kind: 'User', name: IDENTITIES.viewer.user, apiGroup: 'rbac.authorization.k8s.io' }] });
}
