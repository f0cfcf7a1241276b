import { NAMESPACE, NODE, PVC, STORAGE_CLASS, VOLUME_SNAPSHOT_CLASS, BACKUP_ENGINE, type ResourceType } from '../../contract/api.ts';
import { SYSTEM_NAMESPACE } from '../../contract/names.ts';
import type { KubeClient } from '../../kube/client.ts';
import { LVM_TOPOLOGY } from '../drivers/csi/abilities.ts';
import { createIfAbsent } from './apply.ts';

const NETWORK: ResourceType = { group: 'k8s.cni.cncf.io', version: 'v1', kind: 'NetworkAttachmentDefinition', plural: 'network-attachment-definitions', namespaced: true };
const PROFILE: ResourceType = { group: 'cdi.kubevirt.io', version: 'v1beta1', kind: 'StorageProfile', plural: 'storageprofiles', namespaced: false };
const SETTING: ResourceType = { group: 'harvesterhci.io', version: 'v1beta1', kind: 'Setting', plural: 'settings', namespaced: false };

/** The cluster's nodes; the second one has the LVM volume group. */
export const NODES = ['harvester-1', 'harvester-2'] as const;
/** Node of the class {@link LVM_CLASS}. */
export const LVM_NODE = NODES[1];
export const LONGHORN_CLASS = 'harvester-longhorn';
export const LVM_CLASS = 'lvm-thin';
export const NFS_CLASS = 'nfs';
/** PVC in the system namespace for repositories. */
export const REPOSITORY_CLAIM = 'backup-storage';
/** Image that the Job runner knows as the mover. */
export const MOVER_IMAGE = 'harvester-vm-backup:embedded';
/** Namespaces with VMs. */
export const VM_NAMESPACES = ['web', 'office'] as const;

const CLASSES = [
  {
    metadata: { name: LONGHORN_CLASS, annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
    provisioner: 'driver.longhorn.io', parameters: { numberOfReplicas: '3', staleReplicaTimeout: '30', migratable: 'true' },
    reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate', allowVolumeExpansion: true,
  },
  {
    metadata: { name: LVM_CLASS }, provisioner: 'lvm.driver.harvesterhci.io', parameters: { type: 'dm-thin', vgName: 'vg01' }, reclaimPolicy: 'Delete',
    volumeBindingMode: 'WaitForFirstConsumer', allowedTopologies: [{ matchLabelExpressions: [{ key: LVM_TOPOLOGY, values: [LVM_NODE] }] }],
  },
  { metadata: { name: NFS_CLASS }, provisioner: 'nfs.csi.k8s.io', parameters: { server: 'nas.example', share: '/export' }, reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' },
];

const PROFILES = [
  { name: LONGHORN_CLASS, claimPropertySets: [{ accessModes: ['ReadWriteMany'], volumeMode: 'Block' }, { accessModes: ['ReadWriteOnce'], volumeMode: 'Block' }] },
  { name: LVM_CLASS, claimPropertySets: [{ accessModes: ['ReadWriteOnce'], volumeMode: 'Block' }] },
  { name: NFS_CLASS, claimPropertySets: [{ accessModes: ['ReadWriteMany'], volumeMode: 'Filesystem' }] },
];

const SNAPSHOT_CLASSES = [
  { metadata: { name: 'longhorn-snapshot' }, driver: 'driver.longhorn.io', deletionPolicy: 'Delete', parameters: { type: 'snap' } },
  // Harvester has it too: without parameters it means a backup to Longhorn's backup target, which this cluster has not.
  { metadata: { name: 'longhorn' }, driver: 'driver.longhorn.io', deletionPolicy: 'Delete' },
  { metadata: { name: 'lvm-snapshot' }, driver: 'lvm.driver.harvesterhci.io', deletionPolicy: 'Delete' },
];

/** Longhorn and LVM as Harvester's setting names them. */
const CSI_DRIVER_CONFIG = {
  'driver.longhorn.io': { volumeSnapshotClassName: 'longhorn-snapshot', backupVolumeSnapshotClassName: 'longhorn' },
  'lvm.driver.harvesterhci.io': { volumeSnapshotClassName: 'lvm-snapshot' },
};

function nodeOf(name: string): Parameters<typeof createIfAbsent>[2] {
  return {
    metadata: { name, labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', 'kubevirt.io/schedulable': 'true', 'node.harvesterhci.io/host': 'true', ...(name === LVM_NODE ? { [LVM_TOPOLOGY]: name } : {}) } },
    spec: {},
    status: { capacity: { cpu: '8', memory: '32Gi', pods: '200' }, allocatable: { cpu: '8', memory: '32Gi', pods: '200' }, conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' }] },
  };
}

/** Namespaces, nodes, classes, networks, the engine restic, and the PVC for repositories. Needs the CRDs to be there. */
export async function seedInfrastructure(client: KubeClient): Promise<void> {
  for (const name of ['default', 'kube-system', SYSTEM_NAMESPACE, ...VM_NAMESPACES]) {
    await createIfAbsent(client, NAMESPACE, { metadata: { name } });
  }
  for (const name of NODES) {
    await createIfAbsent(client, NODE, nodeOf(name));
  }
  for (const storageClass of CLASSES) {
    await createIfAbsent(client, STORAGE_CLASS, storageClass);
  }
  for (const { name, claimPropertySets } of PROFILES) {
    await createIfAbsent(client, PROFILE, { metadata: { name }, spec: {}, status: { storageClass: name, claimPropertySets } });
  }
  for (const snapshotClass of SNAPSHOT_CLASSES) {
    await createIfAbsent(client, VOLUME_SNAPSHOT_CLASS, snapshotClass);
  }
  await createIfAbsent(client, SETTING, { metadata: { name: 'csi-driver-config' }, value: JSON.stringify(CSI_DRIVER_CONFIG) });
  for (const name of ['vlan10', 'vlan20']) {
    await createIfAbsent(client, NETWORK, {
      metadata: { name, namespace: 'default', labels: { 'network.harvesterhci.io/type': 'L2VlanNetwork', 'network.harvesterhci.io/vlan-id': name.slice(4) } },
      spec: { config: JSON.stringify({ cniVersion: '0.3.1', name, type: 'bridge', bridge: 'mgmt-br', promiscMode: true, vlan: Number(name.slice(4)), ipam: {} }) },
    });
  }
  await createIfAbsent(client, BACKUP_ENGINE, { metadata: { name: 'restic' }, spec: { mover: { image: MOVER_IMAGE } } });
  await createIfAbsent(client, PVC, {
    metadata: { name: REPOSITORY_CLAIM, namespace: SYSTEM_NAMESPACE },
    spec: { accessModes: ['ReadWriteMany'], volumeMode: 'Filesystem', storageClassName: NFS_CLASS, resources: { requests: { storage: '20Gi' } } },
  });
}
