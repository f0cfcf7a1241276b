import type { ApiServer } from '../api/index.ts';
import { GROUP } from '../../contract/api.ts';
import { SYSTEM_NAMESPACE } from '../../contract/names.ts';

/** The account that the backup server has in a cluster. */
export const SERVER_USER = `system:serviceaccount:${SYSTEM_NAMESPACE}:harvester-vm-backup`;
const NAME = 'harvester-vm-backup-server';
const RBAC = 'rbac.authorization.k8s.io';

const read = ['get', 'list', 'watch'];
const write = [...read, 'create', 'update', 'patch', 'delete'];

/** What the server may do: its own kinds, and the objects that backups and restores make; nothing on roles, nodes or CRDs. */
const RULES = [
  { apiGroups: [GROUP], resources: ['*'], verbs: write },
  { apiGroups: [''], resources: ['persistentvolumeclaims', 'persistentvolumes', 'secrets', 'pods'], verbs: write },
  { apiGroups: [''], resources: ['pods/log', 'namespaces', 'nodes'], verbs: read },
  { apiGroups: [''], resources: ['events'], verbs: [...read, 'create', 'patch', 'update'] },
  { apiGroups: ['batch'], resources: ['jobs'], verbs: write },
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: write },
  { apiGroups: ['storage.k8s.io'], resources: ['*'], verbs: read },
  { apiGroups: ['snapshot.storage.k8s.io'], resources: ['*'], verbs: write },
  { apiGroups: ['kubevirt.io'], resources: ['virtualmachines'], verbs: write },
  { apiGroups: ['kubevirt.io'], resources: ['virtualmachineinstances'], verbs: read },
  { apiGroups: ['subresources.kubevirt.io'], resources: ['*'], verbs: ['get', 'update'] },
];

/** Gives the server's account its rights; replaces what an earlier version gave. */
export async function installServerRole(api: ApiServer): Promise<void> {
  const root = { user: 'embedded-cluster', groups: ['system:masters'] };
  const objects = [
    { path: 'clusterroles', object: { apiVersion: `${RBAC}/v1`, kind: 'ClusterRole', metadata: { name: NAME }, rules: RULES } },
    {
      path: 'clusterrolebindings',
      object: {
        apiVersion: `${RBAC}/v1`, kind: 'ClusterRoleBinding', metadata: { name: NAME }, roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: NAME },
        subjects: [{ apiGroup: RBAC, kind: 'User', name: SERVER_USER }],
      },
    },
  ];

  for (const { path, object } of objects) {
    const url = `/apis/${RBAC}/v1/${path}`;

    await api.request(root, { method: 'DELETE', url: `${url}/${NAME}` });
    const created = await api.request(root, { method: 'POST', url, body: object });

    if (created.status >= 400) throw new Error(`${path}/${NAME} could not be created: ${JSON.stringify(created.body)}`);
  }
}
