/** What a new embedded cluster has in it: nodes, classes, roles, and three VMs in two namespaces with real disks. */
import type { ResourceType } from '../../contract/api.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { VolumeFiles } from '../drivers/volume-files.ts';
import { seedAccess } from './access.ts';
import { createIfAbsent } from './apply.ts';
import { seedInfrastructure } from './cluster.ts';
import { findMkfs, seedMachines } from './machines.ts';

export { IDENTITIES, SERVER_ACCOUNT } from './access.ts';
export { LONGHORN_CLASS, LVM_CLASS, LVM_NODE, MOVER_IMAGE, NFS_CLASS, NODES, REPOSITORY_CLAIM, VM_NAMESPACES } from './cluster.ts';
export { MACHINES, diskBytes, findMkfs } from './machines.ts';

const CONFIG_MAP: ResourceType = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };
const DONE = { namespace: 'kube-system', name: 'embedded-cluster-seed' };

/** What {@link seedCluster} needs. */
export interface SeedOptions {
  /** Speaks to the API as cluster administrator. */
  client: KubeClient;
  files: VolumeFiles;
  /** Factor for the sizes of disks; 1 is 256 to 512 MiB, none gets smaller than 16 MiB. */
  scale?: number;
  /** Leave the VMs out. */
  machines?: boolean;
  /** Told what is being made. */
  step?: (text: string) => void;
  /** Where `mkfs.ext4` is looked for, beside the usual places. */
  path?: string;
}

/**
 * Fills an API that was never seeded. One that was gets the roles and policies of this version, as an upgrade of the chart
 * would bring them, and nothing else, whatever became of its objects. Interrupted, it goes on where it was. Our CRDs must be
 * there; the drivers may be running. True when it was filled.
 */
export async function seedCluster({ client, files, scale = 1, machines = true, step = () => undefined, path = '' }: SeedOptions): Promise<boolean> {
  if (await client.find(CONFIG_MAP, DONE)) {
    await seedAccess(client);

    return false;
  }
  step('nodes, storage classes, roles');
  await seedInfrastructure(client);
  await seedAccess(client);
  if (machines) {
    const mkfs = await findMkfs(path);

    await seedMachines({ client, files, scale, step, ...(mkfs ? { mkfs } : {}) });
  }
  await createIfAbsent(client, CONFIG_MAP, { metadata: DONE, data: { version: '1' } });

  return true;
}
