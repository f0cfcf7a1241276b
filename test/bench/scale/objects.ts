import { API_VERSION } from '../../../server/contract/api.ts';
import type { BackupEngine } from '../../../server/contract/backup-engine.ts';
import type { BackupRepository } from '../../../server/contract/backup-repository.ts';
import type { VirtualMachine, VirtualMachineInstance } from '../../../server/contract/kubernetes.ts';
import { FINALIZER_CLEANUP, FINALIZER_DATA, LABEL_VM_UID } from '../../../server/contract/names.ts';
import type { BackupVolume, VMBackup, VMBackupStatus } from '../../../server/contract/vm-backup.ts';

/** Objects of a large cluster, as long as those of a real one: a cluster of short objects would flatter every figure. */

const GIB = 1024 ** 3;
const DISKS = ['rootdisk', 'data'];
const hex = (seed: number, length: number): string => Array.from({ length: Math.ceil(length / 8) }, (_unused, index) => (Math.imul(seed + index + 1, 2_654_435_761) >>> 0).toString(16).padStart(8, '0')).join('').slice(0, length);
const uid = (seed: number): string => `${hex(seed, 8)}-0000-4000-8000-${hex(seed + 7, 12)}`;
const at = (index: number, second: number): string => new Date(Date.UTC(2026, 0, 1) + index * 60_000 + second * 1000).toISOString();

export const namespaceOf = (vm: number): string => `team-${vm % 20}`;
export const vmName = (vm: number): string => `machine-${String(vm).padStart(4, '0')}`;

/** A VM as Harvester's wizard makes it. */
export function largeVM(index: number): VirtualMachine {
  const name = vmName(index);
  const claims = DISKS.map((disk) => ({ metadata: { name: `${name}-${disk}`, annotations: { 'harvesterhci.io/imageId': 'default/image-ubuntu' } }, spec: { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '40Gi' } }, volumeMode: 'Block', storageClassName: 'longhorn-image-ubuntu' } }));

  return {
    apiVersion: 'kubevirt.io/v1', kind: 'VirtualMachine',
    metadata: { name, namespace: namespaceOf(index), labels: { 'harvesterhci.io/creator': 'harvester', 'harvesterhci.io/os': 'linux' }, annotations: { 'harvesterhci.io/volumeClaimTemplates': JSON.stringify(claims), 'network.harvesterhci.io/ips': '[]', 'harvesterhci.io/vmRunStrategy': 'RerunOnFailure' } },
    spec: {
      runStrategy: 'RerunOnFailure',
      template: {
        metadata: { labels: { 'harvesterhci.io/vmName': name }, annotations: { 'harvesterhci.io/sshNames': '["default/operator"]' } },
        spec: {
          domain: {
            cpu: { cores: 4, sockets: 1, threads: 1 }, memory: { guest: '8092Mi' }, machine: { type: 'q35' }, features: { acpi: { enabled: true } }, resources: { limits: { cpu: '4', memory: '8Gi' }, requests: { cpu: '250m', memory: '5461Mi' } },
            devices: { disks: [...DISKS, 'cloudinitdisk'].map((disk, order) => ({ name: disk, bootOrder: order + 1, disk: { bus: 'virtio' } })), interfaces: [{ name: 'default', model: 'virtio', macAddress: `52:54:00:${hex(index, 2)}:${hex(index + 3, 2)}:01`, bridge: {} }], inputs: [{ bus: 'usb', name: 'tablet', type: 'tablet' }] },
          },
          evictionStrategy: 'LiveMigrateIfPossible', hostname: name, networks: [{ name: 'default', multus: { networkName: 'default/vlan-100' } }], terminationGracePeriodSeconds: 120,
          volumes: [...DISKS.map((disk) => ({ name: disk, persistentVolumeClaim: { claimName: `${name}-${disk}` } })), { name: 'cloudinitdisk', cloudInitNoCloud: { secretRef: { name: `${name}-cloud` }, networkDataSecretRef: { name: `${name}-cloud` } } }],
        },
      },
    },
  };
}

/** What runs of it. */
export function largeVMI(index: number): VirtualMachineInstance {
  const { metadata, spec } = largeVM(index);

  return {
    apiVersion: 'kubevirt.io/v1', kind: 'VirtualMachineInstance', metadata, spec: spec.template.spec,
    status: {
      phase: 'Running', nodeName: `node-${index % 16}`, guestOSInfo: { id: 'ubuntu', name: 'Ubuntu', prettyName: 'Ubuntu 24.04 LTS', kernelRelease: '6.8.0-45-generic', version: '24.04' },
      interfaces: [{ name: 'default', ipAddress: `10.0.${index % 250}.${index % 200}`, mac: '52:54:00:00:00:01', infoSource: 'domain, guest-agent', queueCount: 1 }],
      conditions: ['Ready', 'LiveMigratable', 'AgentConnected', 'StorageLiveMigratable'].map((type) => ({ type, status: 'True', lastTransitionTime: at(index, 0) })),
      volumeStatus: DISKS.map((name, order) => ({ name, target: `vd${'ab'[order]}`, persistentVolumeClaimInfo: { claimName: `${vmName(index)}-${name}`, accessModes: ['ReadWriteMany'], capacity: { storage: '40Gi' }, volumeMode: 'Block' } })),
    },
  } as unknown as VirtualMachineInstance;
}

function largeVolume(name: string, vm: number, backup: number, finished: string): BackupVolume {
  const sizeBytes = 40 * GIB;

  return {
    name, claimName: `${vmName(vm)}-${name}`, claimUID: uid(vm * 2), sizeBytes, volumeMode: 'Block', accessModes: ['ReadWriteMany'], storageClassName: 'longhorn-image-ubuntu', phase: 'Completed',
    snapshotName: `${vmName(vm)}-${name}-${hex(backup, 10)}`, cutAt: finished, attempts: 1, snapshotID: hex(backup, 64), digestsID: hex(backup + 1, 64), rootDigest: hex(backup + 2, 64),
    bytesRead: sizeBytes, bytesZero: 22 * GIB, bytesUploaded: GIB / 2, progress: { bytesTotal: sizeBytes, bytesDone: sizeBytes, bytesUploaded: GIB / 2, bytesPerSecond: 180_000_000, etaSeconds: 0 },
  };
}

/** A backup that is complete, with the status that ours leave. */
export function largeBackup(index: number, vms: number): { object: VMBackup; status: VMBackupStatus } {
  const vm = index % vms;
  const phases = ['Pending', 'Queued', 'Quiescing', 'Moving', 'Committing', 'Cleaning', 'Completed'];
  const volumes = DISKS.map((disk) => largeVolume(disk, vm, index, at(index, 4)));

  return {
    object: {
      apiVersion: API_VERSION, kind: 'VMBackup',
      metadata: { name: `${vmName(vm)}-${String(index).padStart(5, '0')}`, namespace: namespaceOf(vm), labels: { [LABEL_VM_UID]: uid(vm) }, finalizers: [FINALIZER_DATA], annotations: { 'backup.harvesterhci.io/requested-by': 'admin' } },
      spec: { source: { name: vmName(vm) }, repository: 'main', quiesce: { policy: 'BestEffort', deadlineSeconds: 30 }, deletionPolicy: 'Delete' },
    },
    status: {
      phase: 'Completed', observedGeneration: 1, vm: { name: vmName(vm), uid: uid(vm) }, quiesceAttempts: 1, documentID: hex(index + 3, 64), completedAt: at(index, 50), volumes,
      excluded: [{ name: 'cloudinitdisk', reason: 'It is made from a Secret, which is in the backup.' }],
      consistency: { policy: 'BestEffort', level: 'Filesystem', reason: 'All filesystems were frozen while every disk was cut.', agentConnected: true, frozenAt: at(index, 3), thawedAt: at(index, 5), windowMilliseconds: 1840, spreadMilliseconds: 212 },
      progress: { bytesTotal: 80 * GIB, bytesDone: 80 * GIB, bytesUploaded: GIB, bytesPerSecond: 360_000_000, etaSeconds: 0 },
      timings: phases.map((phase, order) => ({ phase, startedAt: at(index, order * 7), finishedAt: at(index, order * 7 + 7) })),
      conditions: [{ type: 'Ready', status: 'True', reason: 'Completed', message: 'The backup is complete.', lastTransitionTime: at(index, 50) }],
    },
  };
}

/** An engine that has answered. */
export const ENGINE: BackupEngine = { apiVersion: API_VERSION, kind: 'BackupEngine', metadata: { name: 'restic' }, spec: { mover: { image: 'harvester-vm-backup' } } };

/** The repository of all backups. */
export const REPOSITORY: BackupRepository = {
  apiVersion: API_VERSION, kind: 'BackupRepository', metadata: { name: 'main', finalizers: [FINALIZER_CLEANUP] },
  spec: { engine: 'restic', target: { filesystem: { claimName: 'backup-storage', path: 'main' } }, encryption: { secretRef: { name: 'key' } } },
};
