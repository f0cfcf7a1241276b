import { createHash } from 'node:crypto';
import { access, constants, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { PV, PVC, SECRET, STORAGE_CLASS, VIRTUAL_MACHINE } from '../../contract/api.ts';
import type { AccessMode, RunStrategy, StorageClass } from '../../contract/kubernetes.ts';
import { formatQuantity } from '../../domain/quantity.ts';
import type { KubeClient } from '../../kube/client.ts';
import { LVM_TOPOLOGY, nodesOfClass } from '../drivers/csi/abilities.ts';
import { PROVISIONED_BY, PROVISIONER_FINALIZER } from '../drivers/csi/provision.ts';
import { CLAIM_TEMPLATES_ANNOTATION } from '../drivers/hypervisor/claim-templates.ts';
import { macAddress } from '../drivers/hypervisor/identity.ts';
import { AGENT_ANNOTATION } from '../drivers/hypervisor/instance-controller.ts';
import { DEVICE_FILE, type VolumeFiles } from '../drivers/volume-files.ts';
import { createDiskImage } from '../guest/disk-image.ts';
import { createIfAbsent } from './apply.ts';
import { LONGHORN_CLASS, LVM_CLASS } from './cluster.ts';

const MIB = 1024 * 1024;
const SMALLEST_MIB = 16;

/** A disk of a seeded VM. `mib`: size at scale 1. */
export interface SeedDisk { name: string; claim: string; mib: number; className: string; accessMode: AccessMode; bootable: boolean }

/** A VM of the seed. */
export interface SeedMachine { namespace: string; name: string; runStrategy: RunStrategy; agent: boolean; network: string; cloudInitSecret?: string; description: string; disks: readonly SeedDisk[] }

/** The VMs that a new cluster has. */
export const MACHINES: readonly SeedMachine[] = [
  {
    namespace: 'web', name: 'shop', runStrategy: 'Always', agent: true, network: 'default/vlan10', cloudInitSecret: 'shop-cloud-init', description: 'Web shop with its database on a second disk',
    disks: [
      { name: 'rootdisk', claim: 'shop-rootdisk', mib: 512, className: LONGHORN_CLASS, accessMode: 'ReadWriteMany', bootable: true },
      { name: 'data', claim: 'shop-data', mib: 256, className: LONGHORN_CLASS, accessMode: 'ReadWriteMany', bootable: false },
    ],
  },
  {
    namespace: 'web', name: 'cache', runStrategy: 'RerunOnFailure', agent: false, network: 'default/vlan10', description: 'Cache on a local disk, without guest agent',
    disks: [{ name: 'rootdisk', claim: 'cache-rootdisk', mib: 256, className: LVM_CLASS, accessMode: 'ReadWriteOnce', bootable: true }],
  },
  {
    namespace: 'office', name: 'wiki', runStrategy: 'Halted', agent: true, network: 'default/vlan20', description: 'Wiki, switched off',
    disks: [{ name: 'rootdisk', claim: 'wiki-rootdisk', mib: 384, className: LONGHORN_CLASS, accessMode: 'ReadWriteMany', bootable: true }],
  },
];

/** Size of a seeded disk in bytes at a scale. */
export function diskBytes({ mib }: SeedDisk, scale: number): number {
  return Math.max(SMALLEST_MIB, Math.round(mib * scale)) * MIB;
}

/** Path of `mkfs.ext4`: from PATH or where Debian has it; undefined when it is not installed. */
export async function findMkfs(path: string): Promise<string | undefined> {
  for (const folder of [...path.split(delimiter), '/usr/sbin', '/sbin']) {
    const candidate = join(folder, 'mkfs.ext4');

    if (folder !== '' && await access(candidate, constants.X_OK).then(() => true, () => false)) {
      return candidate;
    }
  }

  return undefined;
}

/** Always the same for the same disk, so that a seed which was interrupted goes on with what is there. */
function volumeName(machine: SeedMachine, disk: SeedDisk): string {
  return `pvc-${createHash('sha256').update(`${machine.namespace}/${disk.claim}`).digest('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5')}`;
}

function claimSpec(disk: SeedDisk, storage: string): { accessModes: AccessMode[]; volumeMode: 'Block'; storageClassName: string; resources: { requests: { storage: string } } } {
  return { accessModes: [disk.accessMode], volumeMode: 'Block', storageClassName: disk.className, resources: { requests: { storage } } };
}

async function seedDisk(options: SeedMachinesOptions, machine: SeedMachine, disk: SeedDisk, diskIndex: number): Promise<void> {
  const { client, files, scale, mkfs } = options;
  const name = volumeName(machine, disk);
  const directory = files.volumeFolder(disk.className, name);
  const sizeBytes = diskBytes(disk, scale);
  const storage = formatQuantity(sizeBytes);
  const storageClass = await client.get<StorageClass>(STORAGE_CLASS, { name: disk.className });
  const node = nodesOfClass(storageClass)?.[0];

  if (!await stat(directory).then(() => true, () => false)) {
    await createDiskImage({ directory, name: DEVICE_FILE, sizeBytes, diskIndex, bootable: disk.bootable, seed: `${machine.namespace}/${disk.claim}`, fill: 0.4, ...(mkfs ? { mkfs } : {}) });
  }
  await createIfAbsent(client, PV, {
    metadata: { name, annotations: { [PROVISIONED_BY]: storageClass.provisioner }, finalizers: [PROVISIONER_FINALIZER] },
    spec: {
      accessModes: [disk.accessMode], volumeMode: 'Block', storageClassName: disk.className, capacity: { storage }, persistentVolumeReclaimPolicy: 'Delete',
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace: machine.namespace, name: disk.claim },
      csi: { driver: storageClass.provisioner, volumeHandle: name },
      ...(node ? { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: LVM_TOPOLOGY, operator: 'In', values: [node] }] }] } } } : {}),
    },
  });
  await createIfAbsent(client, PVC, { metadata: { name: disk.claim, namespace: machine.namespace }, spec: { ...claimSpec(disk, storage), volumeName: name } });
}

function manifest(machine: SeedMachine, scale: number): Parameters<typeof createIfAbsent>[2] {
  const { name, namespace, disks, cloudInitSecret, network } = machine;
  const templates = disks.map((disk) => ({ metadata: { name: disk.claim }, spec: claimSpec(disk, formatQuantity(diskBytes(disk, scale))) }));
  const cloudInit = cloudInitSecret ? [{ name: 'cloudinitdisk', cloudInitNoCloud: { secretRef: { name: cloudInitSecret }, networkDataSecretRef: { name: cloudInitSecret } } }] : [];

  return {
    metadata: {
      name, namespace, labels: { 'harvesterhci.io/creator': 'harvester', 'harvesterhci.io/os': 'linux' },
      annotations: {
        [CLAIM_TEMPLATES_ANNOTATION]: JSON.stringify(templates), 'field.cattle.io/description': machine.description, 'network.harvesterhci.io/ips': '[]',
        ...(machine.agent ? {} : { [AGENT_ANNOTATION]: 'absent' }),
      },
    },
    spec: {
      runStrategy: machine.runStrategy,
      template: {
        metadata: { labels: { 'harvesterhci.io/creator': 'harvester', 'harvesterhci.io/vmName': name }, annotations: { 'harvesterhci.io/sshNames': '[]' } },
        spec: {
          hostname: name, evictionStrategy: 'LiveMigrateIfPossible', terminationGracePeriodSeconds: 120,
          domain: {
            cpu: { cores: 2, sockets: 1, threads: 1 }, memory: { guest: '1948Mi' }, machine: { type: 'q35' }, resources: { limits: { cpu: '2', memory: '2Gi' } },
            devices: {
              disks: [
                ...disks.map((disk, index) => ({ name: disk.name, disk: { bus: 'virtio' }, ...(disk.bootable ? { bootOrder: index + 1 } : {}) })),
                ...cloudInit.map((volume) => ({ name: volume.name, disk: { bus: 'virtio' } })),
              ],
              interfaces: [{ name: 'default', bridge: {}, model: 'virtio', macAddress: macAddress(`${namespace}/${name}`) }],
            },
          },
          networks: [{ name: 'default', multus: { networkName: network } }],
          volumes: [...disks.map((disk) => ({ name: disk.name, persistentVolumeClaim: { claimName: disk.claim } })), ...cloudInit],
        },
      },
    },
  };
}

/** What {@link seedMachines} needs. `scale` 1 makes disks of 256 to 512 MiB; `mkfs` is the path of `mkfs.ext4`. */
export interface SeedMachinesOptions { client: KubeClient; files: VolumeFiles; scale: number; mkfs?: string; step: (text: string) => void }

/** Makes the disks, Secrets and VMs of {@link MACHINES}. What is there is left as it is. */
export async function seedMachines(options: SeedMachinesOptions): Promise<void> {
  for (const machine of MACHINES) {
    options.step(`VM ${machine.namespace}/${machine.name}: ${machine.disks.map((disk) => formatQuantity(diskBytes(disk, options.scale))).join(' + ')}`);
    for (const [index, disk] of machine.disks.entries()) {
      await seedDisk(options, machine, disk, index);
    }
    if (machine.cloudInitSecret) {
      await createIfAbsent(options.client, SECRET, {
        metadata: { name: machine.cloudInitSecret, namespace: machine.namespace, labels: { 'harvesterhci.io/cloud-init-template': 'harvester' } }, type: 'secret',
        stringData: {
          userdata: `#cloud-config\nhostname: ${machine.name}\npassword: simulated-${machine.name}\nchpasswd: { expire: false }\npackage_update: true\npackages: [qemu-guest-agent]\n`,
          networkdata: 'version: 2\nethernets:\n  enp1s0:\n    dhcp4: true\n',
        },
      });
    }
    await createIfAbsent(options.client, VIRTUAL_MACHINE, manifest(machine, options.scale));
  }
}
