import type { EmbeddedCluster } from '../../server/embedded/cluster.ts';
import type { BackupVolume, VMBackup, VMBackupStatus } from '../../server/contract/vm-backup.ts';
import type { BackupRepository } from '../../server/contract/backup-repository.ts';
import type { VMRestore } from '../../server/contract/vm-restore.ts';
import { API_VERSION } from '../../server/contract/api.ts';
import { failure } from '../../server/contract/failures.ts';

const ROOT = { user: 'samples', groups: ['system:masters'] };
const AT = new Date('2026-05-06T07:08:09Z');
const MIB = 1024 * 1024;

type Sample = { kind: string; metadata: { name: string; namespace?: string }; status?: unknown };

/** Creates an object with the status that it would get from the server. */
async function put(cluster: EmbeddedCluster, plural: string, object: Sample): Promise<void> {
  const { namespace, name } = object.metadata;
  const collection = `/apis/${API_VERSION}${namespace ? `/namespaces/${namespace}` : ''}/${plural}`;
  const created = await cluster.api.request(ROOT, { method: 'POST', url: collection, body: object });

  if (created.status >= 400) throw new Error(`${object.kind} ${name}: ${JSON.stringify(created.body)}`);
  if (object.status === undefined) return;
  const written = await cluster.api.request(ROOT, { method: 'PUT', url: `${collection}/${name}/status`, body: { ...(created.body as object), status: object.status } });

  if (written.status >= 400) throw new Error(`status of ${object.kind} ${name}: ${JSON.stringify(written.body)}`);
}

function volume(name: string, done: number, phase: BackupVolume['phase']): BackupVolume {
  return {
    name, claimName: `shop-${name}`, claimUID: `uid-${name}`, sizeBytes: 512 * MIB, volumeMode: 'Block', accessModes: ['ReadWriteMany'], storageClassName: 'harvester-longhorn',
    phase, cutAt: AT.toISOString(), attempts: 1, progress: { bytesTotal: 512 * MIB, bytesDone: Math.round(done * 512 * MIB), bytesUploaded: Math.round(done * 200 * MIB), bytesPerSecond: 40 * MIB },
  };
}

function backup(name: string, status: VMBackupStatus): VMBackup {
  return {
    apiVersion: API_VERSION, kind: 'VMBackup', metadata: { name, namespace: 'web' },
    spec: { source: { name: 'shop' }, repository: 'sample-ready', quiesce: { policy: 'BestEffort', deadlineSeconds: 30 }, deletionPolicy: 'Retain' }, status,
  };
}

const timing = (phase: string, from: number, to?: number): { phase: string; startedAt: string; finishedAt?: string } => ({
  phase, startedAt: new Date(AT.getTime() + from * 1000).toISOString(), ...(to === undefined ? {} : { finishedAt: new Date(AT.getTime() + to * 1000).toISOString() }),
});
const consistency = { policy: 'BestEffort', level: 'Filesystem', reason: 'Every disk was cut while the guest was frozen.', agentConnected: true, windowMilliseconds: 480, spreadMilliseconds: 30 } as const;

function backups(): VMBackup[] {
  const early = [timing('Pending', 0, 1), timing('Queued', 1, 2), timing('Quiescing', 2, 3)];

  return [
    backup('sample-queued', { phase: 'Queued', message: 'Waits for a slot: 2 movers work on the repository.', timings: [timing('Pending', 0, 1), timing('Queued', 1)] }),
    backup('sample-moving', {
      phase: 'Moving', volumes: [volume('rootdisk', 0.62, 'Moving'), volume('data', 0, 'Exposing')], consistency, timings: [...early, timing('Moving', 3)],
      progress: { bytesTotal: 1024 * MIB, bytesDone: 317 * MIB, bytesUploaded: 124 * MIB, bytesPerSecond: 40 * MIB, etaSeconds: 18 },
    }),
    backup('sample-completed', {
      phase: 'Completed', volumes: [volume('rootdisk', 1, 'Completed'), volume('data', 1, 'Completed')], consistency, documentID: 'd0c', completedAt: AT.toISOString(),
      timings: [...early, timing('Moving', 3, 30), timing('Committing', 30, 32), timing('Cleaning', 32, 33), timing('Completed', 33)],
      progress: { bytesTotal: 1024 * MIB, bytesDone: 1024 * MIB, bytesUploaded: 400 * MIB },
    }),
    backup('sample-failed', {
      phase: 'Failed', volumes: [volume('rootdisk', 0.3, 'Failed')], timings: [...early, timing('Moving', 3, 9), timing('Failed', 9)],
      failure: failure('HVB-REPO-FULL', 'BackupRepository "sample-ready" is full: 0 bytes left on PVC backup-storage.', AT, 'write /repository/data/ab: no space left on device'),
    }),
  ];
}

function repositories(): BackupRepository[] {
  const spec = { engine: 'restic', target: { filesystem: { claimName: 'backup-storage', path: 'vault' } }, encryption: { secretRef: { name: 'key' } }, limits: { parallelMovers: 2 } };
  const made = (name: string, status: BackupRepository['status']): BackupRepository => ({ apiVersion: API_VERSION, kind: 'BackupRepository', metadata: { name }, spec, ...(status ? { status } : {}) });

  return [
    made('sample-ready', { phase: 'Ready', backups: 12, sizeBytes: 900 * MIB }),
    made('sample-unavailable', { phase: 'Failed', failure: failure('HVB-REPO-WRONG-KEY', 'BackupRepository "sample-unavailable" does not open with the password in Secret key.', AT) }),
  ];
}

function restores(): VMRestore[] {
  const made = (name: string, status: VMRestore['status']): VMRestore => ({
    apiVersion: API_VERSION, kind: 'VMRestore', metadata: { name, namespace: 'office' },
    spec: { source: { backup: { namespace: 'web', name: 'sample-completed' } }, target: { name: `${name}-vm` }, start: 'Halted' } as unknown as VMRestore['spec'], ...(status ? { status } : {}),
  });

  return [
    made('sample-waiting', { phase: 'Queued', timings: [timing('Pending', 0, 1), timing('Queued', 1)] }),
    made('sample-failed', { phase: 'Failed', failure: failure('HVB-STORAGE-FULL', 'The pool of storage class lvm-thin is full.', AT), timings: [timing('Pending', 0, 1), timing('Failed', 1)] }),
  ];
}

/** Puts backups, restores and repositories in different phases into the cluster. */
export async function fillWithSamples(cluster: EmbeddedCluster): Promise<void> {
  for (const object of repositories()) await put(cluster, 'backuprepositories', object);
  for (const object of backups()) await put(cluster, 'vmbackups', object);
  for (const object of restores()) await put(cluster, 'vmrestores', object);
}

/** Puts so many completed backups into the cluster. */
export async function manyBackups(cluster: EmbeddedCluster, count: number): Promise<void> {
  const [template] = backups().filter(({ metadata }) => metadata.name === 'sample-completed');

  for (let index = 0; index < count; index++) await put(cluster, 'vmbackups', { ...template as VMBackup, metadata: { name: `many-${String(index).padStart(5, '0')}`, namespace: 'web' } });
}
