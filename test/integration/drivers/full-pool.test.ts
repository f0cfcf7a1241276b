import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EVENT, PVC, VOLUME_SNAPSHOT } from '../../../server/contract/api.ts';
import type { KubeEvent, PersistentVolumeClaim, VolumeSnapshot } from '../../../server/contract/kubernetes.ts';
import { readRecords } from '../../../server/embedded/guest/read-records.ts';
import { startTestCluster, waitFor } from '../../support/cluster.ts';
import { canMount, mountSmallPool } from '../../support/small-pool.ts';

const MIB = 1024 * 1024;

describe.runIf(canMount())('a pool that is really full', () => {
  it('given a pool with room for one disk, when that disk is cut, then the snapshot fails with the reason, nothing is left, and the guest goes on', async () => {
    const pool = mountSmallPool(14 * MIB);
    // The disk of web/cache has 16 MiB, of which something over 6 MiB are written.
    const cluster = await startTestCluster({ pools: { 'lvm-thin': pool?.folder ?? '' } });

    try {
      await cluster.machineReady('web', 'cache');
      await cluster.client.create<PersistentVolumeClaim>(PVC, {
        apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'blank', namespace: 'web', annotations: { 'volume.kubernetes.io/selected-node': 'harvester-2' } },
        spec: { accessModes: ['ReadWriteOnce'], volumeMode: 'Block', storageClassName: 'lvm-thin', resources: { requests: { storage: '1Gi' } } },
      });
      await waitFor('a thin volume, which takes no space', async () => (await cluster.client.get<PersistentVolumeClaim>(PVC, { namespace: 'web', name: 'blank' })).status?.phase === 'Bound');
      const find = (): Promise<VolumeSnapshot> => cluster.client.get(VOLUME_SNAPSHOT, { namespace: 'web', name: 'cut' });

      await cluster.client.create<VolumeSnapshot>(VOLUME_SNAPSHOT, {
        apiVersion: 'snapshot.storage.k8s.io/v1', kind: 'VolumeSnapshot', metadata: { name: 'cut', namespace: 'web' }, spec: { source: { persistentVolumeClaimName: 'cache-rootdisk' }, volumeSnapshotClassName: 'lvm-snapshot' },
      });
      await waitFor('the failure', async () => /ENOSPC|no space left/.test((await find()).status?.error?.message ?? ''), { describe: async () => (await find()).status });
      expect((await find()).status?.readyToUse).toBe(false);
      expect(await readdir(join(pool?.folder ?? '', 'snapshots'))).toEqual([]);
      const [disk = ''] = await cluster.disksOf('web', 'cache');
      const { lastSeq } = await readRecords(disk);

      await waitFor('more records', async () => (await readRecords(disk)).lastSeq > lastSeq);
      expect((await cluster.client.list<KubeEvent>(EVENT)).items.filter(({ reason }) => reason === 'ProvisioningFailed')).toEqual([]);
    } finally {
      await cluster.stop();
      pool?.remove();
    }
  });
});
