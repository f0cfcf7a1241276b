import { BACKUP_ENGINE, BACKUP_REPOSITORY, JOB, VIRTUAL_MACHINE, VIRTUAL_MACHINE_INSTANCE, VM_BACKUP, VM_RESTORE, type ResourceType } from '../contract/api.ts';
import type { BackupEngine } from '../contract/backup-engine.ts';
import type { BackupRepository } from '../contract/backup-repository.ts';
import type { Clock } from '../contract/clock.ts';
import type { Job, KubeObject, VirtualMachine, VirtualMachineInstance } from '../contract/kubernetes.ts';
import { LABEL_OWNER_UID, SYSTEM_NAMESPACE } from '../contract/names.ts';
import type { VMBackup } from '../contract/vm-backup.ts';
import type { VMRestore } from '../contract/vm-restore.ts';
import type { KubeClient } from '../kube/client.ts';
import { createInformer, type Informer, type InformerOptions } from '../kube/informer.ts';
import type { Logger } from '../telemetry/log.ts';
import type { ServerMetrics } from '../telemetry/metrics.ts';
import { BACKUP_INDEXES } from './vm-backup/index.ts';
import { RESTORE_INDEXES } from './vm-restore/controller.ts';

/** What every replica keeps a live copy of, leading or not: a standby that takes over has nothing to list first. */
export interface Informers {
  readonly engines: Informer<BackupEngine>;
  readonly repositories: Informer<BackupRepository>;
  readonly backups: Informer<VMBackup>;
  readonly restores: Informer<VMRestore>;
  /** Movers' Jobs in the system namespace. */
  readonly jobs: Informer<Job>;
  readonly machines: Informer<VirtualMachine>;
  readonly instances: Informer<VirtualMachineInstance>;
}

/** What informers are made with. */
export interface InformerDeps { client: KubeClient; clock: Clock; log: Logger; metrics?: ServerMetrics }

/** Makes the informers; nothing runs yet. */
export function createInformers({ client, clock, log, metrics }: InformerDeps): Informers {
  const informer = <T extends KubeObject>(type: ResourceType, options: Pick<InformerOptions<T>, 'scope' | 'indexes'> = {}): Informer<T> =>
    createInformer<T>({ client, clock, log, type, metrics: metrics?.informer(type.plural), ...options });

  return {
    engines: informer(BACKUP_ENGINE),
    repositories: informer(BACKUP_REPOSITORY),
    backups: informer<VMBackup>(VM_BACKUP, { indexes: BACKUP_INDEXES }),
    restores: informer<VMRestore>(VM_RESTORE, { indexes: RESTORE_INDEXES }),
    jobs: informer(JOB, { scope: { namespace: SYSTEM_NAMESPACE, labelSelector: LABEL_OWNER_UID } }),
    machines: informer(VIRTUAL_MACHINE),
    instances: informer(VIRTUAL_MACHINE_INSTANCE),
  };
}

/** Runs all of them until the signal is aborted. Never rejects. */
export async function runInformers(informers: Informers, signal: AbortSignal): Promise<void> {
  const each: readonly Pick<Informer<KubeObject>, 'run'>[] = Object.values(informers);

  await Promise.all(each.map((informer) => informer.run(signal)));
}
