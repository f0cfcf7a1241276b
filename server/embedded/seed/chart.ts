import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import type { ResourceType } from '../../contract/api.ts';
import type { KubeObject } from '../../contract/kubernetes.ts';
import type { KubeClient } from '../../kube/client.ts';

const TEMPLATES = join(import.meta.dirname, '../../../charts/harvester-vm-backup/templates');
const POLICIES = 'policies';

const rbac = (kind: string, plural: string, namespaced: boolean): ResourceType => ({ group: 'rbac.authorization.k8s.io', version: 'v1', kind, plural, namespaced });
const admission = (kind: string, plural: string): ResourceType => ({ group: 'admissionregistration.k8s.io', version: 'v1', kind, plural, namespaced: false });

export const CLUSTER_ROLE = rbac('ClusterRole', 'clusterroles', false);
export const CLUSTER_ROLE_BINDING = rbac('ClusterRoleBinding', 'clusterrolebindings', false);
export const ROLE = rbac('Role', 'roles', true);
export const ROLE_BINDING = rbac('RoleBinding', 'rolebindings', true);
export const POLICY = admission('ValidatingAdmissionPolicy', 'validatingadmissionpolicies');
export const POLICY_BINDING = admission('ValidatingAdmissionPolicyBinding', 'validatingadmissionpolicybindings');
export const SERVICE_ACCOUNT: ResourceType = { group: '', version: 'v1', kind: 'ServiceAccount', plural: 'serviceaccounts', namespaced: true };

const TYPES: ReadonlyMap<string, ResourceType> = new Map([CLUSTER_ROLE, CLUSTER_ROLE_BINDING, ROLE, ROLE_BINDING, POLICY, POLICY_BINDING, SERVICE_ACCOUNT].map((type) => [type.kind, type]));

/** An object of the chart, and how it is addressed. */
export interface ChartObject { type: ResourceType; object: KubeObject }

function typed(file: string, object: KubeObject): ChartObject {
  const type = TYPES.get(object.kind);

  if (!type) {
    throw new Error(`${file}: the embedded cluster does not install objects of kind ${object.kind}`);
  }

  return { type, object };
}

/** Account, roles, bindings and admission policies of the chart: the very files that are installed, which hold no Helm expressions. */
export async function accessObjects(): Promise<ChartObject[]> {
  const policies = (await readdir(join(TEMPLATES, POLICIES))).sort().map((name) => join(POLICIES, name));
  const objects: ChartObject[] = [];

  for (const file of ['roles-server.yaml', 'roles-users.yaml', ...policies]) {
    for (const object of loadAll(await readFile(join(TEMPLATES, file), 'utf8')) as (KubeObject | null)[]) {
      if (object) {
        objects.push(typed(file, object));
      }
    }
  }

  return objects;
}

/** Creates {@link accessObjects} or brings them up to date, as an upgrade of the chart does. The system namespace must be there. */
export async function installAccess(client: KubeClient): Promise<void> {
  for (const { type, object } of await accessObjects()) {
    const { name, namespace, labels } = object.metadata;
    const found = await client.find<KubeObject>(type, { name, ...(namespace ? { namespace } : {}) });

    await (found ? client.replace(type, { ...object, metadata: { ...found.metadata, ...(labels ? { labels } : {}) } }) : client.create(type, object));
  }
}
