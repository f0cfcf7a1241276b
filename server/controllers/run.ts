import type { Clock } from '../contract/clock.ts';
import { SYSTEM_NAMESPACE } from '../contract/names.ts';
import type { ServerConfig } from '../config.ts';
import { MoverSlots } from '../domain/slots.ts';
import { createMoverEngine } from '../engines/mover/mover-engine.ts';
import { createEngineRegistry } from '../engines/registry.ts';
import type { KubeClient } from '../kube/client.ts';
import { createEventRecorder } from '../kube/events.ts';
import type { Logger } from '../telemetry/log.ts';
import type { ServerMetrics } from '../telemetry/metrics.ts';
import { backupEngineController } from './backup-engine/index.ts';
import { backupRepositoryController } from './backup-repository/index.ts';
import type { ControllerContext } from './context.ts';
import type { Informers } from './informers.ts';
import { vmBackupController } from './vm-backup/index.ts';
import { vmRestoreController } from './vm-restore/controller.ts';

/** What the composition root gives to the controllers. */
export interface RunDeps {
  client: KubeClient;
  clock: Clock;
  log: Logger;
  metrics?: ServerMetrics;
  config: ServerConfig;
  /** UID of `kube-system`. */
  clusterID: string;
  /** They run for as long as the process, whoever leads. */
  informers: Informers;
}

/** Runs every controller until the signal is aborted and the reconciles under way have ended. */
export async function runControllers({ client, clock, log, metrics, config, clusterID, informers }: RunDeps, signal: AbortSignal): Promise<void> {
  const ctx: ControllerContext = {
    client, clock, log, clusterID, systemNamespace: SYSTEM_NAMESPACE, slots: new MoverSlots(), ...(metrics ? { metrics } : {}),
    events: createEventRecorder({ client, component: 'harvester-vm-backup', clock, log }),
    engineFor: createEngineRegistry({ mover: createMoverEngine({ client, clock }) }),
  };
  const { engines, repositories, backups, restores, jobs, instances } = informers;

  await Promise.all([
    backupEngineController({ ctx, engines, jobs }),
    backupRepositoryController({ ctx, repositories, jobs }),
    vmBackupController({ ctx, backups, repositories, jobs, cutTimeoutMs: config.cutTimeoutMs }),
    vmRestoreController(ctx, { restores, repositories, jobs, instances }),
  ].map((controller) => controller.run(signal)));
}
