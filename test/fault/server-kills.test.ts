import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VM_BACKUP } from '../../server/contract/api.ts';
import type { VMBackup } from '../../server/contract/vm-backup.ts';
import { waitFor } from '../support/cluster.ts';
import { Product } from '../support/product.ts';
import { stockSnapshots } from '../support/stock-restic.ts';

/** Kills per run. */
const KILLS = 10;
/** A write of the server after which it is killed: every so many, so that the kills spread over the phases. */
const EVERY = 3;

/** The same for a restore is in restore.test.ts. */
describe('the server process, killed with SIGKILL at ten points', () => {
  let product: Product;

  beforeAll(async () => {
    product = await Product.start();
    await product.cluster.machineReady('web', 'shop');
    await product.repository();
  });
  afterAll(() => product.stop());

  const killTenTimes = async (work: () => Promise<void>): Promise<void> => {
    const from = product.server.writes.length;
    const before = product.server.kills;

    product.server.killAt = (index) => product.server.kills - before < KILLS && (index - from) % EVERY === EVERY - 1;
    try {
      await work();
    } finally {
      product.server.killAt = undefined;
    }
    expect(product.server.kills - before).toBe(KILLS);
  };

  it('given a backup, when the server dies ten times during it, then it completes, each disk is stored once, the guest is thawed and nothing is left', async () => {
    await killTenTimes(async () => {
      await product.backUp({ name: 'often-killed' });
      const { status } = await product.backupPhase('often-killed', 'Completed');

      expect(status?.consistency?.level).toBe('Filesystem');
    });
    await product.clean();
    const snapshots = await stockSnapshots(await product.repositoryFolder());

    // One per disk, and the document.
    expect(snapshots.map(({ paths }) => paths.join())).toHaveLength(3);
    expect(await product.frozen()).toBe(false);
  });

  it('given a deletion, when the server dies ten times during it, then data and object go', async () => {
    const { client } = product.cluster;
    const from = product.server.kills;

    // A deletion has few writes: every one of them is a point, until it is through.
    product.server.killAt = () => product.server.kills - from < KILLS;
    await client.delete(VM_BACKUP, { namespace: 'web', name: 'often-killed' });
    await waitFor('the backup object gone', async () => (await client.find<VMBackup>(VM_BACKUP, { namespace: 'web', name: 'often-killed' })) === undefined, { seconds: 150 });
    product.server.killAt = undefined;
    expect(product.server.kills - from).toBeGreaterThan(3);
    expect(await stockSnapshots(await product.repositoryFolder())).toEqual([]);
    await product.clean();
  });
});
