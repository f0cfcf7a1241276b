import { createHash } from 'node:crypto';
import type { BackupDocument } from '../../../server/contract/backup-document.ts';
import type { RestorePlan } from '../../../server/contract/vm-restore.ts';
import type { StorageClassFacts } from '../../../server/domain/restore/abilities.ts';
import type { RestoreRequest } from '../../../server/domain/restore/check-context.ts';
import type { RestoreFacts } from '../../../server/domain/restore/facts.ts';
import { planRestore } from '../../../server/domain/restore/plan.ts';

export const GI = 1024 ** 3;
export const NOW = new Date('2026-01-01T12:00:00Z');
export const hash = (text: string): string => createHash('sha256').update(text).digest('hex');

export const LONGHORN: StorageClassFacts = { name: 'harvester-longhorn', provisioner: 'driver.longhorn.io', bindingMode: 'Immediate', migratable: true };
export const LVM: StorageClassFacts = { name: 'lvm-thin', provisioner: 'lvm.driver.harvesterhci.io', bindingMode: 'WaitForFirstConsumer', nodes: ['node-1'] };
export const NFS: StorageClassFacts = { name: 'nfs', provisioner: 'nfs.csi.k8s.io', bindingMode: 'Immediate' };

export function aVolumeOf(name: string, changes: Partial<BackupDocument['volumes'][number]> = {}): BackupDocument['volumes'][number] {
  return {
    name, claimName: `shop-${name}`, sizeBytes: GI, volumeMode: 'Block', accessModes: ['ReadWriteMany'], storageClassName: 'harvester-longhorn',
    snapshotID: `snapshot-${name}`, rootDigest: `sha256:${name}`, ...changes,
  };
}

/** A VM `web/shop` as Harvester makes them: two disks, cloud-init from a Secret, an SSH key, one bridge network. */
export function aDocument(changes: Partial<BackupDocument> = {}): BackupDocument {
  return {
    version: 1, createdAt: '2026-01-01T00:00:00Z',
    identity: { cluster: 'cluster-1', namespace: 'web', vmName: 'shop', vmUID: 'vm-uid', backupUID: 'backup-uid' },
    vm: {
      apiVersion: 'kubevirt.io/v1', kind: 'VirtualMachine',
      metadata: {
        name: 'shop', namespace: 'web', labels: { tier: 'front', 'harvesterhci.io/vmName': 'shop', 'backup.harvesterhci.io/restored-by': 'an-older-restore' },
        annotations: {
          'harvesterhci.io/volumeClaimTemplates': JSON.stringify([{ metadata: { name: 'shop-root', annotations: { 'harvesterhci.io/imageId': 'default/image-1' } }, spec: {} }, { metadata: { name: 'shop-data' }, spec: {} }]),
          'harvesterhci.io/vmRunStrategy': 'RerunOnFailure', 'harvesterhci.io/mac-address': '{"default":"52:54:00:00:00:01"}', 'harvesterhci.io/reservedMemory': '100Mi',
          'kubectl.kubernetes.io/last-applied-configuration': '{}', note: 'kept',
        },
      },
      spec: {
        runStrategy: 'Always', dataVolumeTemplates: [{ metadata: { name: 'shop-data' } }],
        template: {
          metadata: { labels: { 'harvesterhci.io/vmName': 'shop' }, annotations: { 'harvesterhci.io/dynamic-ssh-key-names': '{"ssh":["web/key"]}' } },
          spec: {
            hostname: 'shop', networks: [{ name: 'default', multus: { networkName: 'web/vlan1' } }],
            accessCredentials: [{ sshPublicKey: { source: { secret: { secretName: 'ssh' } } } }],
            domain: {
              firmware: { uuid: 'f0000000-0000-4000-8000-000000000000', serial: 'S1', bootloader: { efi: { secureBoot: false } } },
              devices: { interfaces: [{ name: 'default', macAddress: '52:54:00:00:00:01', bridge: {} }], disks: [{ name: 'root' }, { name: 'data' }, { name: 'init' }] },
            },
            volumes: [
              { name: 'root', persistentVolumeClaim: { claimName: 'shop-root' } },
              { name: 'data', dataVolume: { name: 'shop-data', hotpluggable: true } },
              { name: 'init', cloudInitNoCloud: { secretRef: { name: 'cloud-init' }, networkDataSecretRef: { name: 'cloud-init' } } },
            ],
          },
        },
      },
    },
    secrets: [{ name: 'cloud-init', type: 'Opaque', data: { userdata: 'Y2FuYXJ5' } }, { name: 'ssh', data: { key: 'c3No' } }],
    volumes: [aVolumeOf('root'), aVolumeOf('data')],
    excluded: [],
    consistency: { policy: 'BestEffort', level: 'Filesystem', reason: 'The guest filesystems were frozen.', agentConnected: true },
    ...changes,
  };
}

/** A cluster in which nothing speaks against restoring into the namespace `lab`. */
export function someFacts(changes: Partial<RestoreFacts> = {}): RestoreFacts {
  return {
    restoreUID: 'restore-uid', namespace: { name: 'lab', state: 'Active' }, claims: [], secrets: [], storageClasses: [LONGHORN, LVM, NFS],
    networks: ['web/vlan1'], sourceVMExists: true, macAddresses: [], backup: { uid: 'backup-uid', documentID: 'document-1' }, ...changes,
  };
}

export function aRequest(changes: Partial<RestoreRequest> = {}): RestoreRequest {
  return { target: { name: 'shop-copy' }, start: 'Recorded', keepMacAddresses: false, ...changes };
}

/** The plan for these, with everything else as it is by default. */
export function plan({ document = aDocument(), request = aRequest(), facts = someFacts() }: { document?: BackupDocument; request?: RestoreRequest; facts?: RestoreFacts } = {}): RestorePlan {
  return planRestore(document, request, facts, hash, NOW);
}
