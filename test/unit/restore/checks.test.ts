import { describe, expect, it } from 'vitest';
import type { BackupDocument } from '../../../server/contract/backup-document.ts';
import type { PlanCheck } from '../../../server/contract/vm-restore.ts';
import type { CheckID } from '../../../server/domain/restore/check-context.ts';
import { filesystemBytesFor } from '../../../server/domain/restore/mapping.ts';
import { aDocument, aRequest, aVolumeOf, GI, LONGHORN, LVM, NFS, plan, someFacts } from './fixtures.ts';

const UNKNOWN = { name: 'mystery', provisioner: 'example.com/disk', bindingMode: 'Immediate' as const };
const withClass = (storageClassName: string) => aRequest({ volumes: [{ name: 'root', storageClassName }] });
const onlyRoot = aDocument({ volumes: [aVolumeOf('root')] });

/** The document with parts of the VM's template replaced. */
function withTemplate(changes: Record<string, unknown>, spec: Record<string, unknown> = {}): BackupDocument {
  const document = aDocument();
  const template = document.vm.spec['template'] as { spec: Record<string, unknown> };

  document.vm.spec = { ...document.vm.spec, ...spec, template: { ...template, spec: { ...template.spec, ...changes } } };
  return document;
}

function checks(id: CheckID, from: Parameters<typeof plan>[0]): PlanCheck[] {
  return plan(from).checks.filter((check) => check.id === id);
}

describe('checks of a plan', () => {
  it.each<[string, CheckID, Parameters<typeof plan>[0], PlanCheck['verdict'], string]>([
    ['a namespace that is not there', 'namespace', { facts: someFacts({ namespace: { name: 'lab', state: 'Missing' } }) }, 'Fail', 'does not exist'],
    ['a taken VM name', 'vm-name', { facts: someFacts({ vmNameTakenBy: 'VMRestore other, which is restoring to it' }) }, 'Fail', 'VMRestore other'],
    ['a Secret whose names are both taken', 'secret-names', { facts: someFacts({ secrets: ['ssh', 'shop-copy-ssh'] }) }, 'Fail', 'shop-copy-ssh'],
    ['a Secret whose name is taken', 'secret-names', { facts: someFacts({ secrets: ['ssh'] }) }, 'Pass', '1 of them under a new name'],
    ['a disk that the backup does not have', 'mapping', { request: aRequest({ volumes: [{ name: 'rooot' }] }) }, 'Fail', 'it has: root, data'],
    ['a disk that is mapped twice', 'mapping', { request: aRequest({ volumes: [{ name: 'root' }, { name: 'root' }] }) }, 'Fail', 'mapped twice'],
    ['a class that is not there', 'storage-class', { document: onlyRoot, request: withClass('gone') }, 'Fail', 'harvester-longhorn, lvm-thin, nfs'],
    ['a size below the source', 'volume-size', { document: onlyRoot, request: aRequest({ volumes: [{ name: 'root', sizeBytes: GI - 1 }] }) }, 'Fail', '1073741823 < 1073741824'],
    ['a size chosen for a disk that becomes a file', 'volume-size', { document: onlyRoot, request: aRequest({ volumes: [{ name: 'root', storageClassName: 'nfs', sizeBytes: GI }] }) }, 'Pass', 'as the filesystem around the image needs some'],
    ['modes that the class lacks', 'volume-modes', { document: onlyRoot, request: aRequest({ volumes: [{ name: 'root', storageClassName: 'nfs', volumeMode: 'Block' }] }) }, 'Fail', 'Filesystem, ReadWriteMany'],
    ['an unknown driver', 'volume-modes', { document: onlyRoot, request: withClass('mystery'), facts: someFacts({ storageClasses: [LONGHORN, UNKNOWN] }) }, 'Warn', 'taken as Block, ReadWriteMany'],
    ['a StorageProfile that allows it', 'volume-modes', { document: onlyRoot, request: withClass('mystery'), facts: someFacts({ storageClasses: [{ ...UNKNOWN, profile: [{ volumeMode: 'Block', accessMode: 'ReadWriteOnce' }] }] }) }, 'Pass', 'its StorageProfile'],
    ['a device that becomes a file', 'volume-conversion', { document: onlyRoot, request: withClass('nfs') }, 'Pass', 'becomes the image file disk.img'],
    ['a class that fills volumes from an image', 'volume-content', { document: onlyRoot, facts: someFacts({ storageClasses: [{ ...LONGHORN, image: 'vm-image-1' }] }) }, 'Warn', 'vm-image-1'],
    ['a class that waits for its consumer', 'volume-binding', { document: onlyRoot, request: withClass('lvm-thin') }, 'Pass', 'the data mover is its first user'],
    ['a class of one node', 'node-bound', { document: onlyRoot, request: withClass('lvm-thin') }, 'Warn', 'node-1'],
    ['a network that is not there', 'networks', { facts: someFacts({ networks: [] }) }, 'Fail', 'web/vlan1'],
    ['a network that is not there for a VM that stays halted', 'networks', { request: aRequest({ start: 'Halted' }), facts: someFacts({ networks: [] }) }, 'Warn', 'web/vlan1'],
    ['a network without namespace', 'networks', { document: withTemplate({ networks: [{ name: 'n', multus: { networkName: 'vlan1' } }] }), facts: someFacts({ networks: ['lab/vlan1'] }) }, 'Pass', 'lab/vlan1'],
    ['the cluster network only', 'networks', { document: withTemplate({ networks: [{ name: 'n', pod: {} }] }), facts: someFacts({ networks: [] }) }, 'Pass', 'no network besides'],
    ['addresses to be kept while the source exists', 'mac-addresses', { request: aRequest({ keepMacAddresses: true }) }, 'Fail', 'web/shop still exists'],
    ['addresses to be kept that another VM has', 'mac-addresses', { request: aRequest({ keepMacAddresses: true }), facts: someFacts({ sourceVMExists: false, macAddresses: [{ address: '52:54:00:00:00:01', vm: 'lab/x' }] }) }, 'Fail', 'lab/x'],
    ['addresses to be kept that are free', 'mac-addresses', { request: aRequest({ keepMacAddresses: true }), facts: someFacts({ sourceVMExists: false }) }, 'Pass', 'is kept'],
    ['a ConfigMap in another namespace', 'references', { document: withTemplate({ volumes: [{ name: 'c', configMap: { name: 'settings' } }] }) }, 'Warn', 'ConfigMap settings'],
    ['an instancetype of the namespace', 'references', { document: withTemplate({}, { instancetype: { kind: 'VirtualMachineInstancetype', name: 'small' } }) }, 'Warn', 'VirtualMachineInstancetype small'],
    ['an instancetype of the cluster', 'references', { document: withTemplate({}, { instancetype: { kind: 'VirtualMachineClusterInstancetype', name: 'small' } }) }, 'Pass', 'needs nothing'],
    ['a crash-consistent backup', 'consistency', { document: aDocument({ consistency: { policy: 'Skip', level: 'Crash', reason: 'The policy is Skip.', agentConnected: true } }) }, 'Warn', 'power cut. The policy is Skip.'],
    ['a stopped VM', 'consistency', { document: aDocument({ consistency: { policy: 'Required', level: 'Stopped', reason: '', agentConnected: false } }) }, 'Pass', 'stopped'],
    ['a volume that was left out', 'excluded-volumes', { document: aDocument({ excluded: [{ name: 'scratch', reason: 'is thrown away when the VM stops' }] }) }, 'Warn', 'scratch is not in the backup: it is thrown away'],
    ['TPM state', 'firmware-state', { document: withTemplate({ domain: { devices: { tpm: { persistent: true } } } }) }, 'Warn', 'TPM secrets'],
    ['EFI state', 'firmware-state', { document: withTemplate({ domain: { devices: {}, firmware: { bootloader: { efi: { persistent: true } } } } }) }, 'Warn', 'EFI variables'],
  ])('given %s, when planned, then %s says so', (_what, id, from, verdict, words) => {
    const found = checks(id, from).filter((check) => check.message.includes(words));

    expect(found.map((check) => check.verdict), JSON.stringify(checks(id, from))).toEqual([verdict]);
    if (verdict !== 'Pass') expect(found[0]?.remedy).toMatch(/\.$/);
  });

  it('given disks on classes of different nodes, when planned, then no node reaches them all', () => {
    const other = { ...LVM, name: 'lvm-2', nodes: ['node-2'] };
    const request = aRequest({ volumes: [{ name: 'root', storageClassName: 'lvm-thin' }, { name: 'data', storageClassName: 'lvm-2' }] });

    expect(checks('node-bound', { request, facts: someFacts({ storageClasses: [LVM, other, NFS] }) })).toMatchObject([{ verdict: 'Fail', message: 'No node reaches all disks: root on node-1, data on node-2.' }]);
  });

  it('given a device that becomes a file, when no size is chosen, then there is room for the filesystem', () => {
    const [root] = plan({ document: onlyRoot, request: withClass('nfs') }).volumes;

    expect(root).toMatchObject({ volumeMode: 'Filesystem', accessMode: 'ReadWriteMany', sizeBytes: filesystemBytesFor(GI), sourceBytes: GI });
    expect(filesystemBytesFor(GI) * 0.945).toBeGreaterThanOrEqual(GI);
  });

  it.each([
    ['the same class', undefined, 'Block', 'ReadWriteMany'],
    ['LVM', 'lvm-thin', 'Block', 'ReadWriteOnce'],
    ['NFS', 'nfs', 'Filesystem', 'ReadWriteMany'],
  ])('given %s, when nothing else is chosen, then the modes are what the class does best', (_what, storageClassName, volumeMode, accessMode) => {
    const request = aRequest({ volumes: [{ name: 'root', ...(storageClassName ? { storageClassName } : {}) }] });

    expect(plan({ document: onlyRoot, request }).volumes[0]).toMatchObject({ volumeMode, accessMode });
  });
});
