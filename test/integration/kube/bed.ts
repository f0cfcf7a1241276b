import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NAMESPACE, SECRET } from '../../../server/contract/api.ts';
import type { Clock } from '../../../server/contract/clock.ts';
import type { KubeObject, Secret } from '../../../server/contract/kubernetes.ts';
import { createHttpClient, type HttpClientOptions, type HttpKubeClient } from '../../../server/kube/http-client.ts';
import { createInformer, type Informer } from '../../../server/kube/informer.ts';
import { createLogger } from '../../../server/telemetry/log.ts';
import { systemClock } from '../../../server/telemetry/system-clock.ts';
import { ApiProxy } from '../../support/api-proxy.ts';
import { startTestApi, type TestApi } from '../../support/test-api.ts';
import { waitFor } from '../../support/wait.ts';

/** Bearer token of an administrator of the bed's API. */
export const ADMIN_TOKEN = 'integration-token';
/** Says nothing below errors, and those to nobody. */
export const silentLog = createLogger({ clock: systemClock, level: 'error', write: () => undefined });

/** The API of this run without any drivers. */
export interface Bed { api: TestApi; stop(): Promise<void> }

export async function startBed(): Promise<Bed> {
  const folder = await mkdtemp(join(tmpdir(), 'hvb-bed-'));
  const api = await startTestApi({ users: { [ADMIN_TOKEN]: { user: 'admin', groups: ['system:masters'] } }, adminToken: ADMIN_TOKEN, folder, log: silentLog });

  return {
    api,
    async stop() {
      await api.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

let namespaces = 0;

/** A namespace of its own for one test, and a client whose way to the API the test controls. */
export class Place {
  readonly namespace: string;
  /** Straight to the API. */
  readonly direct: HttpKubeClient;
  readonly network: ApiProxy;
  /** Through {@link network}. */
  readonly client: HttpKubeClient;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>[] = [];
  #turn = 0;

  private constructor(namespace: string, direct: HttpKubeClient, network: ApiProxy, options: Partial<HttpClientOptions>) {
    this.namespace = namespace;
    this.direct = direct;
    this.network = network;
    this.client = createHttpClient({ baseUrl: network.url, token: ADMIN_TOKEN, ...options });
  }

  static async make({ api }: Bed, options: Partial<HttpClientOptions> = {}): Promise<Place> {
    const namespace = `ns-${++namespaces}`;
    const direct = api.clientFor(ADMIN_TOKEN);

    await direct.create<KubeObject>(NAMESPACE, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    return new Place(namespace, direct, await ApiProxy.start({ target: api.url, ...(api.ca ? { ca: api.ca } : {}) }), options);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
    this.client.close();
    await this.network.stop();
  }

  secret(name: string, labels: Record<string, string> = {}): Secret {
    return { apiVersion: 'v1', kind: 'Secret', type: 'Opaque', metadata: { namespace: this.namespace, name, labels }, data: { a: 'YQ==' } };
  }

  /** Creates, changes or deletes Secrets past the controlled network: `+a`, `~a`, `-a`, as an informer's handler would tell it. */
  async write(...changes: string[]): Promise<void> {
    for (const change of changes) {
      const name = change.slice(1);
      const key = { namespace: this.namespace, name };

      if (change.startsWith('+')) await this.direct.create(SECRET, this.secret(name));
      else if (change.startsWith('-')) await this.direct.delete(SECRET, key);
      else await this.direct.patch(SECRET, key, { metadata: { labels: { turn: `${++this.#turn}` } } });
    }
  }

  /** Waits for an API that was restarted. */
  async apiAnswers(): Promise<void> {
    await waitFor('the API to answer', () => this.direct.list(SECRET, { namespace: this.namespace }));
  }

  /** How often Secrets were listed anew (first pages), or watched. */
  count(verb: 'list' | 'watch'): number {
    return this.network.requests.filter((request) => request.resource === 'secrets' && request.verb === verb).length;
  }

  /** An informer of this namespace's Secrets that runs, and what its handler was told so far. */
  follow(clock: Clock = systemClock): { informer: Informer<Secret>; heard: string[]; caughtUp(): Promise<void> } {
    const informer = createInformer<Secret>({ client: this.client, type: SECRET, clock, log: silentLog, scope: { namespace: this.namespace } });
    const heard: string[] = [];
    const versions = (objects: readonly Secret[]): string => objects.map(({ metadata }) => `${metadata.name} ${metadata.uid} ${metadata.resourceVersion}`).sort().join();

    informer.subscribe({ added: ({ metadata }) => heard.push(`+${metadata.name}`), updated: ({ metadata }) => heard.push(`~${metadata.name}`), deleted: ({ metadata }) => heard.push(`-${metadata.name}`) });
    this.#running.push(informer.run(this.#stop.signal));
    return {
      informer, heard,
      caughtUp: () => waitFor('the cache equal to the API', async () => versions(informer.list()) === versions((await this.direct.list<Secret>(SECRET, { namespace: this.namespace })).items), { seconds: 60, describe: () => heard }).then(() => undefined),
    };
  }
}
