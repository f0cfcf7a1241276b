import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EVENT, PV, PVC, VIRTUAL_MACHINE_INSTANCE, VOLUME_SNAPSHOT, VOLUME_SNAPSHOT_CONTENT } from '../../../server/contract/api.ts';
import type { AccessMode, KubeEvent, PersistentVolume, PersistentVolumeClaim, VolumeMode, VolumeSnapshot, VolumeSnapshotContent } from '../../../server/contract/kubernetes.ts';
import { DEVICE_FILE } from '../../../server/embedded/drivers/volume-files.ts';
import { judgeDisks, readRecords } from '../../../server/embedded/guest/read-records.ts';
import { startTestCluster, waitFor, type TestCluster } from '../../support/cluster.ts';

const SHOP = { namespace: 'web', name: 'shop' };

describe('CSI drivers of the embedded cluster', () => {
  let cluster: TestCluster;

  beforeAll(async () => {
    cluster = await startTestCluster();
    await cluster.machineReady('web', 'shop');
    await cluster.machineReady('web', 'cache');
  });

  afterAll(() => cluster.stop());

  interface ClaimOptions { namespace?: string; className?: string; mode?: VolumeMode; accessMode?: AccessMode; size?: string; snapshot?: string; node?: string; volumeName?: string }

  function createClaim(name: string, { namespace = 'web', className = 'harvester-longhorn', mode = 'Block', accessMode = 'ReadWriteOnce', size = '64Mi', snapshot, node, volumeName }: ClaimOptions = {}): Promise<PersistentVolumeClaim> {
    return cluster.client.create<PersistentVolumeClaim>(PVC, {
      apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name, namespace, ...(node ? { annotations: { 'volume.kubernetes.io/selected-node': node } } : {}) },
      spec: {
        accessModes: [accessMode], volumeMode: mode, storageClassName: className, resources: { requests: { storage: size } }, ...(volumeName ? { volumeName } : {}),
        ...(snapshot ? { dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: snapshot } } : {}),
      },
    });
  }

  const claim = (name: string, namespace = 'web'): Promise<PersistentVolumeClaim> => cluster.client.get(PVC, { namespace, name });
  const bound = (name: string, namespace = 'web'): Promise<PersistentVolumeClaim> => waitFor(`claim ${name} bound`, async () => {
    const found = await claim(name, namespace);

    return found.status?.phase === 'Bound' && found;
  }, { describe: () => claim(name, namespace) });

  function event(name: string, text: RegExp): Promise<KubeEvent> {
    return waitFor(`event of ${name}`, async () => (await cluster.client.list<KubeEvent>(EVENT)).items.find((each) => each.involvedObject.name === name && text.test(each.message)), {
      describe: async () => (await cluster.client.list<KubeEvent>(EVENT)).items.filter((each) => each.involvedObject.name === name).map(({ message }) => message),
    });
  }

  function createSnapshot(name: string, claimName: string, className = 'longhorn-snapshot'): Promise<VolumeSnapshot> {
    return cluster.client.create<VolumeSnapshot>(VOLUME_SNAPSHOT, {
      apiVersion: 'snapshot.storage.k8s.io/v1', kind: 'VolumeSnapshot', metadata: { name, namespace: 'web' },
      spec: { source: { persistentVolumeClaimName: claimName }, volumeSnapshotClassName: className },
    });
  }

  function snapshotWith(name: string, what: (snapshot: VolumeSnapshot) => unknown): Promise<VolumeSnapshot> {
    const find = (): Promise<VolumeSnapshot> => cluster.client.get(VOLUME_SNAPSHOT, { namespace: 'web', name });

    return waitFor(`snapshot ${name}`, async () => {
      const found = await find();

      return what(found) ? found : undefined;
    }, { describe: async () => (await find()).status });
  }
  const ready = (name: string): Promise<VolumeSnapshot> => snapshotWith(name, ({ status }) => status?.readyToUse);
  const gone = (name: string, namespace = 'web'): Promise<true> => waitFor(`claim ${name} gone`, async () => await cluster.client.find(PVC, { namespace, name }) === undefined);

  /** Restores snapshots to temporary claims and judges the disks together. */
  async function judgeSnapshots(...names: string[]): Promise<ReturnType<typeof judgeDisks>> {
    for (const name of names) {
      await ready(name);
      await createClaim(`read-${name}`, { snapshot: name });
      await bound(`read-${name}`);
    }
    const disks = await Promise.all(names.map(async (name) => readRecords(await cluster.imageOf('web', `read-${name}`))));

    await Promise.all(names.map((name) => cluster.client.delete(PVC, { namespace: 'web', name: `read-${name}` })));

    return judgeDisks(disks);
  }

  it('given a running VM that is not frozen, when both its disks are cut, then the cut is torn', async () => {
    await Promise.all([createSnapshot('skip-root', 'shop-rootdisk'), createSnapshot('skip-data', 'shop-data')]);

    expect((await judgeSnapshots('skip-root', 'skip-data')).whole).toBe(false);
  });

  it('given a frozen VM, when both its disks are cut and it is thawed at the last creationTime, then the cut is whole though the copies end later', async () => {
    await cluster.client.putSubresource(VIRTUAL_MACHINE_INSTANCE, SHOP, 'freeze', { unfreezeTimeout: '30s' });
    await Promise.all([createSnapshot('frozen-root', 'shop-rootdisk'), createSnapshot('frozen-data', 'shop-data')]);
    for (const name of ['frozen-root', 'frozen-data']) {
      await snapshotWith(name, ({ status }) => status?.creationTime);
    }
    await cluster.client.putSubresource(VIRTUAL_MACHINE_INSTANCE, SHOP, 'unfreeze', {});

    expect(await judgeSnapshots('frozen-root', 'frozen-data')).toMatchObject({ whole: true, reasons: [] });
  });

  it('given a ready snapshot, when it is deleted, then its content and its bytes go', async () => {
    await createSnapshot('short-lived', 'shop-data');
    const { status } = await ready('short-lived');
    const name = status?.boundVolumeSnapshotContentName ?? '';
    const content = await cluster.client.get<VolumeSnapshotContent>(VOLUME_SNAPSHOT_CONTENT, { name });
    const id = content.status?.snapshotHandle?.split('/').at(-1) ?? '';

    expect(content.status?.creationTime).toBeGreaterThan(1e18);
    expect(await cluster.drivers.files.snapshotFacts(id)).toMatchObject({ volumeMode: 'Block' });
    await cluster.client.delete(VOLUME_SNAPSHOT, { namespace: 'web', name: 'short-lived' });
    await waitFor('the content gone', async () => await cluster.client.find(VOLUME_SNAPSHOT_CONTENT, { name }) === undefined);
    expect(await cluster.drivers.files.snapshotFacts(id)).toBeUndefined();
  });

  it('given a snapshot, when claims ask for it in ways that CSI refuses, then they stay pending and their events say why', async () => {
    await createSnapshot('origin', 'shop-data');
    await ready('origin');
    const size = (await cluster.client.get<VolumeSnapshot>(VOLUME_SNAPSHOT, { namespace: 'web', name: 'origin' })).status?.restoreSize;

    await createClaim('too-small', { snapshot: 'origin', size: '1Mi' });
    await createClaim('other-mode', { snapshot: 'origin', mode: 'Filesystem' });
    await createClaim('other-driver', { snapshot: 'origin', className: 'nfs', mode: 'Filesystem' });
    await createClaim('no-class', { className: 'fast' });
    await createClaim('no-block', { className: 'nfs' });

    expect(size).toBe('16Mi');
    await event('too-small', /less than the size/);
    await event('other-mode', /volume mode Filesystem differs/);
    await event('other-driver', /not the class's driver/);
    await event('no-class', /"fast" not found/);
    await event('no-block', /does not support volumes of mode Block/);
    const phases = await Promise.all(['too-small', 'other-mode', 'other-driver', 'no-class', 'no-block'].map(async (name) => (await claim(name)).status?.phase));

    expect(phases).toEqual(['Pending', 'Pending', 'Pending', 'Pending', 'Pending']);
  });

  it('given a class that waits for its first consumer, when a claim has no selected node, a wrong one and the right one, then only the last is bound, on that node', async () => {
    await createClaim('local-waiting', { className: 'lvm-thin' });
    await createClaim('local-wrong', { className: 'lvm-thin', node: 'harvester-1' });
    await createClaim('local-right', { className: 'lvm-thin', node: 'harvester-2' });
    const { spec } = await bound('local-right');
    const volume = await cluster.client.get<PersistentVolume>(PV, { name: spec.volumeName ?? '' });

    expect(volume.spec.nodeAffinity?.required?.nodeSelectorTerms[0]?.matchExpressions?.[0]?.values).toEqual(['harvester-2']);
    await event('local-waiting', /waiting for first consumer/);
    await event('local-wrong', /provides no volumes on node harvester-1/);
    expect((await claim('local-waiting')).status?.phase).toBe('Pending');
  });

  it('given an LVM disk, when it is snapshotted and restored on its node, then the bytes are the same', async () => {
    await createSnapshot('cache-cut', 'cache-rootdisk', 'lvm-snapshot');
    await ready('cache-cut');
    await createClaim('cache-one', { className: 'lvm-thin', snapshot: 'cache-cut', node: 'harvester-2' });
    await createClaim('cache-two', { className: 'lvm-thin', snapshot: 'cache-cut', node: 'harvester-2' });
    await bound('cache-one');
    await bound('cache-two');
    const [one, two] = await Promise.all(['cache-one', 'cache-two'].map(async (name) => createHash('sha256').update(await readFile(await cluster.imageOf('web', name))).digest('hex')));

    expect(one).toBe(two);
    expect((await readRecords(await cluster.imageOf('web', 'cache-one'))).records.length).toBeGreaterThan(0);
  });

  it('given a bound volume, when it is retained, its claim deleted and a claim elsewhere named in it, then that claim gets the same bytes, and with policy Delete they go with it', async () => {
    await createClaim('handed-over');
    const { spec } = await bound('handed-over');
    const name = spec.volumeName ?? '';
    const folder = await cluster.drivers.files.findVolume(name);

    await cluster.client.patch(PV, { name }, { spec: { persistentVolumeReclaimPolicy: 'Retain' } });
    await cluster.client.delete(PVC, { namespace: 'web', name: 'handed-over' });
    await waitFor('Released', async () => (await cluster.client.get<PersistentVolume>(PV, { name })).status?.phase === 'Released');
    await cluster.client.patch(PV, { name }, { spec: { claimRef: { namespace: 'office', name: 'received', uid: null, resourceVersion: null } } });
    await waitFor('Available', async () => (await cluster.client.get<PersistentVolume>(PV, { name })).status?.phase === 'Available');
    await createClaim('received', { namespace: 'office', volumeName: name });
    await bound('received', 'office');
    expect(await cluster.imageOf('office', 'received')).toBe(`${folder}/${DEVICE_FILE}`);

    await cluster.client.patch(PV, { name }, { spec: { persistentVolumeReclaimPolicy: 'Delete' } });
    await cluster.client.delete(PVC, { namespace: 'office', name: 'received' });
    await waitFor('the volume gone', async () => await cluster.client.find(PV, { name }) === undefined);
    await expect(stat(folder ?? '')).rejects.toThrow(/ENOENT/);
  });

  it('given a claim that a VM uses, when it is deleted, then it stays until the VM is stopped', async () => {
    await cluster.client.delete(PVC, { namespace: 'web', name: 'cache-rootdisk' });
    expect((await claim('cache-rootdisk')).metadata.deletionTimestamp).toBeDefined();
    await cluster.client.delete(VOLUME_SNAPSHOT, { namespace: 'web', name: 'cache-cut' });
    expect((await claim('cache-rootdisk')).status?.phase).toBe('Bound');
    await cluster.client.patch({ group: 'kubevirt.io', version: 'v1', kind: 'VirtualMachine', plural: 'virtualmachines', namespaced: true }, { namespace: 'web', name: 'cache' }, { spec: { runStrategy: 'Halted' }, metadata: { annotations: { 'harvesterhci.io/volumeClaimTemplates': '[]' } } });
    await gone('cache-rootdisk');
  });

  it('given faults, when volumes and snapshots are asked for, then they fail or hang as asked, and go on when the fault ends', async () => {
    const { faults } = cluster.drivers;
    const source = { kind: 'PersistentVolumeClaim', namespace: 'web', name: 'shop-data' };
    const longhorn = { kind: 'StorageClass', name: 'harvester-longhorn' };

    faults.inject('pool-full', longhorn);
    await createClaim('full');
    await event('full', /ResourceExhausted/);
    faults.clear();
    await bound('full');

    faults.inject('snapshot-fails', source);
    await createSnapshot('failing', 'shop-data');
    await snapshotWith('failing', ({ status }) => /the driver failed/.test(status?.error?.message ?? ''));
    faults.clear();
    expect((await ready('failing')).status?.error).toBeUndefined();

    faults.inject('snapshot-never-ready', source);
    await createSnapshot('slow', 'shop-data');
    expect((await snapshotWith('slow', ({ status }) => status?.creationTime)).status?.readyToUse).toBe(false);
    faults.clear();
    await ready('slow');
  });

  it('given a snapshot class that uploads to a backup target, when it is used, then the snapshot fails, as there is no target', async () => {
    await createSnapshot('remote', 'shop-data', 'longhorn');
    await snapshotWith('remote', ({ status }) => /backup target default is not available/.test(status?.error?.message ?? ''));
  });
});
