import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { glob, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { API_VERSION, BACKUP_REPOSITORY, JOB, POD, PV, PVC, SECRET, VIRTUAL_MACHINE_INSTANCE, VM_BACKUP, VM_RESTORE, VOLUME_SNAPSHOT, VOLUME_SNAPSHOT_CONTENT, type ResourceType } from '../../server/contract/api.ts';
import type { BackupRepository } from '../../server/contract/backup-repository.ts';
import type { PersistentVolume, Pod, Secret, VirtualMachineInstance } from '../../server/contract/kubernetes.ts';
import { LABEL_OPERATION, LABEL_OWNER_UID, SYSTEM_NAMESPACE } from '../../server/contract/names.ts';
import type { BackupPhase, QuiescePolicy, VMBackup } from '../../server/contract/vm-backup.ts';
import type { RestorePhase, VMRestore } from '../../server/contract/vm-restore.ts';
import { isBackupTerminal, isRestoreTerminal } from '../../server/domain/phases.ts';
import { REPOSITORY_CLAIM } from '../../server/embedded/seed/index.ts';
import { Ended, startTestCluster, waitFor, type TestCluster, type TestClusterOptions } from './cluster.ts';
import { ServerProcess } from './server-process.ts';

/** Password of the repositories that {@link Product.repository} makes. */
export const PASSWORD = 'correct horse battery staple';
/** How long a phase may be waited for; generous, as machines are shared. */
const WAIT = { seconds: 150 };

/** A cluster of simulated drivers with the real server process, and words for what a user does with them. */
export class Product {
  readonly cluster: TestCluster;
  readonly server: ServerProcess;

  private constructor(cluster: TestCluster, server: ServerProcess) {
    this.cluster = cluster;
    this.server = server;
  }

  static async start(options: TestClusterOptions & { serverEnv?: Record<string, string> } = {}): Promise<Product> {
    const cluster = await startTestCluster(options);
    const server = await ServerProcess.start({ url: cluster.url, ...(cluster.ca ? { ca: cluster.ca } : {}), token: cluster.tokens.server, ...(options.serverEnv ? { env: options.serverEnv } : {}) });

    return new Product(cluster, server);
  }

  async stop(): Promise<void> {
    await this.server.stop();
    await this.cluster.stop();
  }

  /** Folder of a repository's data on disk. */
  async repositoryFolder(name = 'main'): Promise<string> {
    return join(dirname(await this.cluster.imageOf(SYSTEM_NAMESPACE, REPOSITORY_CLAIM)), name);
  }

  /** Creates the key Secret and the repository. `ready`: waits until it is. */
  async repository({ name = 'main', password = PASSWORD, folder, ready = true }: { name?: string; password?: string; folder?: string; ready?: boolean } = {}): Promise<BackupRepository> {
    const { client } = this.cluster;
    const secret: Secret = { apiVersion: 'v1', kind: 'Secret', metadata: { namespace: SYSTEM_NAMESPACE, name: `${name}-key` }, stringData: { password } };

    await client.create(SECRET, secret);
    const created = await client.create<BackupRepository>(BACKUP_REPOSITORY, {
      apiVersion: API_VERSION, kind: 'BackupRepository', metadata: { name },
      spec: { engine: 'restic', target: { filesystem: { claimName: REPOSITORY_CLAIM, path: folder ?? name } }, encryption: { secretRef: { name: `${name}-key` } } },
    });

    return ready ? this.repositoryPhase(name, 'Ready') : created;
  }

  /** Waits for a repository's phase. */
  repositoryPhase(name: string, phase: NonNullable<BackupRepository['status']>['phase']): Promise<BackupRepository> {
    const read = () => this.cluster.client.get<BackupRepository>(BACKUP_REPOSITORY, { name });

    return waitFor(`repository ${name} ${phase}`, async () => {
      const repository = await read();

      return repository.status?.phase === phase && repository;
    }, { ...WAIT, describe: async () => (await read()).status });
  }

  /** Asks for a backup of a VM. */
  backUp({ name, vm = 'shop', namespace = 'web', policy = 'Required', repository = 'main' }: { name: string; vm?: string; namespace?: string; policy?: QuiescePolicy; repository?: string }): Promise<VMBackup> {
    return this.cluster.client.create<VMBackup>(VM_BACKUP, {
      apiVersion: API_VERSION, kind: 'VMBackup', metadata: { name, namespace },
      spec: { source: { name: vm }, repository, quiesce: { policy, deadlineSeconds: 30 }, deletionPolicy: 'Delete' },
    });
  }

  /** Waits for one of the phases; fails at once when the backup ends in another one. */
  backupPhase(name: string, phases: BackupPhase | readonly BackupPhase[], namespace = 'web'): Promise<VMBackup> {
    const read = () => this.cluster.client.get<VMBackup>(VM_BACKUP, { namespace, name });

    return waitFor(`backup ${name} ${String(phases)}`, async () => {
      const backup = await read();
      const phase = backup.status?.phase ?? 'Pending';

      if (!phases.includes(phase) && isBackupTerminal(phase)) throw new Ended(`backup ${name} ended ${phase}: ${JSON.stringify(backup.status?.failure)}`);
      return phases.includes(phase) && backup;
    }, { ...WAIT, describe: async () => (await read()).status });
  }

  /** Asks for a restore of a backup in `web` as a new VM. */
  restore({ name, backup, target, namespace = 'office', classes = { rootdisk: 'lvm-thin', data: 'nfs' }, autoApprove = true, start = 'Start' }: { name: string; backup: string; target: string; namespace?: string; classes?: Record<string, string>; autoApprove?: boolean; start?: VMRestore['spec']['start'] }): Promise<VMRestore> {
    return this.cluster.client.create<VMRestore>(VM_RESTORE, {
      apiVersion: API_VERSION, kind: 'VMRestore', metadata: { name, namespace },
      spec: {
        source: { backup: { namespace: 'web', name: backup } }, target: { name: target }, start, keepMacAddresses: false, autoApprove,
        volumes: Object.entries(classes).map(([volume, storageClassName]) => ({ name: volume, storageClassName })),
      },
    });
  }

  /** @see backupPhase */
  restorePhase(name: string, phases: RestorePhase | readonly RestorePhase[], namespace = 'office'): Promise<VMRestore> {
    const read = () => this.cluster.client.get<VMRestore>(VM_RESTORE, { namespace, name });

    return waitFor(`restore ${name} ${String(phases)}`, async () => {
      const restore = await read();
      const phase = restore.status?.phase ?? 'Pending';

      if (!phases.includes(phase) && isRestoreTerminal(phase)) throw new Ended(`restore ${name} ended ${phase}: ${JSON.stringify(restore.status?.failure)}`);
      return phases.includes(phase) && restore;
    }, { ...WAIT, describe: async () => (await read()).status });
  }

  /** Names of the pods of an object's movers that run now; `idPart` is a part of their operation's id, with dashes. */
  async runningMovers(owner: { metadata: { uid?: string } }, idPart: string): Promise<string[]> {
    const { items } = await this.cluster.client.list<Pod>(POD, { namespace: SYSTEM_NAMESPACE, labelSelector: `${LABEL_OWNER_UID}=${owner.metadata.uid}` });

    return items.filter(({ metadata, status }) => status?.phase === 'Running' && `${metadata.labels?.[LABEL_OPERATION]} ${metadata.name}`.includes(idPart)).map(({ metadata }) => metadata.name);
  }

  /** Waits until such a mover runs. @see runningMovers */
  moverRunning(owner: { metadata: { uid?: string } }, idPart: string): Promise<string> {
    return waitFor(`a running mover of ${idPart}`, async () => (await this.runningMovers(owner, idPart))[0], WAIT);
  }

  /** Is the guest of a VM frozen now? */
  async frozen(namespace = 'web', name = 'shop'): Promise<boolean> {
    return (await this.cluster.client.find<VirtualMachineInstance>(VIRTUAL_MACHINE_INSTANCE, { namespace, name }))?.status?.fsFreezeStatus === 'frozen';
  }

  /** Every temporary object of ours that is still in the cluster, and volumes that nobody claims. */
  async leftovers(): Promise<string[]> {
    const left: string[] = [];

    for (const type of [JOB, POD, PVC, PV, SECRET, VOLUME_SNAPSHOT, VOLUME_SNAPSHOT_CONTENT] as ResourceType[]) {
      const { items } = await this.cluster.client.list<PersistentVolume>(type);

      for (const { metadata, spec, status } of items) {
        const ours = metadata.labels?.[LABEL_OWNER_UID] !== undefined || metadata.labels?.[LABEL_OPERATION] !== undefined;
        const orphan = type === PV && (status?.phase === 'Released' || spec.claimRef === undefined);

        if (ours || orphan || type === VOLUME_SNAPSHOT_CONTENT) left.push(`${type.kind} ${metadata.namespace ?? ''}/${metadata.name}`);
      }
    }
    if (await this.frozen()) left.push('a frozen guest');
    return left;
  }

  /** Waits until nothing temporary is left. */
  async clean(): Promise<void> {
    await waitFor('nothing temporary left', async () => (await this.leftovers()).length === 0, { ...WAIT, describe: () => this.leftovers() });
  }

  /** SHA-256 of every disk snapshot's bytes that exist now, by volume handle. */
  async snapshotHashes(): Promise<Map<string, string>> {
    const hashes = new Map<string, string>();

    for await (const facts of glob('**/snapshots/*/snapshot.json', { cwd: join(this.cluster.folder, 'drivers') })) {
      const file = join(this.cluster.folder, 'drivers', facts);
      const { volumeHandle } = JSON.parse(await readFile(file, 'utf8')) as { volumeHandle: string };

      hashes.set(volumeHandle, await sha256Of(join(dirname(file), 'device')));
    }
    return hashes;
  }

  /** Volume handle behind a PVC. */
  async handleOf(namespace: string, claim: string): Promise<string> {
    const { items } = await this.cluster.client.list<PersistentVolume>(PV);

    return items.find(({ spec }) => spec.claimRef?.namespace === namespace && spec.claimRef.name === claim)?.spec.csi?.volumeHandle ?? '';
  }
}

/** SHA-256 of a file, hex. */
export async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');

  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
