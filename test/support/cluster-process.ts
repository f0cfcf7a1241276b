/**
 * A cluster in a process of its own, to be killed: `node cluster-process.ts <folder>`. Once seeded it keeps the
 * drivers busy: snapshots of both disks of web/shop, volumes from them, Jobs. Prints `busy` when that begins.
 */
import { JOB, PVC, VOLUME_SNAPSHOT } from '../../server/contract/api.ts';
import type { Job, PersistentVolumeClaim, VolumeSnapshot } from '../../server/contract/kubernetes.ts';
import { startTestCluster } from './cluster.ts';

const [folder] = process.argv.slice(2);

if (!folder) {
  throw new Error('usage: cluster-process.ts <folder>');
}
const { client } = await startTestCluster({ folder, images: { shell: { command: ['/bin/sh', '-c'] } } });

console.log('busy');
for (let round = 0; ; round++) {
  const id = `${process.pid}-${round}`;

  for (const disk of ['rootdisk', 'data']) {
    await client.create<VolumeSnapshot>(VOLUME_SNAPSHOT, {
      apiVersion: 'snapshot.storage.k8s.io/v1', kind: 'VolumeSnapshot', metadata: { name: `${disk}-${id}`, namespace: 'web' },
      spec: { source: { persistentVolumeClaimName: `shop-${disk}` }, volumeSnapshotClassName: 'longhorn-snapshot' },
    });
  }
  await client.create<PersistentVolumeClaim>(PVC, {
    apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: `copy-${id}`, namespace: 'web' },
    spec: { accessModes: ['ReadWriteOnce'], volumeMode: 'Block', storageClassName: 'harvester-longhorn', resources: { requests: { storage: '64Mi' } }, dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: `rootdisk-${id}` } },
  });
  await client.create<Job>(JOB, {
    apiVersion: 'batch/v1', kind: 'Job', metadata: { name: `job-${id}`, namespace: 'web' },
    spec: { backoffLimit: 0, template: { spec: { restartPolicy: 'Never', volumes: [{ name: 'v', persistentVolumeClaim: { claimName: `copy-${id}` } }], containers: [{ name: 'main', image: 'shell', args: ['sleep 0.2; exit 0'], volumeDevices: [{ name: 'v', devicePath: '/dev/v' }] }] } } },
  });
  await new Promise((resolve) => {
    setTimeout(resolve, 150);
  });
}
