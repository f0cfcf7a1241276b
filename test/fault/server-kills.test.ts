import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PV, VM_BACKUP } from '../../server/contract/api.ts';
import type { VMBackup } from '../../server/contract/vm-backup.ts';
import { judgeDisks, readRecords } from '../../server/embedded/guest/read-records.ts';
import { waitFor } from '../support/embedded-cluster.ts';
import { Product, sha256Of } from '../support/product.ts';
import { stockSnapshots } from '../support/stock-restic.ts';

/** Kills per run. */
const KILLS = 10;
/** A write of the server after which it is killed: every so many, so that the kills spread over the phases. */
const EVERY = 3;

describe('the server process, killed with SIGKILL at ten points', () => {
  let product: Product;
  let cut: Map<string, string>;

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
      await product.backupPhase('often-killed', ['Moving', 'Committing', 'Cleaning', 'Completed']);
      cut = await product.snapshotHashes();
      const { status } = await product.backupPhase('often-killed', 'Completed');

      expect(status?.consistency?.level).toBe('Filesystem');
    });
    await product.clean();
    const snapshots = await stockSnapshots(await product.repositoryFolder());

    expect(snapshots.map(({ paths }) => paths.map((path) => path.split('/').at(-1)).join()).sort()).toHaveLength(3);
    expect(await product.frozen()).toBe(false);
  });

  it('given a restore, when the server dies ten times during it, then it completes with the cut bytes, and nothing is there twice or left', async () => {
    const { client } = product.cluster;

    await killTenTimes(async () => {
      await product.restore({ name: 'often-killed', backup: 'often-killed', target: 'phoenix', start: 'Halted' });
      await product.restorePhase('often-killed', 'Completed');
    });
    const disks = await product.cluster.disksOf('office', 'phoenix');
    const handles = [await product.handleOf('web', 'shop-rootdisk'), await product.handleOf('web', 'shop-data')];

    expect(await Promise.all(disks.map(sha256Of))).toEqual(handles.map((handle) => cut.get(handle)));
    expect(judgeDisks(await Promise.all(disks.map(readRecords)))).toMatchObject({ whole: true });
    await product.clean();
    const volumes = (await client.list<{ apiVersion: string; kind: string; metadata: { name: string }; spec: { claimRef?: { namespace: string; name: string } } }>(PV)).items;

    expect(volumes.filter(({ spec }) => spec.claimRef?.namespace === 'office' && spec.claimRef.name.startsWith('phoenix'))).toHaveLength(2);
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
