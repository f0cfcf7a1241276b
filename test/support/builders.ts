import { API_VERSION } from '../../server/contract/api.ts';
import type { BackupEngine } from '../../server/contract/backup-engine.ts';
import type { BackupRepository } from '../../server/contract/backup-repository.ts';
import type { PersistentVolume, PersistentVolumeClaim, Secret, VirtualMachine, VirtualMachineInstance, VMVolume, VolumeMode, VolumeSnapshotClass } from '../../server/contract/kubernetes.ts';
import type { VMBackup } from '../../server/contract/vm-backup.ts';

/** Builders of objects for tests: a valid one by default, with what the test is about given by name. */

export function aVM({ name = 'shop', namespace = 'web', uid = 'vm-uid', volumes = [{ name: 'root', persistentVolumeClaim: { claimName: 'shop-root' } }], ...spec }: { name?: string; namespace?: string; uid?: string; volumes?: VMVolume[]; accessCredentials?: VirtualMachine['spec']['template']['spec']['accessCredentials'] } = {}): VirtualMachine {
  return {
    apiVersion: 'kubevirt.io/v1', kind: 'VirtualMachine', metadata: { name, namespace, uid },
    spec: { runStrategy: 'Always', template: { spec: { domain: { devices: { disks: volumes.map((volume) => ({ name: volume.name })) } }, volumes, ...spec } } },
  };
}

export function aVMI({ name = 'shop', namespace = 'web', phase = 'Running', agent = true, paused = false, frozen = false }: { name?: string; namespace?: string; phase?: string; agent?: boolean; paused?: boolean; frozen?: boolean } = {}): VirtualMachineInstance {
  const condition = (type: string, on: boolean) => ({ type, status: on ? 'True' as const : 'False' as const });

  return {
    apiVersion: 'kubevirt.io/v1', kind: 'VirtualMachineInstance', metadata: { name, namespace, uid: `vmi-${name}` },
    status: { phase, conditions: [condition('Ready', true), condition('AgentConnected', agent), condition('Paused', paused)], ...(frozen ? { fsFreezeStatus: 'frozen' } : {}) },
  };
}

export function aClaim({ name = 'shop-root', namespace = 'web', phase = 'Bound', storageClassName = 'harvester-longhorn', storage = '1Gi', volumeMode = 'Block' }: { name?: string; namespace?: string; phase?: 'Bound' | 'Pending'; storageClassName?: string; storage?: string; volumeMode?: VolumeMode } = {}): PersistentVolumeClaim {
  return {
    apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name, namespace, uid: `claim-${name}`, labels: { app: 'shop' } },
    spec: { accessModes: ['ReadWriteMany'], volumeMode, storageClassName, ...(phase === 'Bound' ? { volumeName: `pv-${name}` } : {}), resources: { requests: { storage } } },
    status: { phase, capacity: { storage } },
  };
}

export function aVolume({ name = 'pv-shop-root', driver = 'driver.longhorn.io', storage = '1Gi' } = {}): PersistentVolume {
  return { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name, uid: `uid-${name}` }, spec: { accessModes: ['ReadWriteMany'], capacity: { storage }, ...(driver ? { csi: { driver, volumeHandle: name } } : {}) } };
}

export function aSnapshotClass({ name = 'longhorn-snapshot', driver = 'driver.longhorn.io', parameters = { type: 'snap' } }: { name?: string; driver?: string; parameters?: Record<string, string> } = {}): VolumeSnapshotClass {
  return { apiVersion: 'snapshot.storage.k8s.io/v1', kind: 'VolumeSnapshotClass', metadata: { name }, driver, deletionPolicy: 'Delete', parameters };
}

export function aSecret({ name = 'key', namespace = 'harvester-vm-backup-system', values = { password: 'correct horse' } }: { name?: string; namespace?: string; values?: Record<string, string> } = {}): Secret {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace, uid: `secret-${name}` }, type: 'Opaque', data: Object.fromEntries(Object.entries(values).map(([entry, value]) => [entry, Buffer.from(value).toString('base64')])) };
}

export function anEngine({ name = 'restic' } = {}): BackupEngine {
  return { apiVersion: API_VERSION, kind: 'BackupEngine', metadata: { name, uid: `engine-${name}`, generation: 1 }, spec: { mover: { image: 'harvester-vm-backup' } } };
}

export function aRepository({ name = 'main', phase = 'Ready', ...status }: { name?: string; phase?: NonNullable<BackupRepository['status']>['phase'] } & Partial<NonNullable<BackupRepository['status']>> = {}): BackupRepository {
  return {
    apiVersion: API_VERSION, kind: 'BackupRepository', metadata: { name, uid: `repository-${name}`, generation: 1 },
    spec: { engine: 'restic', target: { filesystem: { claimName: 'backup-storage', path: 'main' } }, encryption: { secretRef: { name: 'key' } }, limits: { parallelMovers: 2 } },
    status: { phase, ...status },
  };
}

export function aBackup({ name = 'nightly', namespace = 'web', vm = 'shop', policy = 'Required', deadlineSeconds = 30, deletionPolicy = 'Delete', status }: { name?: string; namespace?: string; vm?: string; policy?: VMBackup['spec']['quiesce']['policy']; deadlineSeconds?: number; deletionPolicy?: VMBackup['spec']['deletionPolicy']; status?: VMBackup['status'] } = {}): VMBackup {
  return {
    apiVersion: API_VERSION, kind: 'VMBackup', metadata: { name, namespace, uid: `backup-${name}`, generation: 1, creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { source: { name: vm }, repository: 'main', quiesce: { policy, deadlineSeconds }, deletionPolicy },
    ...(status ? { status } : {}),
  };
}

