import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { BACKUP_REPOSITORY, SECRET, VM_BACKUP, VM_RESTORE, PVC, PV, POD, JOB, VOLUME_SNAPSHOT } from '../../server/contract/api.ts';
import { startEmbeddedCluster, waitFor } from './embedded-cluster.ts';
import { judgeDisks, readRecords } from '../../server/embedded/guest/read-records.ts';
const c = await startEmbeddedCluster({ onLog: (l) => process.stderr.write('D ' + l) });
writeFileSync('/tmp/smoke/token', c.tokens.server);
const s = spawn(process.execPath, ['server/main.ts'], { env: { PATH: process.env.PATH, HVB_KUBE_URL: c.url, HVB_KUBE_TOKEN_FILE: '/tmp/smoke/token' }, stdio: ['ignore', 'inherit', 'pipe'] });
s.stderr.on('data', (d) => process.stderr.write(String(d).split('\n').filter((l) => /warn|error/.test(l)).map((l) => 'S ' + l.slice(0, 600) + '\n').join('')));
try {
  await c.machineReady('web', 'shop');
  const ns = 'harvester-vm-backup-system';
  await c.client.create(SECRET, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'k', namespace: ns }, stringData: { password: 'x1234567890' } } as never);
  await c.client.create(BACKUP_REPOSITORY, { apiVersion: 'backup.harvesterhci.io/v1beta1', kind: 'BackupRepository', metadata: { name: 'r' }, spec: { engine: 'restic', target: { filesystem: { claimName: 'backup-storage', path: 'main' } }, encryption: { secretRef: { name: 'k' } } } } as never);
  let t = Date.now();
  await waitFor('repo', async () => (await c.client.get<any>(BACKUP_REPOSITORY, { name: 'r' })).status?.phase === 'Ready', { seconds: 60, describe: async () => ({ r: (await c.client.get<any>(BACKUP_REPOSITORY, { name: 'r' })).status, j: (await c.client.list<any>(JOB)).items.map((j) => [j.metadata.name, j.status]), p: (await c.client.list<any>(POD)).items.map((j) => [j.metadata.name, j.status]) }) });
  console.log('repo ready', Date.now() - t); t = Date.now();
  for (const policy of ['Required', 'Skip']) {
    const name = 'b-' + policy.toLowerCase();
    await c.client.create(VM_BACKUP, { apiVersion: 'backup.harvesterhci.io/v1beta1', kind: 'VMBackup', metadata: { name, namespace: 'web' }, spec: { source: { name: 'shop' }, repository: 'r', quiesce: { policy, deadlineSeconds: 30 } } } as never);
    const b = await waitFor('backup', async () => { const b = await c.client.get<any>(VM_BACKUP, { namespace: 'web', name }); return ['Completed', 'Failed'].includes(b.status?.phase) && b; }, { seconds: 120, describe: async () => (await c.client.get<any>(VM_BACKUP, { namespace: 'web', name })).status });
    console.log('backup', Date.now() - t, b.status.phase, JSON.stringify(b.status.failure ?? b.status.consistency)); t = Date.now();
    await c.client.create(VM_RESTORE, { apiVersion: 'backup.harvesterhci.io/v1beta1', kind: 'VMRestore', metadata: { name, namespace: 'office' }, spec: { source: { backup: { namespace: 'web', name } }, target: { name: 'copy-' + policy.toLowerCase() }, volumes: [{ name: 'rootdisk', storageClassName: 'lvm-thin' }, { name: 'data', storageClassName: 'nfs', volumeMode: 'Filesystem', accessMode: 'ReadWriteMany' }], autoApprove: true } } as never).catch((e) => console.log(String(e)));
    const r = await waitFor('restore', async () => { const b = await c.client.get<any>(VM_RESTORE, { namespace: 'office', name }); return ['Completed', 'Failed'].includes(b.status?.phase) && b; }, { seconds: 120, describe: async () => (await c.client.get<any>(VM_RESTORE, { namespace: 'office', name })).status });
    console.log('restore', Date.now() - t, r.status.phase, JSON.stringify(r.status.failure)); t = Date.now();
    const disks = await c.disksOf('office', 'copy-' + policy.toLowerCase());
    console.log(disks, judgeDisks(await Promise.all(disks.map((d) => readRecords(d)))));
  }
  console.log((await c.client.list<any>(PVC)).items.map((p) => `${p.metadata.namespace}/${p.metadata.name} ${p.status.phase}`), (await c.client.list<any>(PV)).items.map((p) => `${p.metadata.name} ${p.status.phase} ${p.spec.persistentVolumeReclaimPolicy}`), (await c.client.list<any>(JOB)).items.length, (await c.client.list<any>(VOLUME_SNAPSHOT)).items.length);
} finally { s.kill(); await c.stop(); }
