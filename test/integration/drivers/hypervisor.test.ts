import { copyFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PVC, VIRTUAL_MACHINE, VIRTUAL_MACHINE_INSTANCE } from '../../../server/contract/api.ts';
import type { PersistentVolumeClaim, VirtualMachine, VirtualMachineInstance } from '../../../server/contract/kubernetes.ts';
import { judgeDisks, readRecords } from '../../../server/embedded/guest/read-records.ts';
import { startTestCluster, waitFor, type TestCluster } from '../../support/cluster.ts';

const SHOP = { namespace: 'web', name: 'shop' };

describe('VMs of the embedded cluster', () => {
  let cluster: TestCluster;

  beforeAll(async () => {
    cluster = await startTestCluster({ onLog: (line) => process.stderr.write(line) });
    await cluster.machineReady('web', 'shop');
  });

  afterAll(() => cluster.stop());

  const instance = (): Promise<VirtualMachineInstance> => cluster.client.get(VIRTUAL_MACHINE_INSTANCE, SHOP);
  const put = (name: string, body: object): Promise<void> => cluster.client.putSubresource(VIRTUAL_MACHINE_INSTANCE, SHOP, name, body);

  async function records(): Promise<ReturnType<typeof judgeDisks>> {
    return judgeDisks(await Promise.all((await cluster.disksOf('web', 'shop')).map((disk) => readRecords(disk))));
  }

  it('given a fresh cluster, when it has started, then the three VMs are in the states that their run strategies ask for', async () => {
    await cluster.machineReady('web', 'cache');
    const list = async (): Promise<VirtualMachine[]> => (await cluster.client.list<VirtualMachine>(VIRTUAL_MACHINE)).items;
    const states = async (): Promise<object> => Object.fromEntries((await list()).map(({ metadata, status }) => [`${metadata.namespace}/${metadata.name}`, status?.printableStatus]));

    await expect.poll(states).toEqual({ 'office/wiki': 'Stopped', 'web/cache': 'Running', 'web/shop': 'Running' });
    const items = await list();

    expect(items.find(({ metadata }) => metadata.name === 'cache')?.status?.conditions?.some(({ type }) => type === 'AgentConnected')).toBe(false);
  });

  it('given a running VM, when time passes, then its guest writes records to both disks', async () => {
    const { lastSeq } = await records();

    expect(await waitFor('more records', async () => (await records()).lastSeq > lastSeq + 5)).toBe(true);
  });

  it('given a running VM, when it is frozen, then both disks are whole and stay so until it is thawed', async () => {
    await put('freeze', { unfreezeTimeout: '60s' });
    const frozen = await records();

    expect(frozen).toMatchObject({ whole: true, reasons: [] });
    expect((await instance()).status?.fsFreezeStatus).toBe('frozen');
    await new Promise((resolve) => { setTimeout(resolve, 200); });
    expect(await records()).toEqual(frozen);

    await put('unfreeze', {});
    expect((await instance()).status?.fsFreezeStatus).toBeUndefined();
    await waitFor('records after the thaw', async () => (await records()).lastSeq > frozen.lastSeq);
  });

  it('given a VM frozen for one second, when it is frozen again for longer, then the deadline is not moved and the guest thaws by itself', async () => {
    await put('freeze', { unfreezeTimeout: '1s' });
    await put('freeze', { unfreezeTimeout: '600s' });
    expect((await instance()).status?.fsFreezeStatus).toBe('frozen');
    await waitFor('the thaw', async () => (await instance()).status?.fsFreezeStatus === undefined, { seconds: 10 });
  });

  it('given a freeze for less than a second, when time passes, then nothing thaws the guest', async () => {
    await put('freeze', { unfreezeTimeout: '900ms' });
    await new Promise((resolve) => { setTimeout(resolve, 1500); });
    expect((await instance()).status?.fsFreezeStatus).toBe('frozen');
    await put('unfreeze', {});
  });

  it('given VMs that cannot be frozen, when a freeze is asked for, then it is refused as KubeVirt does', async () => {
    const refused = (key: { namespace: string; name: string }, body: object): Promise<unknown> => cluster.client.putSubresource(VIRTUAL_MACHINE_INSTANCE, key, 'freeze', body).then(() => 'accepted', (error: { code: number }) => error.code);

    expect(await refused(SHOP, {})).toBe(400);
    expect(await refused({ namespace: 'web', name: 'cache' }, { unfreezeTimeout: '5s' })).toBe(400);
    expect(await refused({ namespace: 'office', name: 'wiki' }, { unfreezeTimeout: '5s' })).toBe(404);
    await put('pause', {});
    expect(await refused(SHOP, { unfreezeTimeout: '5s' })).toBe(400);
    expect((await cluster.client.get<VirtualMachine>(VIRTUAL_MACHINE, SHOP)).status?.printableStatus).toMatch(/Running|Paused/);
    await put('unpause', {});
    cluster.drivers.faults.inject('freeze-fails', { kind: 'VirtualMachine', ...SHOP });
    expect(await refused(SHOP, { unfreezeTimeout: '5s' })).toBe(400);
    cluster.drivers.faults.clear();
    expect(await refused(SHOP, { unfreezeTimeout: '1s' })).toBe('accepted');
    await put('unfreeze', {});
  });

  it('given the viewer, when it asks for a freeze, then the API forbids it', async () => {
    await expect(cluster.clientAs('viewer').putSubresource(VIRTUAL_MACHINE_INSTANCE, SHOP, 'freeze', { unfreezeTimeout: '5s' })).rejects.toMatchObject({ code: 403 });
  });

  it('given a running VM, when the power of the cluster is cut, then the VM runs again and its guest goes on after what is whole on its disks', async () => {
    const { lastSeq } = await records();

    await cluster.restart();
    const afterCut = (await records()).lastSeq;

    expect(afterCut).toBeGreaterThanOrEqual(lastSeq - 5);
    await waitFor('records after the restart', async () => (await records()).lastSeq > afterCut + 5);
    await cluster.machineReady('web', 'shop');
    await put('freeze', { unfreezeTimeout: '5s' });
    expect(await records()).toMatchObject({ whole: true });
    await put('unfreeze', {});
  });

  it('given a running VM, when it is stopped and started, then its disks are whole in between and the last run strategy is back', async () => {
    await cluster.client.putSubresource(VIRTUAL_MACHINE, SHOP, 'stop', {});
    await waitFor('the stop', async () => (await cluster.client.get<VirtualMachine>(VIRTUAL_MACHINE, SHOP)).status?.printableStatus === 'Stopped');
    expect(await cluster.client.find(VIRTUAL_MACHINE_INSTANCE, SHOP)).toBeUndefined();
    expect(await records()).toMatchObject({ whole: true });
    await cluster.client.putSubresource(VIRTUAL_MACHINE, SHOP, 'start', {});
    const machine = await cluster.machineReady('web', 'shop');

    expect(machine.spec.runStrategy).toBe('Always');
  });

  it('given a VM whose template lists a claim that is not there, when it is created, then it gets a blank disk of that name, and cannot boot from it', async () => {
    const wiki = await cluster.client.get<VirtualMachine>(VIRTUAL_MACHINE, { namespace: 'office', name: 'wiki' });
    const { spec } = structuredClone(wiki);

    spec.runStrategy = 'Always';
    spec.template.spec.volumes = [{ name: 'rootdisk', persistentVolumeClaim: { claimName: 'copy-rootdisk' } }];
    for (const each of spec.template.spec.domain.devices.interfaces ?? []) {
      delete each.macAddress;
    }
    delete spec.template.spec.domain.firmware;
    await cluster.client.create<VirtualMachine>(VIRTUAL_MACHINE, {
      apiVersion: 'kubevirt.io/v1', kind: 'VirtualMachine', spec,
      metadata: { name: 'copy', namespace: 'office', annotations: { 'harvesterhci.io/volumeClaimTemplates': (wiki.metadata.annotations?.['harvesterhci.io/volumeClaimTemplates'] ?? '').replaceAll('wiki-rootdisk', 'copy-rootdisk') } },
    });
    const machine = await waitFor('CrashLoopBackOff', async () => {
      const found = await cluster.client.get<VirtualMachine>(VIRTUAL_MACHINE, { namespace: 'office', name: 'copy' });

      return found.status?.printableStatus === 'CrashLoopBackOff' ? found : undefined;
    });

    expect(machine.spec.template.spec.domain.devices.interfaces?.[0]?.macAddress).toMatch(/^[0-9a-f][26ae](:[0-9a-f]{2}){5}$/);
    expect(machine.spec.template.spec.domain.firmware?.uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5/);
    await expect(readRecords(await cluster.imageOf('office', 'copy-rootdisk'))).rejects.toThrow(/no disk header/);
    await cluster.client.delete(VIRTUAL_MACHINE, { namespace: 'office', name: 'copy' });
    await waitFor('the removal', async () => await cluster.client.find(VIRTUAL_MACHINE, { namespace: 'office', name: 'copy' }) === undefined);
  });

  it('given the disks of a halted VM copied to a local and to a mounted volume, when a VM is made of them, then it is placed where the local one is, boots, and writes on', async () => {
    const names = { root: 'moved-rootdisk', data: 'moved-data' };
    const wiki = await cluster.client.get<VirtualMachine>(VIRTUAL_MACHINE, { namespace: 'office', name: 'wiki' });
    const claimOf = (name: string, storageClassName: string, volumeMode: 'Block' | 'Filesystem', accessMode: 'ReadWriteOnce' | 'ReadWriteMany'): PersistentVolumeClaim => ({
      apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name, namespace: 'office', annotations: { 'volume.kubernetes.io/selected-node': 'harvester-2' } },
      spec: { accessModes: [accessMode], volumeMode, storageClassName, resources: { requests: { storage: '64Mi' } } },
    });

    await cluster.client.create(PVC, claimOf(names.root, 'lvm-thin', 'Block', 'ReadWriteOnce'));
    await cluster.client.create(PVC, claimOf(names.data, 'nfs', 'Filesystem', 'ReadWriteMany'));
    for (const name of Object.values(names)) {
      await waitFor(`claim ${name} bound`, async () => (await cluster.client.get<PersistentVolumeClaim>(PVC, { namespace: 'office', name })).status?.phase === 'Bound');
    }
    const [source] = await cluster.disksOf('office', 'wiki');

    for (const name of Object.values(names)) {
      await copyFile(source ?? '', await cluster.imageOf('office', name));
    }
    const { spec } = structuredClone(wiki);

    spec.runStrategy = 'RerunOnFailure';
    spec.template.spec.volumes = Object.entries(names).map(([name, claimName]) => ({ name, persistentVolumeClaim: { claimName } }));
    await cluster.client.create<VirtualMachine>(VIRTUAL_MACHINE, { apiVersion: 'kubevirt.io/v1', kind: 'VirtualMachine', metadata: { name: 'moved', namespace: 'office' }, spec });
    await cluster.machineReady('office', 'moved');
    const found = await cluster.client.get<VirtualMachineInstance>(VIRTUAL_MACHINE_INSTANCE, { namespace: 'office', name: 'moved' });
    const last = async (): Promise<number[]> => Promise.all((await cluster.disksOf('office', 'moved')).map(async (disk) => (await readRecords(disk)).lastSeq));

    expect(found.status?.nodeName).toBe('harvester-2');
    await waitFor('records on both disks', async () => (await last()).every((seq) => seq > 3));
  });
});
