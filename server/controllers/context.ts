import type { BackupEngine } from '../contract/backup-engine.ts';
import type { Clock } from '../contract/clock.ts';
import type { MoverSlots } from '../domain/slots.ts';
import type { Engine } from '../engines/engine.ts';
import type { KubeClient } from '../kube/client.ts';
import type { EventRecorder } from '../kube/events.ts';
import type { Logger } from '../telemetry/log.ts';
import type { ServerMetrics } from '../telemetry/metrics.ts';

/** What every controller works with. */
export interface ControllerContext {
  client: KubeClient;
  clock: Clock;
  log: Logger;
  metrics?: ServerMetrics;
  events: EventRecorder;
  /** The implementation that serves a BackupEngine. */
  engineFor(engine: BackupEngine): Engine;
  slots: MoverSlots;
  /** Namespace of movers, repository Secrets and captures. */
  systemNamespace: string;
  /** UID of the `kube-system` namespace: tells this cluster's backups from others' in a shared repository. */
  clusterID: string;
}

/** How often running work is looked at (milliseconds). Ended Jobs wake the controller earlier through their informer. */
export const WORK_POLL_MS = 1000;
/** How often something is looked at that waits for a person or another object (milliseconds). */
export const WAIT_POLL_MS = 5000;
/** Movers that may run on a repository that sets no limit. */
export const DEFAULT_PARALLEL_MOVERS = 2;
/** Tries of a volume's transfer, the first included. */
export const MOVE_ATTEMPTS = 2;
