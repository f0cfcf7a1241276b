/**
 * The simulated drivers of the embedded cluster: CSI, hypervisor, Job runner. They are controllers on a Kubernetes API
 * like any other; their state is the API's objects and files below `dataFolder`, so they may be killed at any instant.
 */
import { mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../contract/clock.ts';
import type { KubeClient } from '../../kube/client.ts';
import { createEventRecorder } from '../../kube/events.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { ApiServer } from '../api/index.ts';
import { DiskGates } from '../guest/disk-gate.ts';
import { createCaches, type DriverContext, type Latencies } from './context.ts';
import { createClaimController } from './csi/claim-controller.ts';
import { createContentController } from './csi/content-controller.ts';
import { createSnapshotController } from './csi/snapshot-controller.ts';
import { createVolumeController } from './csi/volume-controller.ts';
import { Faults } from './faults.ts';
import { Guests } from './hypervisor/guests.ts';
import { createInstanceController } from './hypervisor/instance-controller.ts';
import { createMachineController } from './hypervisor/machine-controller.ts';
import { SUBRESOURCES, SUBRESOURCES_PREFIX, createSubresources } from './hypervisor/subresources.ts';
import type { ImageTable } from './jobs/images.ts';
import { createJobController } from './jobs/job-controller.ts';
import { killOrphans } from './jobs/orphans.ts';
import { createPodController } from './jobs/pod-controller.ts';
import { createLogProvider } from './jobs/pod-log.ts';
import { VolumeFiles } from './volume-files.ts';

/** What the drivers take, if nothing else is said. */
export const DEFAULT_LATENCIES: Latencies = { snapshotMs: 150, snapshotReadyMs: 100, provisionMs: 50, bootMs: 300, agentMs: 300, crashBackoffMs: 10_000, jobBackoffMs: 10_000 };

/** What the drivers need. */
export interface DriverOptions {
  /** Speaks to the API as cluster administrator. */
  client: KubeClient;
  clock: Clock;
  log: Logger;
  /** Folder for volumes (`volumes/<class>`) and pods (`pods`). */
  dataFolder: string;
  /** What images of Jobs start. */
  images: ImageTable;
  /** Variables that every container gets, such as RESTIC_BINARY. */
  env?: Readonly<Record<string, string>>;
  /** Folder per storage class, where it is not to be below `dataFolder`. */
  pools?: Readonly<Record<string, string>>;
  faults?: Faults;
  latencies?: Partial<Latencies>;
  /** Records per second that each guest writes. Default 50. */
  recordRate?: number;
  /** Gives [0, 1). */
  random?: () => number;
}

/** The running drivers. */
export interface Drivers {
  /** The bytes behind volumes and snapshots. */
  readonly files: VolumeFiles;
  readonly faults: Faults;
  /** Serves KubeVirt's actions and the logs of pods through the API. */
  attach(api: Pick<ApiServer, 'addRoute' | 'setLogProvider'>): void;
  /** Sends a signal to a pod's process; false when it has none. */
  killPod(pod: { namespace: string; name: string }, signal: NodeJS.Signals, reason?: 'OOMKilled'): boolean;
  /** Ends everything as a power cut would: guests lose their page caches, processes are killed. The next start goes on from there. */
  stop(): Promise<void>;
}

/** Starts the drivers. Half-made files and leftover processes of a killed predecessor are removed first. */
export async function startDrivers(options: DriverOptions): Promise<Drivers> {
  const { client, clock, log, images, pools = {}, env = {}, faults = new Faults(), random = Math.random } = options;
  const files = new VolumeFiles({ root: join(options.dataFolder, 'volumes'), pools });

  await mkdir(join(options.dataFolder, 'pods'), { recursive: true, mode: 0o700 });
  const podsFolder = await realpath(join(options.dataFolder, 'pods'));
  const orphans = await killOrphans(podsFolder);

  if (orphans > 0) {
    log.warn('killed processes that an earlier cluster process left behind', { count: orphans });
  }
  await files.prepare();
  const context: DriverContext = {
    client, clock, log, random, files, faults, gates: new DiskGates(),
    caches: createCaches({ client, clock, log }),
    events: createEventRecorder({ client, component: 'embedded-drivers', clock, log }),
    latencies: { ...DEFAULT_LATENCIES, ...options.latencies },
  };
  const guests = new Guests(context, options.recordRate ?? 50);
  const pods = createPodController(context, { images, podsFolder, env });
  const controllers = [
    createClaimController(context), createVolumeController(context), createSnapshotController(context), createContentController(context),
    createMachineController(context), createInstanceController(context, guests), createJobController(context), pods,
  ];
  const stop = new AbortController();
  const running = Promise.all([...Object.values<{ run(signal: AbortSignal): Promise<void> }>({ ...context.caches }).map((informer) => informer.run(stop.signal)), ...controllers.map((controller) => controller.run(stop.signal))]);

  return {
    files, faults,
    attach(api) {
      api.addRoute(SUBRESOURCES_PREFIX, createSubresources(context, guests), SUBRESOURCES);
      api.setLogProvider(createLogProvider(podsFolder, clock));
    },
    killPod: (pod, signal, reason) => pods.kill(pod, signal, reason),
    async stop() {
      stop.abort();
      await running;
      await guests.powerOff();
    },
  };
}
