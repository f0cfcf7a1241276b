/** The composition of the embedded cluster: API, drivers, seed, dashboard, server process. Each part can be left out by tests. */
import type { Clock } from '../contract/clock.ts';
import type { Logger } from '../telemetry/log.ts';
import type { ApiServer } from './api/index.ts';
import type { Drivers, DriverOptions } from './drivers/index.ts';
import type { DataFolder } from './process/data-folder.ts';
import type { RancherFacade } from './rancher/index.ts';
import type { SeedOptions } from './seed/index.ts';
import { join } from 'node:path';
import { customResourceDefinitions } from '../contract/crd/index.ts';
import { createHttpClient } from '../kube/http-client.ts';
import { createApiServer } from './api/index.ts';
import { startDrivers } from './drivers/index.ts';
import { selfSigned } from './process/certificate.ts';
import { kubeconfig, loadTokens, writePrivate } from './process/credentials.ts';
import { ServerChild } from './process/server-child.ts';
import { createRancherFacade } from './rancher/index.ts';
import { DEMO_USERS } from './rancher/users.ts';
import { IDENTITIES, MOVER_IMAGE, seedCluster } from './seed/index.ts';

const SERVER_ROOT = join(import.meta.dirname, '..');
/** The page that `/` opens. */
const LANDING = '/dashboard/harvester-vm-backup/c/local/vms';
const DRIVERS = 'embedded-drivers';
const SERVER = 'server';

/** What a cluster is started with. */
export interface ClusterOptions {
  readonly folder: DataFolder;
  readonly clock: Clock;
  readonly log: Logger;
  /** Environment of the server process and of the movers: PATH and RESTIC_BINARY are passed on. */
  readonly env: NodeJS.ProcessEnv;
  /** Start the server process. */
  readonly server: boolean;
  /** More variables for the server process. */
  readonly serverEnv?: Readonly<Record<string, string>>;
  /** The dashboard; absent: none. */
  readonly dashboard?: { readonly port: number; readonly shellDist: string; readonly pluginDist: string };
  readonly drivers?: Partial<Pick<DriverOptions, 'latencies' | 'faults' | 'recordRate' | 'random' | 'pools'>>;
  readonly seed?: Partial<Pick<SeedOptions, 'scale' | 'machines'>>;
  /** Told when the server process ended by itself. */
  readonly onServerExit?: (how: string, delayMs: number) => void;
  /** Told what is being done, before it is. */
  readonly onStep?: (what: string) => void;
}

/** A running cluster. */
export interface EmbeddedCluster {
  readonly api: ApiServer;
  readonly apiUrl: string;
  /** The administrator's bearer token. */
  readonly adminToken: string;
  readonly kubeconfigPath: string;
  readonly drivers: Drivers;
  readonly server: ServerChild | undefined;
  /** Base URL of the dashboard, when there is one. */
  readonly dashboardUrl: string | undefined;
  /** Ends everything; the next start on the same folder goes on from there. */
  stop(): Promise<void>;
}

function moverEnv(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(['PATH', 'RESTIC_BINARY', 'HOME', 'LANG'].flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}

async function startApi({ folder }: ClusterOptions): Promise<{ api: ApiServer; apiUrl: string; tokens: ReadonlyMap<string, string> }> {
  const tokens = await loadTokens(folder.path('tokens.json'), [...DEMO_USERS.map(({ name }) => name), DRIVERS, SERVER]);
  const api = createApiServer({
    storageDir: folder.path('api'),
    crds: customResourceDefinitions().map((crd) => ({ ...crd })),
    // It must survive a killed process, not a power cut: nobody keeps real backups here.
    durability: 'write',
    // The CSI drivers hold claims and volumes that are in use, as in a real cluster.
    storageProtection: true,
  });

  for (const user of DEMO_USERS) api.addToken(tokens.get(user.name) ?? '', user.identity);
  api.addToken(tokens.get(DRIVERS) ?? '', { user: DRIVERS, groups: ['system:masters'] });
  api.addToken(tokens.get(SERVER) ?? '', IDENTITIES.server);

  return { api, apiUrl: await api.listen(0), tokens };
}

async function startServer(options: ClusterOptions, apiUrl: string, token: string): Promise<ServerChild> {
  const tokenFile = options.folder.path('server-token');

  await writePrivate(tokenFile, token);
  const child = new ServerChild({
    command: process.execPath, args: [join(SERVER_ROOT, 'main.ts')], cwd: SERVER_ROOT,
    // A free port, on this machine only: two clusters never clash. The server's log tells which.
    env: { ...moverEnv(options.env), HVB_KUBE_URL: apiUrl, HVB_KUBE_TOKEN_FILE: tokenFile, HVB_HTTP_PORT: '0', HVB_HTTP_HOST: '127.0.0.1', ...options.serverEnv },
    logFile: options.folder.path('server.log'), clock: options.clock,
    onExit: (how, delayMs) => options.onServerExit?.(how, delayMs),
  });

  child.start();

  return child;
}

/** Starts a cluster on a data folder; what had been started is ended when a part fails. */
export async function startCluster(options: ClusterOptions): Promise<EmbeddedCluster> {
  const { folder, clock, log } = options;
  const closers: (() => Promise<unknown> | void)[] = [];
  const stop = async (): Promise<void> => {
    for (const close of closers.splice(0).reverse()) await close();
  };

  try {
    options.onStep?.('Kubernetes API');
    const { api, apiUrl, tokens } = await startApi(options);
    closers.push(() => api.close());
    const adminToken = tokens.get(DEMO_USERS[0].name) ?? '';
    const kubeconfigPath = folder.path('kubeconfig');
    // For people and their tools: kubectl sends a token over TLS only. The next start makes another certificate.
    const certificate = selfSigned('embedded cluster', clock.now(), 365);
    await writePrivate(kubeconfigPath, kubeconfig(await api.listenTls(certificate, 0), certificate.cert, adminToken));

    // First, so that a port that is taken is told before disks are made.
    let facade: RancherFacade | undefined;
    let dashboardUrl: string | undefined;
    if (options.dashboard) {
      options.onStep?.('Rancher Dashboard');
      const { port, shellDist, pluginDist } = options.dashboard;
      facade = await createRancherFacade({
        api, apiUrl, tokens, shellDist, pluginDist, landing: LANDING, preferencesFile: folder.path('preferences.json'), now: () => clock.now(),
      });
      dashboardUrl = await facade.listen(port);
      closers.push(() => facade?.close());
    }

    options.onStep?.('VMs, disks and storage');
    const client = createHttpClient({ baseUrl: apiUrl, token: () => Promise.resolve(tokens.get(DRIVERS) ?? '') });
    closers.push(() => client.close());
    const mover = { command: [process.execPath, join(SERVER_ROOT, 'mover', 'main.ts')] };
    const drivers = await startDrivers({
      client, clock, log, dataFolder: folder.path('cluster'), env: moverEnv(options.env),
      images: { [MOVER_IMAGE.split(':')[0] as string]: mover }, ...options.drivers,
    });
    closers.push(() => drivers.stop());
    drivers.attach(api);
    await seedCluster({
      client, files: drivers.files, path: options.env['PATH'] ?? '', ...options.seed, step: (text) => options.onStep?.(`first start: ${text}`),
    });

    let server: ServerChild | undefined;
    if (options.server) {
      options.onStep?.('backup server');
      server = await startServer(options, apiUrl, tokens.get(SERVER) ?? '');
      closers.push(() => server?.stop());
    }

    return { api, apiUrl, adminToken, kubeconfigPath, drivers, server, dashboardUrl, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
