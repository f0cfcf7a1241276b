import { BACKUP_ENGINE, BACKUP_REPOSITORY, JOB, VIRTUAL_MACHINE_INSTANCE, VM_BACKUP, VM_RESTORE, type ResourceType } from '../contract/api.ts';
import type { BackupEngine } from '../contract/backup-engine.ts';
import type { BackupRepository } from '../contract/backup-repository.ts';
import type { Clock } from '../contract/clock.ts';
import type { Job, KubeObject, VirtualMachineInstance } from '../contract/kubernetes.ts';
import { LABEL_OWNER_UID, SYSTEM_NAMESPACE } from '../contract/names.ts';
import type { VMBackup } from '../contract/vm-backup.ts';
import type { VMRestore } from '../contract/vm-restore.ts';
import type { ServerConfig } from '../config.ts';
import { MoverSlots } from '../domain/slots.ts';
import { createMoverEngine } from '../engines/mover/mover-engine.ts';
import { createEngineRegistry } from '../engines/registry.ts';
import type { KubeClient } from '../kube/client.ts';
import { createEventRecorder } from '../kube/events.ts';
import { createInformer, type Informer, type InformerOptions } from '../kube/informer.ts';
import type { Logger } from '../telemetry/log.ts';
import { backupEngineController } from './backup-engine/index.ts';
import { backupRepositoryController } from './backup-repository/index.ts';
import type { ControllerContext } from './context.ts';
import { BACKUPS_BY_UID, vmBackupController } from './vm-backup/index.ts';
import { vmRestoreController } from './vm-restore/controller.ts';

/** What the composition root gives to the controllers. */
export interface RunDeps { client: KubeClient; clock: Clock; log: Logger; config: ServerConfig; /** UID of `kube-system`. */ clusterID: string }

/** Runs every controller until the signal is aborted and the reconciles under way have ended. */
export async function runControllers({ client, clock, log, config, clusterID }: RunDeps, signal: AbortSignal): Promise<void> {
  const ctx: ControllerContext = {
    client, clock, log, clusterID, systemNamespace: SYSTEM_NAMESPACE, slots: new MoverSlots(),
    events: createEventRecorder({ client, component: 'harvester-vm-backup', clock, log }),
    engineFor: createEngineRegistry({ mover: createMoverEngine({ client, clock }) }),
  };
  const running: Promise<void>[] = [];
  const informer = <T extends KubeObject>(type: ResourceType, options: Pick<InformerOptions<T>, 'scope' | 'indexes'> = {}): Informer<T> => {
    const created = createInformer<T>({ client, clock, log, type, ...options });

    running.push(created.run(signal));
    return created;
  };
  const engines = informer<BackupEngine>(BACKUP_ENGINE);
  const repositories = informer<BackupRepository>(BACKUP_REPOSITORY);
  const backups = informer<VMBackup>(VM_BACKUP, { indexes: { [BACKUPS_BY_UID]: ({ metadata }) => (metadata.uid ? [metadata.uid] : []) } });
  const restores = informer<VMRestore>(VM_RESTORE);
  const jobs = informer<Job>(JOB, { scope: { namespace: SYSTEM_NAMESPACE, labelSelector: LABEL_OWNER_UID } });
  const instances = informer<VirtualMachineInstance>(VIRTUAL_MACHINE_INSTANCE);

  for (const controller of [
    backupEngineController({ ctx, engines, jobs }),
    backupRepositoryController({ ctx, repositories, jobs }),
    vmBackupController({ ctx, backups, repositories, jobs, cutTimeoutMs: config.cutTimeoutMs }),
    vmRestoreController(ctx, { restores, repositories, jobs, instances }),
  ]) running.push(controller.run(signal));
  await Promise.all(running);
}
