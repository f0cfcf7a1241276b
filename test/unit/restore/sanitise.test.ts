import { describe, expect, it } from 'vitest';
import { ANNOTATION_CLAIM_TEMPLATES } from '../../../server/domain/restore/claim-templates.ts';
import { restoredClaimAnnotations, restoredClaimLabels } from '../../../server/domain/restore/metadata.ts';
import { finalRunStrategy, resumedRunStrategy, startBy } from '../../../server/domain/restore/run-strategy.ts';
import { sanitiseVM, type SanitisedVM, type SanitiseOptions } from '../../../server/domain/restore/sanitise.ts';
import type { BackupDocument } from '../../../server/contract/backup-document.ts';
import { aDocument, aRequest, plan } from './fixtures.ts';

function sanitise(changes: Partial<SanitiseOptions> = {}, vm = aDocument().vm, request = aRequest()): SanitisedVM {
  return sanitiseVM(vm, {
    restoreUID: 'restore-uid', target: { namespace: 'lab', name: 'shop-copy' }, volumes: plan({ request }).volumes,
    secretNames: new Map([['cloud-init', 'shop-copy-cloud-init'], ['ssh', 'ssh']]), keepMacAddresses: false, resume: 'Always', ...changes,
  });
}

const withVolumes = (...volumes: unknown[]): BackupDocument['vm'] => {
  const vm = structuredClone(aDocument().vm);
  const template = (vm.spec as { template: { spec: { volumes: unknown[]; domain: { devices: { disks: { name: string }[] } } } } }).template.spec;

  template.volumes.push(...volumes);
  template.domain.devices.disks.push({ name: 'extra' });
  return vm;
};

describe('sanitiseVM', () => {
  it('given a VM of Harvester, when sanitised for a copy, then it is another machine that hangs on nothing of the source', () => {
    const { vm } = sanitise();
    const template = vm.spec.template.spec;

    expect(vm.metadata).toMatchObject({ name: 'shop-copy', namespace: 'lab', labels: { tier: 'front', 'harvesterhci.io/vmName': 'shop-copy', 'backup.harvesterhci.io/restored-by': 'restore-uid' } });
    expect(Object.keys(vm.metadata.annotations ?? {}).sort()).toEqual(['harvesterhci.io/reservedMemory', 'harvesterhci.io/vmRunStrategy', 'harvesterhci.io/volumeClaimTemplates', 'note']);
    expect(vm.spec).toMatchObject({ runStrategy: 'Halted' });
    expect(vm.spec.dataVolumeTemplates).toBeUndefined();
    expect(template.hostname).toBe('shop-copy');
    expect(template.domain.firmware).toEqual({ bootloader: { efi: { secureBoot: false } } });
    expect(template.domain.devices.interfaces).toEqual([{ name: 'default', bridge: {} }]);
    expect(vm.spec.template.metadata?.labels).toEqual({ 'harvesterhci.io/vmName': 'shop-copy' });
  });

  it('given PVC and DataVolume disks, when sanitised, then both become the planned PVCs and stay hotpluggable', () => {
    const [root, data] = plan().volumes;

    expect(sanitise().vm.spec.template.spec.volumes?.slice(0, 2)).toEqual([
      { name: 'root', persistentVolumeClaim: { claimName: root?.claimName } },
      { name: 'data', persistentVolumeClaim: { claimName: data?.claimName, hotpluggable: true } },
    ]);
  });

  it('given renamed Secrets, when sanitised, then every reference follows', () => {
    const { vm } = sanitise({ secretNames: new Map([['cloud-init', 'a'], ['ssh', 'b']]) });
    const { volumes, accessCredentials } = vm.spec.template.spec;

    expect(volumes?.[2]?.cloudInitNoCloud).toEqual({ secretRef: { name: 'a' }, networkDataSecretRef: { name: 'a' } });
    expect(accessCredentials?.[0]?.sshPublicKey?.source.secret?.secretName).toBe('b');
    expect(vm.spec.template.metadata?.annotations?.['harvesterhci.io/dynamic-ssh-key-names']).toBe('{"b":["web/key"]}');
  });

  it('given a class that stays and one that changes, when sanitised, then the claim templates have the new PVCs and the image only where the class stayed', () => {
    const same = JSON.parse(sanitise().vm.metadata.annotations?.[ANNOTATION_CLAIM_TEMPLATES] ?? '') as unknown[];
    const request = aRequest({ volumes: [{ name: 'root', storageClassName: 'nfs' }] });
    const moved = JSON.parse(sanitise({}, undefined, request).vm.metadata.annotations?.[ANNOTATION_CLAIM_TEMPLATES] ?? '') as unknown[];
    const [root] = plan().volumes;

    expect(same).toHaveLength(2);
    expect(same[0]).toEqual({
      metadata: { name: root?.claimName, annotations: { 'harvesterhci.io/imageId': 'default/image-1' } },
      spec: { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '1Gi' } }, storageClassName: 'harvester-longhorn', volumeMode: 'Block' },
    });
    expect(moved[0]).toEqual({ metadata: { name: root?.claimName }, spec: { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '1084Mi' } }, storageClassName: 'nfs', volumeMode: 'Filesystem' } });
  });

  it('given the VM’s own name and namespace, when sanitised, then it is the same machine again', () => {
    const { vm } = sanitise({ target: { namespace: 'web', name: 'shop' }, keepMacAddresses: true });

    expect(vm.spec.template.spec.domain.firmware).toMatchObject({ uuid: 'f0000000-0000-4000-8000-000000000000', serial: 'S1' });
    expect(vm.spec.template.spec.hostname).toBe('shop');
    expect(vm.spec.template.spec.domain.devices.interfaces?.[0]?.macAddress).toBe('52:54:00:00:00:01');
  });

  it.each([
    ['an ephemeral disk over a PVC of the source', { name: 'extra', ephemeral: { persistentVolumeClaim: { claimName: 'shop-base' } } }],
    ['a memory dump', { name: 'extra', memoryDump: { claimName: 'shop-dump' } }],
    ['a file of a node', { name: 'extra', hostDisk: { path: '/x', type: 'Disk' } }],
    ['a PVC that the backup does not have', { name: 'extra', persistentVolumeClaim: { claimName: 'shop-extra' } }],
    ['a Secret that the backup does not have', { name: 'extra', secret: { secretName: 'shop-secret' } }],
  ])('given %s, when sanitised, then volume and disk are left out, and it is said', (_what, volume) => {
    const { vm, changes } = sanitise({}, withVolumes(volume));

    expect(vm.spec.template.spec.volumes?.map(({ name }) => name)).toEqual(['root', 'data', 'init']);
    expect(vm.spec.template.spec.domain.devices.disks?.map(({ name }) => name)).toEqual(['root', 'data', 'init']);
    expect(changes.join(' ')).toContain('Volume extra is left out');
  });

  it('given a pinned instancetype, when sanitised, then the revision of the source VM is not kept', () => {
    const vm = { ...aDocument().vm, spec: { ...aDocument().vm.spec, instancetype: { name: 'small', revisionName: 'shop-small-1' } } };

    expect(sanitise({}, vm).vm.spec['instancetype']).toEqual({ name: 'small' });
  });

  it('given a document, when sanitised twice, then the document is untouched and both results are equal', () => {
    const { vm } = aDocument();
    const before = structuredClone(vm);

    expect(sanitise({}, vm)).toEqual(sanitise({}, vm));
    expect(vm).toEqual(before);
  });
});

describe('metadata of restored PVCs', () => {
  it('given marks of CDI, binding and owners, when restored, then only the person’s own stay', () => {
    expect(restoredClaimLabels({ app: 'containerized-data-importer', 'cdi.kubevirt.io/x': '1', 'persistent-state-for': 'shop', team: 'a' })).toEqual({ team: 'a' });
    expect(restoredClaimLabels({ app: 'shop' })).toEqual({ app: 'shop' });
    const annotations = { 'pv.kubernetes.io/bind-completed': 'yes', 'volume.kubernetes.io/selected-node': 'n', 'cdi.kubevirt.io/storage.import.source': 'x', 'harvesterhci.io/owned-by': '[]', 'harvesterhci.io/imageId': 'default/i', note: 'kept' };

    expect(restoredClaimAnnotations(annotations, true)).toEqual({ 'harvesterhci.io/imageId': 'default/i', note: 'kept' });
    expect(restoredClaimAnnotations(annotations, false)).toEqual({ note: 'kept' });
  });
});

describe('run strategy', () => {
  const vm = (spec: Record<string, unknown>, remembered?: string): BackupDocument['vm'] => ({ ...aDocument().vm, spec, metadata: { name: 'shop', namespace: 'web', ...(remembered ? { annotations: { 'harvesterhci.io/vmRunStrategy': remembered } } : {}) } });

  it.each([
    [{ runStrategy: 'Always' }, undefined, 'Always', 'Always', 'Strategy'],
    [{ runStrategy: 'Halted' }, 'Manual', 'Halted', 'Manual', 'Call'],
    [{ runStrategy: 'Halted' }, undefined, 'Halted', 'RerunOnFailure', 'Strategy'],
    [{ running: true }, undefined, 'Always', 'Always', 'Strategy'],
    [{ running: false }, 'Always', 'Halted', 'Always', 'Strategy'],
    [{ runStrategy: 'Manual' }, undefined, 'Manual', 'Manual', 'Call'],
    [{ runStrategy: 'WaitAsReceiver' }, undefined, 'Halted', 'RerunOnFailure', 'Strategy'],
  ])('given %j with %s remembered, when restored as recorded, then %s; when it is to start, then %s by %s', (spec, remembered, recorded, started, by) => {
    expect(finalRunStrategy(vm(spec, remembered), 'Recorded')).toBe(recorded);
    expect(finalRunStrategy(vm(spec, remembered), 'Start')).toBe(started);
    expect(startBy(started, 'Start')).toBe(by);
    expect(finalRunStrategy(vm(spec, remembered), 'Halted')).toBe('Halted');
    expect(resumedRunStrategy(vm(spec, remembered))).toBe(started);
  });

  it('given a Manual VM that is restored as recorded, when it is complete, then nobody starts it', () => {
    expect(startBy('Manual', 'Recorded')).toBe('None');
  });
});
