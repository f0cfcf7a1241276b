import { NAMESPACE } from '../../contract/api.ts';
import { SYSTEM_NAMESPACE } from '../../contract/names.ts';
import type { KubeClient } from '../../kube/client.ts';
import { createIfAbsent } from './apply.ts';
import { CLUSTER_ROLE, CLUSTER_ROLE_BINDING, installAccess } from './chart.ts';

const READ = ['get', 'list', 'watch'];
const API_GROUP = 'rbac.authorization.k8s.io';
/** What Harvester's own roles give a person who may look at VMs. */
const VM_VIEWER = 'vm-viewer';

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

/** Roles and policies of the chart, and the bindings of the {@link IDENTITIES}. */
export async function seedAccess(client: KubeClient): Promise<void> {
  await createIfAbsent(client, NAMESPACE, { metadata: { name: SYSTEM_NAMESPACE } });
  await installAccess(client);
  await createIfAbsent(client, CLUSTER_ROLE, {
    metadata: { name: VM_VIEWER },
    rules: [
      { apiGroups: ['kubevirt.io'], resources: ['virtualmachines', 'virtualmachineinstances'], verbs: READ },
      { apiGroups: [''], resources: ['namespaces'], verbs: READ },
    ],
  });
  for (const name of [VM_VIEWER, 'harvester-vm-backup-view', 'harvester-vm-backup-reader']) {
    await createIfAbsent(client, CLUSTER_ROLE_BINDING, {
      metadata: { name: `${IDENTITIES.viewer.user}-${name}` }, roleRef: { apiGroup: API_GROUP, kind: 'ClusterRole', name }, subjects: [{ kind: 'User', name: IDENTITIES.viewer.user, apiGroup: API_GROUP }],
    });
  }
}
