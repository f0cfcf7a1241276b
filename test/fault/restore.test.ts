import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PVC, SECRET, STORAGE_CLASS, VIRTUAL_MACHINE, VM_RESTORE } from '../../server/contract/api.ts';
import type { KubeObject, StorageClass } from '../../server/contract/kubernetes.ts';
import { LABEL_RESTORED_BY, SYSTEM_NAMESPACE } from '../../server/contract/names.ts';
import type { VMRestore } from '../../server/contract/vm-restore.ts';
import { judgeDisks, readRecords } from '../../server/embedded/guest/read-records.ts';
import { Product } from '../support/product.ts';

/** After how many of its writes the server is killed, counted from its first one for the restore. */
const KILLS = [0, 2, 5, 8, 12, 16, 21, 26, 31, 36];

describe('restores that go wrong, on the embedded cluster with the real server, mover and restic', () => {
  let product: Product;

  beforeAll(async () => {
    product = await Product.start();
    await product.cluster.machineReady('web', 'shop');
    await product.repository();
    await product.backUp({ name: 'b1' });
    await product.backupPhase('b1', 'Completed');
    await product.clean();
  });

  afterAll(() => product.stop());

  const read = (name: string): Promise<VMRestore> => product.cluster.client.get<VMRestore>(VM_RESTORE, { namespace: 'office', name });

  /** What a restore made for good and is there now. */
  async function made({ metadata }: VMRestore): Promise<string[]> {
    const lists = await Promise.all([PVC, SECRET, VIRTUAL_MACHINE].map((type) => product.cluster.client.list<KubeObject>(type, { namespace: 'office', labelSelector: `${LABEL_RESTORED_BY}=${metadata.uid}` })));

    return lists.flatMap(({ items }) => items.map((object) => `${object.kind} ${object.metadata.name}`)).sort();
  }

  it('given an approved plan, when a storage class of it is gone by then, then nothing is made and the failure names the class', async () => {
    const { client } = product.cluster;
    const nfs = await client.get<StorageClass>(STORAGE_CLASS, { name: 'nfs' });

    await client.create<StorageClass>(STORAGE_CLASS, { ...nfs, metadata: { name: 'short-lived' } });
    await product.restore({ name: 'class-gone', backup: 'b1', target: 'class-gone', autoApprove: false, classes: { data: 'short-lived' } });
    const planned = await product.restorePhase('class-gone', 'AwaitingApproval');

    expect(planned.status?.plan?.checks.filter(({ verdict }) => verdict === 'Fail')).toEqual([]);
    await client.delete(STORAGE_CLASS, { name: 'short-lived' });
    await client.patch(VM_RESTORE, { namespace: 'office', name: 'class-gone' }, { spec: { approvedPlan: planned.status?.plan?.hash } });
    const failed = await product.restorePhase('class-gone', 'Failed');

    expect(failed.status?.failure).toMatchObject({ code: 'HVB-STORAGE-CLASS-MISSING', message: expect.stringContaining('short-lived') as string });
    expect(await made(failed)).toEqual([]);
    await product.clean();
  });

  it('given a VM name that is taken, when restored to it, then the plan says so and the VM there is not touched', async () => {
    const before = await product.cluster.client.get(VIRTUAL_MACHINE, { namespace: 'office', name: 'wiki' });

    await product.restore({ name: 'name-taken', backup: 'b1', target: 'wiki' });
    const planned = await product.restorePhase('name-taken', 'AwaitingApproval');

    expect(planned.status?.plan?.checks.filter(({ verdict }) => verdict === 'Fail').map(({ id }) => id)).toEqual(['vm-name']);
    await product.cluster.client.patch(VM_RESTORE, { namespace: 'office', name: 'name-taken' }, { spec: { approvedPlan: planned.status?.plan?.hash } });
    expect((await product.restorePhase('name-taken', 'Failed')).status?.failure).toMatchObject({ code: 'HVB-PLAN-FAILED', message: expect.stringContaining('wiki') as string });
    expect((await product.cluster.client.get(VIRTUAL_MACHINE, { namespace: 'office', name: 'wiki' })).metadata.uid).toBe(before.metadata.uid);
    await product.clean();
  });

  it('given a storage that is full, when a disk is to be made there, then the restore is rolled back; with space again another one works', async () => {
    const target = { kind: 'StorageClass', name: 'nfs' };

    product.cluster.drivers.faults.inject('pool-full', target);
    await product.restore({ name: 'full', backup: 'b1', target: 'full' });
    const failed = await product.restorePhase('full', 'Failed');

    expect(failed.status?.failure).toMatchObject({ code: 'HVB-STORAGE-FULL', category: 'Storage' });
    expect(failed.status?.timings?.map(({ phase }) => phase)).toContain('RollingBack');
    expect(await made(failed)).toEqual([]);
    await product.clean();
    product.cluster.drivers.faults.clear('pool-full', target);
    await product.restore({ name: 'space-again', backup: 'b1', target: 'full', start: 'Halted' });
    expect(await made(await product.restorePhase('space-again', 'Completed'))).toHaveLength(4);
  });

  it('given a mover that is killed while it writes, when it is tried again, then the restore completes and the disks are whole', async () => {
    const restore = await product.restore({ name: 'mover-killed', backup: 'b1', target: 'mover-killed', start: 'Halted' });

    await product.restorePhase('mover-killed', ['RestoringVolumes', 'CreatingVM', 'Completed']);
    const pod = await product.moverRunning(restore, '');

    product.cluster.drivers.killPod({ namespace: SYSTEM_NAMESPACE, name: pod }, 'SIGKILL');
    const done = await product.restorePhase('mover-killed', 'Completed');
    const attempts = done.status?.volumes?.map((volume) => volume.attempts ?? 1).sort();

    expect(attempts).toEqual([1, 2]);
    expect(judgeDisks(await Promise.all((await product.cluster.disksOf('office', 'mover-killed')).map(readRecords)))).toMatchObject({ whole: true });
    await product.clean();
  });

  it('given a restore that writes, when it is cancelled, then nothing of it is left', async () => {
    await product.restore({ name: 'cancelled', backup: 'b1', target: 'cancelled' });
    await product.restorePhase('cancelled', ['RestoringVolumes', 'CreatingVM']);
    await product.cluster.client.patch(VM_RESTORE, { namespace: 'office', name: 'cancelled' }, { spec: { cancel: true } });
    const ended = await product.restorePhase('cancelled', 'Cancelled');

    expect(ended.status?.failure?.code).toBe('HVB-CANCELLED');
    expect(await made(ended)).toEqual([]);
    await product.clean();
  });

  it('given a server that is killed at ten points of a restore, when started again each time, then the restore completes with every object once and nothing left', async () => {
    const first = product.server.writes.length;

    product.server.killAt = (index) => KILLS.includes(index - first);
    await product.restore({ name: 'server-killed', backup: 'b1', target: 'server-killed', start: 'Halted' });
    const done = await product.restorePhase('server-killed', 'Completed');

    product.server.killAt = undefined;
    expect(product.server.writes.length - first).toBeGreaterThan(KILLS.at(-1) ?? 0);
    expect(product.server.kills).toBe(KILLS.length);
    expect(await made(done)).toEqual((await read('server-killed')).status?.plan?.objects.map(({ kind, name }) => `${kind} ${name}`).sort());
    expect(judgeDisks(await Promise.all((await product.cluster.disksOf('office', 'server-killed')).map(readRecords)))).toMatchObject({ whole: true });
    await product.clean();
  });
});
