/**
 * A real Kubernetes control plane for tests: etcd, kube-apiserver and, of the controller manager, garbage collection,
 * namespaces, service accounts and role aggregation. No nodes, no scheduler: those are the simulated drivers' part.
 *
 *   const plane = await startControlPlane({ users: [{ token: 't', user: 'ann', groups: ['team'] }] });
 *   await plane.clientFor('t').list(VM_BACKUP);
 *   await plane.stop();
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHttpClient, type HttpClientOptions, type HttpKubeClient } from '../../../server/kube/http-client.ts';
import { systemClock } from '../../../server/telemetry/system-clock.ts';
import { Daemon, freePorts } from './daemon.ts';
import { kubePrograms, type KubePrograms } from './programs.ts';

/** Somebody who may ask the API with a bearer token. */
export interface KubeUser { token: string; user: string; groups: readonly string[] }

/** Options of {@link startControlPlane}. */
export interface ControlPlaneOptions {
  /** Who is known beside the administrator. */
  users?: readonly KubeUser[];
  /** Run the controllers at once. Default true; false: {@link ControlPlane.startControllers} does, after the CRDs are there (they are found at its start, then only every 30 s). */
  controllers?: boolean;
}

/** A running control plane. */
export interface ControlPlane {
  /** Such as `https://127.0.0.1:40123`. */
  readonly url: string;
  /** PEM of the certificate authority of `url`. */
  readonly ca: string;
  /** PEM certificate and key of the API server, which other servers of the test may use. */
  readonly certificate: { cert: string; key: string };
  /** Member of `system:masters`. */
  readonly adminToken: string;
  readonly kubectl: string;
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfig: string;
  /** Closed by {@link stop}. */
  clientFor(token: string, options?: Partial<HttpClientOptions>): HttpKubeClient;
  startControllers(): Promise<void>;
  /** Ends the API server and starts it again on the same port and data; `whileDown` runs in between. */
  restartApi(whileDown?: () => Promise<void>): Promise<void>;
  /** Forgets all history in etcd, so that a watch from before is answered 410 once the API server has restarted. */
  compact(): Promise<void>;
  /** Ends everything and removes its files. */
  stop(): Promise<void>;
}

const READY_SECONDS = 120;
const CONTROLLERS = ['garbage-collector-controller', 'namespace-controller', 'clusterrole-aggregation-controller', 'serviceaccount-controller', 'root-ca-certificate-publisher-controller'];

async function until(what: string, daemon: Daemon, look: () => Promise<boolean>): Promise<void> {
  const deadlineMs = systemClock.monotonicMs() + READY_SECONDS * 1000;

  while (!await look().catch(() => false)) {
    daemon.assertRunning();
    if (systemClock.monotonicMs() > deadlineMs) throw new Error(`${what} is not ready after ${READY_SECONDS} s: ${daemon.output.slice(-2000)}`);
    await systemClock.sleep(50);
  }
}

async function startEtcd(program: string, folder: string, port: number, peerPort: number): Promise<Daemon> {
  const client = `http://127.0.0.1:${port}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  const etcd = new Daemon(program, [
    '--name=test', `--data-dir=${join(folder, 'etcd')}`, '--log-level=error', '--unsafe-no-fsync',
    `--listen-client-urls=${client}`, `--advertise-client-urls=${client}`, `--listen-peer-urls=${peer}`, `--initial-advertise-peer-urls=${peer}`, `--initial-cluster=test=${peer}`,
  ]);

  await until('etcd', etcd, async () => (await fetch(`${client}/health`)).ok);
  return etcd;
}

function apiArgs(folder: string, port: number, etcdPort: number): string[] {
  return [
    `--etcd-servers=http://127.0.0.1:${etcdPort}`, '--bind-address=127.0.0.1', '--advertise-address=127.0.0.1', `--secure-port=${port}`, `--cert-dir=${join(folder, 'certs')}`,
    '--endpoint-reconciler-type=none', '--service-cluster-ip-range=10.43.0.0/16', '--allow-privileged=true', '--authorization-mode=RBAC', '--profiling=false',
    `--token-auth-file=${join(folder, 'tokens.csv')}`, '--service-account-issuer=https://kubernetes.default.svc', '--enable-priority-and-fairness=false',
    `--service-account-key-file=${join(folder, 'accounts.pub')}`, `--service-account-signing-key-file=${join(folder, 'accounts.key')}`,
    // Bookmarks and the end of idle watches come soon enough to be seen by a test.
    '--shutdown-delay-duration=0s',
  ];
}

function kubeconfigText(url: string, ca: string, token: string): string {
  return JSON.stringify({
    apiVersion: 'v1', kind: 'Config', 'current-context': 'test',
    clusters: [{ name: 'test', cluster: { server: url, 'certificate-authority-data': Buffer.from(ca).toString('base64') } }],
    users: [{ name: 'admin', user: { token } }], contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
  });
}

async function writeCredentials(folder: string, users: readonly KubeUser[]): Promise<void> {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs1', format: 'pem' } });

  await mkdir(join(folder, 'certs'));
  await writeFile(join(folder, 'accounts.key'), privateKey, { mode: 0o600 });
  await writeFile(join(folder, 'accounts.pub'), publicKey);
  await writeFile(join(folder, 'tokens.csv'), users.map(({ token, user, groups }) => `${token},${user},${user},"${groups.join(',')}"\n`).join(''), { mode: 0o600 });
}

/** What runs, in the order in which it was started. */
interface Running { etcd?: Daemon; api?: Daemon; controllers?: Daemon }

class RealControlPlane implements ControlPlane {
  readonly url: string;
  readonly adminToken: string;
  readonly kubectl: string;
  readonly kubeconfig: string;
  ca = '';
  certificate = { cert: '', key: '' };
  readonly #programs: KubePrograms;
  readonly #folder: string;
  readonly #ports: { api: number; etcd: number; peer: number };
  readonly #running: Running = {};
  readonly #clients: HttpKubeClient[] = [];

  constructor(programs: KubePrograms, folder: string, ports: { api: number; etcd: number; peer: number }, adminToken: string) {
    this.#programs = programs;
    this.#folder = folder;
    this.#ports = ports;
    this.url = `https://127.0.0.1:${ports.api}`;
    this.adminToken = adminToken;
    this.kubectl = programs.kubectl;
    this.kubeconfig = join(folder, 'kubeconfig');
  }

  async start(): Promise<void> {
    this.#running.etcd = await startEtcd(this.#programs.etcd, this.#folder, this.#ports.etcd, this.#ports.peer);
    await this.#startApi();
    await writeFile(this.kubeconfig, kubeconfigText(this.url, this.ca, this.adminToken), { mode: 0o600 });
  }

  async #startApi(): Promise<void> {
    const api = new Daemon(this.#programs.apiServer, apiArgs(this.#folder, this.#ports.api, this.#ports.etcd));

    this.#running.api = api;
    const certs = join(this.#folder, 'certs');

    await until('kube-apiserver', api, async () => {
      this.ca = await readFile(join(certs, 'apiserver.crt'), 'utf8');
      this.certificate = { cert: this.ca, key: await readFile(join(certs, 'apiserver.key'), 'utf8') };
      const client = this.clientFor(this.adminToken);

      try {
        // Ready means: the API answers, and its default roles are there.
        await client.get({ group: 'rbac.authorization.k8s.io', version: 'v1', kind: 'ClusterRole', plural: 'clusterroles', namespaced: false }, { name: 'view' });
        await client.get({ group: '', version: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false }, { name: 'kube-system' });
        await client.get({ group: '', version: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false }, { name: 'default' });
        return true;
      } finally {
        client.close();
      }
    });
  }

  clientFor(token: string, options: Partial<HttpClientOptions> = {}): HttpKubeClient {
    const client = createHttpClient({ baseUrl: this.url, ca: this.ca, token, ...options });

    this.#clients.push(client);
    return client;
  }

  startControllers(): Promise<void> {
    this.#running.controllers ??= new Daemon(this.#programs.controllerManager, [
      `--kubeconfig=${this.kubeconfig}`, `--controllers=${CONTROLLERS.join(',')}`, '--leader-elect=false', '--secure-port=0', '--use-service-account-credentials=false',
      `--service-account-private-key-file=${join(this.#folder, 'accounts.key')}`, `--root-ca-file=${join(this.#folder, 'certs/apiserver.crt')}`, '--min-resync-period=1h', '--concurrent-gc-syncs=4',
    ]);
    return Promise.resolve();
  }

  async restartApi(whileDown?: () => Promise<void>): Promise<void> {
    await this.#running.api?.stop();
    await whileDown?.();
    await this.#startApi();
  }

  async compact(): Promise<void> {
    const url = `http://127.0.0.1:${this.#ports.etcd}/v3/kv`;
    const call = async (path: string, body: object): Promise<{ header: { revision: string } }> => {
      const answer = await fetch(`${url}/${path}`, { method: 'POST', body: JSON.stringify(body) });

      if (!answer.ok) throw new Error(`etcd answered ${answer.status} to ${path}: ${await answer.text()}`);
      return await answer.json() as { header: { revision: string } };
    };
    const { header } = await call('range', { key: Buffer.from('x').toString('base64') });

    await call('compaction', { revision: header.revision, physical: true });
  }

  async stop(): Promise<void> {
    this.#clients.splice(0).forEach((client) => client.close());
    const { controllers, api, etcd } = this.#running;

    for (const daemon of [controllers, api, etcd]) await daemon?.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Starts a control plane on free ports of the loopback address. @throws Error when its programs are missing or do not start */
export async function startControlPlane({ users = [], controllers = true }: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const programs = kubePrograms(process.env);
  const folder = await mkdtemp(join(tmpdir(), 'hvb-kube-'));
  const adminToken = randomBytes(16).toString('hex');
  const [api = 0, etcd = 0, peer = 0] = await freePorts(3);
  const plane = new RealControlPlane(programs, folder, { api, etcd, peer }, adminToken);

  try {
    await writeCredentials(folder, [{ token: adminToken, user: 'admin', groups: ['system:masters'] }, ...users]);
    await plane.start();
    if (controllers) await plane.startControllers();
    return plane;
  } catch (error) {
    await plane.stop();
    throw error;
  }
}
