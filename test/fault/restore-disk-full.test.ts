import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PVC, VIRTUAL_MACHINE } from '../../server/contract/api.ts';
import { judgeDisks, readRecords } from '../../server/embedded/guest/read-records.ts';
import { Product } from '../support/product.ts';
import { mountSmallPool, type SmallPool } from '../support/small-pool.ts';

const MIB = 1024 * 1024;

describe('a restore onto a thin pool that gets full while the disk is written', () => {
  let product: Product | undefined;
  let pool: SmallPool | undefined;

  beforeAll(async () => {
    // Room for the VM that lives on this class, and for a part of the disk that is to be restored.
    pool = mountSmallPool(17 * MIB);
    if (!pool) return;
    product = await Product.start({ pools: { 'lvm-thin': pool.folder } });
    await product.cluster.machineReady('web', 'shop');
    await product.repository();
    await product.backUp({ name: 'first' });
    await product.backupPhase('first', 'Completed');
  });
  afterAll(async () => {
    await product?.stop();
    pool?.remove();
  });

  it('given too little space, when restored, then it fails as full with a remedy, nothing of it stays, and with space again another restore is whole', async (context) => {
    if (!product || !pool) return context.skip('a file system of a fixed size needs the right to mount (root)');
    const { client } = product.cluster;

    await product.restore({ name: 'full', backup: 'first', target: 'no-room', start: 'Halted' });
    const failed = await product.restorePhase('full', 'Failed');

    expect(failed.status?.failure).toMatchObject({ code: 'HVB-STORAGE-FULL', remedy: expect.stringContaining('space') as string });
    await product.clean();
    expect(await client.find(VIRTUAL_MACHINE, { namespace: 'office', name: 'no-room' })).toBeUndefined();
    expect((await client.list(PVC, { namespace: 'office' })).items.filter(({ metadata }) => metadata.name.startsWith('no-room'))).toEqual([]);

    execFileSync('mount', ['-o', `remount,size=${128 * MIB}`, pool.folder]);
    await product.restore({ name: 'room', backup: 'first', target: 'room', start: 'Halted' });
    await product.restorePhase('room', 'Completed');
    expect(judgeDisks(await Promise.all((await product.cluster.disksOf('office', 'room')).map(readRecords)))).toMatchObject({ whole: true });
  });
});
