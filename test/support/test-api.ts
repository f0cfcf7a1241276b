/**
 * The Kubernetes API that the tests of a run talk to: the embedded one, or a real kube-apiserver with the same types. The
 * variable `HVB_TEST_API` chooses (`embedded`, the default, or `kube`); a test that needs one of them asks {@link testApiKind}.
 */
import { join } from 'node:path';
import { CUSTOM_RESOURCE_DEFINITION, NODE, type ResourceType } from '../../server/contract/api.ts';
import { customResourceDefinitions } from '../../server/contract/crd/index.ts';
import type { Condition, KubeObject } from '../../server/contract/kubernetes.ts';
import { createApiServer, type ApiServer, type Identity, type JsonObject } from '../../server/embedded/api/index.ts';
import { SUBRESOURCES_PREFIX } from '../../server/embedded/drivers/hypervisor/subresources.ts';
import { createHttpClient, type HttpKubeClient } from '../../server/kube/http-client.ts';
import { isApiError } from '../../server/kube/client.ts';
import type { Logger } from '../../server/telemetry/log.ts';
import { startControlPlane, type ControlPlane } from './kube/control-plane.ts';
import { ExtensionServer } from './kube/extension-server.ts';
import { simulatedCrds } from './kube/simulated-crds.ts';
import { waitFor } from './wait.ts';

/** Which API the tests of this run use. */
export function testApiKind(): 'embedded' | 'kube' {
  const kind = process.env['HVB_TEST_API'] ?? 'embedded';

  if (kind !== 'embedded' && kind !== 'kube') throw new Error(`HVB_TEST_API is "${kind}": it must be embedded or kube`);
  return kind;
}

/** Options of {@link startTestApi}. */
export interface TestApiOptions {
  /** Bearer token → who that is. One must be of `system:masters`. */
  users: Readonly<Record<string, Identity>>;
  /** A token of `users` that is of `system:masters`. */
  adminToken: string;
  /** Folder of the embedded API's data; the real one has its own. */
  folder: string;
  log: Logger;
}

/** An API with our CRDs and stand-ins for those of Harvester's parts. */
export interface TestApi {
  readonly url: string;
  /** PEM certificate authority; undefined for plain HTTP. */
  readonly ca: string | undefined;
  clientFor(token: string): HttpKubeClient;
  /** Where the simulated drivers serve KubeVirt's actions and the logs of pods. */
  readonly extensions: Pick<ApiServer, 'addRoute' | 'setLogProvider'>;
  /** To be called when nodes are there: tells the API where their kubelet is. */
  nodesReady(): Promise<void>;
  /** Ends the API at once and starts it on the same data and address. */
  restart(): Promise<void>;
  /** As {@link restart}, with all changes before it forgotten: a watch that would go on from one of them is answered 410. */
  forgetHistory(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the API that this run uses. */
export function startTestApi(options: TestApiOptions): Promise<TestApi> {
  return testApiKind() === 'kube' ? startKubeApi(options) : startEmbeddedApi(options);
}

function clientsOf(address: () => { baseUrl: string; ca?: string }): { clientFor(token: string): HttpKubeClient; close(): void } {
  const clients: HttpKubeClient[] = [];

  return {
    clientFor(token) {
      const client = createHttpClient({ ...address(), token });

      clients.push(client);
      return client;
    },
    close: () => clients.splice(0).forEach((client) => client.close()),
  };
}

async function startEmbeddedApi({ users, folder, log }: TestApiOptions): Promise<TestApi> {
  const start = async (port: number): Promise<{ api: ApiServer; url: string }> => {
    const api = createApiServer({
      storageDir: join(folder, 'api'), durability: 'write', storageProtection: true, crds: customResourceDefinitions() as unknown as JsonObject[],
      log: (level, message, fields) => log[level](message, fields),
    });

    Object.entries(users).forEach(([token, identity]) => api.addToken(token, identity));
    return { api, url: await api.listen(port) };
  };
  let running = await start(0);
  const clients = clientsOf(() => ({ baseUrl: running.url }));
  const restart = async (): Promise<void> => {
    const { port } = new URL(running.url);

    await running.api.close();
    running = await start(Number(port));
  };

  return {
    get url() { return running.url; },
    ca: undefined,
    clientFor: (token) => clients.clientFor(token),
    get extensions() { return running.api; },
    nodesReady: () => Promise.resolve(),
    restart,
    // It keeps no history over a restart.
    forgetHistory: restart,
    async stop() {
      await running.api.close();
      clients.close();
    },
  };
}

const SERVICE: ResourceType = { group: '', version: 'v1', kind: 'Service', plural: 'services', namespaced: true };
const API_SERVICE: ResourceType = { group: 'apiregistration.k8s.io', version: 'v1', kind: 'APIService', plural: 'apiservices', namespaced: false };

interface Conditioned extends KubeObject { status?: { conditions?: Condition[] } }

/** Waits for a condition of an object. */
async function conditionTrue(client: HttpKubeClient, type: ResourceType, name: string, condition: string): Promise<void> {
  const read = async (): Promise<Condition[]> => (await client.get<Conditioned>(type, { name })).status?.conditions ?? [];

  await waitFor(`${type.kind} ${name} ${condition}`, async () => (await read()).some(({ type: each, status }) => each === condition && status === 'True'), { seconds: 60, describe: read });
}

/** Creates CRDs and waits until they are served. */
export async function installCrds(client: HttpKubeClient, crds: readonly JsonObject[]): Promise<void> {
  await Promise.all(crds.map(async (crd) => {
    try {
      await client.create<KubeObject>(CUSTOM_RESOURCE_DEFINITION, crd as unknown as KubeObject);
    } catch (error) {
      if (!isApiError(error, 'AlreadyExists')) throw error;
    }
  }));
  await Promise.all(crds.map((crd) => conditionTrue(client, CUSTOM_RESOURCE_DEFINITION, (crd as unknown as KubeObject).metadata.name, 'Established')));
}

/** Leads a group of the API to a server on this machine, as an installed aggregated API does. */
async function aggregate(client: HttpKubeClient, prefix: string, port: number): Promise<void> {
  const [, , group = '', version = ''] = prefix.split('/');
  const service = { name: group.replaceAll('.', '-'), namespace: 'kube-system' };

  await client.create(SERVICE, { apiVersion: 'v1', kind: 'Service', metadata: service, spec: { type: 'ExternalName', externalName: 'localhost', ports: [{ port }] } } as KubeObject);
  await client.create(API_SERVICE, {
    apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', metadata: { name: `${version}.${group}` },
    spec: { group, version, service: { ...service, port }, insecureSkipTLSVerify: true, groupPriorityMinimum: 1000, versionPriority: 15 },
  } as KubeObject);
}

async function startKubeApi({ users, adminToken }: TestApiOptions): Promise<TestApi> {
  const plane: ControlPlane = await startControlPlane({ controllers: false, users: Object.entries(users).map(([token, { user, groups }]) => ({ token, user, groups })) });

  try {
    const admin = plane.clientFor(adminToken);
    const extensions = await ExtensionServer.start(plane.certificate, admin);
    let aggregated = false;

    await installCrds(admin, [...customResourceDefinitions() as unknown as JsonObject[], ...simulatedCrds()]);
    await plane.startControllers();

    return {
      url: plane.url, ca: plane.ca, extensions,
      clientFor: (token) => plane.clientFor(token),
      async nodesReady() {
        if (!aggregated) await aggregate(admin, SUBRESOURCES_PREFIX, extensions.port);
        aggregated = true;
        for (const { metadata } of (await admin.list(NODE)).items) {
          const node = await admin.get<KubeObject & { status?: object }>(NODE, { name: metadata.name });

          await admin.replaceStatus(NODE, { ...node, status: { ...node.status, addresses: [{ type: 'InternalIP', address: '127.0.0.1' }], daemonEndpoints: { kubeletEndpoint: { Port: extensions.port } } } });
        }
        await conditionTrue(admin, API_SERVICE, 'v1.subresources.kubevirt.io', 'Available');
      },
      restart: () => plane.restartApi(),
      forgetHistory: () => plane.restartApi(() => plane.compact()),
      async stop() {
        await plane.stop();
        await extensions.stop();
      },
    };
  } catch (error) {
    await plane.stop();
    throw error;
  }
}
