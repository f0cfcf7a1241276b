/**
 * A whole cluster in a temporary folder, for tests: a Kubernetes API on a free loopback port (the embedded one, or a real
 * kube-apiserver: see test-api.ts), the simulated drivers with real files and processes, and the seed (two nodes, three storage classes, VMs `web/shop` (two disks),
 * `web/cache`, `office/wiki`) with small disks.
 *
 *   const cluster = await startTestCluster();
 *   try {
 *     await cluster.machineReady('web', 'shop');
 *     const [root, data] = await cluster.disksOf('web', 'shop');          // paths of the image files
 *     judgeDisks(await Promise.all([root, data].map(readRecords)));       // whole or torn, see server/embedded/guest
 *     await cluster.client.create(VM_BACKUP, …);                          // as administrator
 *     await cluster.clientAs('viewer').list(VM_BACKUP);                   // as somebody else
 *     cluster.drivers.faults.inject('snapshot-fails', { kind: 'PersistentVolumeClaim', namespace: 'web', name: 'shop-data' });
 *     cluster.drivers.killPod({ namespace, name }, 'SIGKILL');            // a mover dies
 *     await cluster.restart();                                            // power cut of the whole cluster, same data
 *   } finally {
 *     await cluster.stop();                                               // removes the folder
 *   }
 *
 * Nothing here starts the backup server; give it `cluster.url` and `cluster.tokens.server`. Time is real, so wait with
 * {@link waitFor}, which asks again and again and fails with what it saw last. `machines: false` starts in half a second.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PV, PVC, VIRTUAL_MACHINE } from '../../server/contract/api.ts';
import type { PersistentVolume, PersistentVolumeClaim, VirtualMachine } from '../../server/contract/kubernetes.ts';
import { startDrivers, type DriverOptions, type Drivers } from '../../server/embedded/drivers/index.ts';
import { claimsOfVolumes } from '../../server/embedded/drivers/placement.ts';
import { VolumeFiles } from '../../server/embedded/drivers/volume-files.ts';
import { IDENTITIES, seedCluster } from '../../server/embedded/seed/index.ts';
import type { HttpKubeClient } from '../../server/kube/http-client.ts';
import { createLogger, type Logger } from '../../server/telemetry/log.ts';
import { systemClock } from '../../server/telemetry/system-clock.ts';
import { startTestApi, type TestApi } from './test-api.ts';
import { waitFor } from './wait.ts';

export { Ended, waitFor } from './wait.ts';

/** Who can be asked as; see the seed's roles. */
export type TestIdentity = keyof typeof IDENTITIES;

/** Options of {@link startTestCluster}; everything has a default. */
export interface TestClusterOptions extends Partial<Pick<DriverOptions, 'images' | 'env' | 'pools' | 'latencies' | 'recordRate' | 'random' | 'faults'>> {
  /** Factor for the disks' sizes. Default 1/16: 32 MiB for the largest. */
  scale?: number;
  /** false: no VMs, which is quicker. Default true. */
  machines?: boolean;
  /** An existing folder to use (again); it is not removed at the end. */
  folder?: string;
  /** Gets the log lines of drivers and API at level warn and above; default: dropped. */
  onLog?: (line: string) => void;
}

/** A running cluster. After {@link TestCluster.restart} read its members anew. */
export interface TestCluster {
  readonly url: string;
  /** PEM certificate authority of `url`; undefined for plain HTTP. */
  readonly ca: string | undefined;
  readonly drivers: Drivers;
  /** As administrator. */
  readonly client: HttpKubeClient;
  /** Bearer token per identity; the same after a restart. */
  readonly tokens: Readonly<Record<TestIdentity, string>>;
  /** Holds everything: `api/`, `drivers/`. */
  readonly folder: string;
  clientAs(identity: TestIdentity): HttpKubeClient;
  /** Path of the image behind a bound claim. */
  imageOf(namespace: string, claim: string): Promise<string>;
  /** Paths of a VM's disk images, in the order of its volumes. */
  disksOf(namespace: string, vm: string): Promise<string[]>;
  /** Waits until a VM runs (and, if it has one, its agent is connected). */
  machineReady(namespace: string, vm: string): Promise<VirtualMachine>;
  /** Cuts the power of API, guests and pods, and starts them on the same data and the same port. */
  restart(): Promise<void>;
  /** Stops everything and removes the folder. */
  stop(): Promise<void>;
}

interface Parts { drivers: Drivers; client: HttpKubeClient }

async function startParts(options: TestClusterOptions, folder: string, api: TestApi, adminToken: string, log: Logger): Promise<Parts> {
  const client = api.clientFor(adminToken);
  const restic = process.env['RESTIC_BINARY'];
  const drivers = await startDrivers({
    client, clock: systemClock, log, dataFolder: join(folder, 'drivers'),
    images: options.images ?? { 'harvester-vm-backup': { command: [process.execPath, join(import.meta.dirname, '../../server/mover/main.ts')] } },
    env: { ...(restic ? { RESTIC_BINARY: restic } : {}), ...options.env },
    // Quick, but with time between two snapshots, in which a guest that is not frozen writes.
    latencies: { snapshotMs: 100, snapshotReadyMs: 20, provisionMs: 5, bootMs: 20, agentMs: 20, crashBackoffMs: 300, jobBackoffMs: 200, ...options.latencies },
    ...(options.pools ? { pools: options.pools } : {}), ...(options.recordRate ? { recordRate: options.recordRate } : {}),
    ...(options.random ? { random: options.random } : {}), ...(options.faults ? { faults: options.faults } : {}),
  });

  drivers.attach(api.extensions);
  await seedCluster({ client, files: drivers.files, scale: options.scale ?? 1 / 16, machines: options.machines ?? true, path: process.env['PATH'] ?? '' });
  await api.nodesReady();

  return { drivers, client };
}

/** Starts a cluster; see the head of this file. */
export async function startTestCluster(options: TestClusterOptions = {}): Promise<TestCluster> {
  const folder = options.folder ?? await mkdtemp(join(tmpdir(), 'hvb-cluster-'));
  const token = (): string => randomBytes(16).toString('hex');
  const tokens: Record<TestIdentity, string> = { admin: token(), viewer: token(), server: token() };
  const log = createLogger({ clock: systemClock, level: 'warn', write: options.onLog ?? (() => undefined) });

  await mkdir(folder, { recursive: true });
  const api = await startTestApi({ users: Object.fromEntries(Object.entries(IDENTITIES).map(([name, identity]) => [tokens[name as TestIdentity], identity])), adminToken: tokens.admin, folder, log });
  let parts = await startParts(options, folder, api, tokens.admin, log).catch(async (error: unknown) => {
    await api.stop();
    throw error;
  });

  async function imageOf(namespace: string, claimName: string): Promise<string> {
    const claim = await parts.client.get<PersistentVolumeClaim>(PVC, { namespace, name: claimName });
    const volume = await parts.client.get<PersistentVolume>(PV, { name: claim.spec.volumeName ?? '' });
    const place = await parts.drivers.files.findVolume(volume.spec.csi?.volumeHandle ?? '');

    if (!place) {
      throw new Error(`the volume of claim ${namespace}/${claimName} has no data`);
    }

    return VolumeFiles.imageOf(place, volume.spec.volumeMode ?? 'Filesystem');
  }

  return {
    url: api.url, ca: api.ca,
    get drivers() { return parts.drivers; },
    get client() { return parts.client; },
    tokens, folder, imageOf,
    clientAs: (identity) => api.clientFor(tokens[identity]),
    async disksOf(namespace, vm) {
      const machine = await parts.client.get<VirtualMachine>(VIRTUAL_MACHINE, { namespace, name: vm });

      return Promise.all(claimsOfVolumes(machine.spec.template.spec.volumes).map((claim) => imageOf(namespace, claim)));
    },
    machineReady(namespace, vm) {
      const find = (): Promise<VirtualMachine | undefined> => parts.client.find<VirtualMachine>(VIRTUAL_MACHINE, { namespace, name: vm });

      return waitFor(`VM ${namespace}/${vm} ready`, async () => {
        const machine = await find();
        const absent = machine?.metadata.annotations?.['embedded.harvesterhci.io/guest-agent'] === 'absent';
        const connected = machine?.status?.conditions?.some(({ type, status }) => type === 'AgentConnected' && status === 'True');

        return machine?.status?.ready && (absent || connected) ? machine : undefined;
      }, { describe: async () => (await find())?.status });
    },
    async restart() {
      await parts.drivers.stop();
      await api.restart();
      parts = await startParts(options, folder, api, tokens.admin, log);
    },
    async stop() {
      await parts.drivers.stop();
      await api.stop();
      if (options.folder === undefined) {
        // A mover that was just killed may still be writing into its folder.
        await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
      }
    },
  };
}
