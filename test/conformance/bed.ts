/** The two APIs of the suite, side by side, with the same types and people. */
import { customResourceDefinitions } from '../../server/contract/crd/index.ts';
import { createApiServer, type JsonObject } from '../../server/embedded/api/index.ts';
import { systemClock } from '../../server/telemetry/system-clock.ts';
import { startControlPlane } from '../support/kube/control-plane.ts';
import { installCrds } from '../support/test-api.ts';
import { send, type Endpoint } from './http.ts';
import type { Answer, Call } from './scenario.ts';

/** An API under test. */
export interface Side {
  readonly name: 'real' | 'embedded';
  send(call: Call, stream?: boolean): Promise<Answer>;
  /** Makes a namespace that pods can be created in. */
  prepare(namespace: string): Promise<void>;
  /** Makes every earlier resourceVersion too old for a watch, and for the rest of a paged list. */
  forget(): Promise<void>;
  stop(): Promise<void>;
}

const TOKENS = { admin: 'conformance-admin', ann: 'conformance-ann' };
const ADMIN = { user: 'admin', groups: ['system:masters'] };
const ANN = { user: 'ann', groups: ['team'] };
/** How many changes of a type the embedded API remembers here. */
const WINDOW = 200;
const NOISE = 'noise';

function check(answer: Answer, what: string): void {
  if (answer.status >= 300) throw new Error(`${what}: ${answer.status} ${JSON.stringify(answer.body)}`);
}

async function createNamespace(endpoint: Endpoint, name: string): Promise<void> {
  check(await send(endpoint, { method: 'POST', path: '/api/v1/namespaces', body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name } } }), `namespace ${name}`);
}

/** The in-process API, over HTTP. */
export async function startEmbedded(crds: readonly JsonObject[]): Promise<Side> {
  const api = createApiServer({
    memory: true, storageProtection: true, watchWindow: WINDOW, bookmarkDelay: 200, tokens: { [TOKENS.admin]: ADMIN, [TOKENS.ann]: ANN },
    crds: [...customResourceDefinitions() as unknown as JsonObject[], ...crds],
  });
  const endpoint: Endpoint = { url: await api.listen(0), ca: undefined, tokens: TOKENS };

  await createNamespace(endpoint, NOISE);
  return {
    name: 'embedded',
    send: (call, stream) => send(endpoint, call, stream),
    prepare: (namespace) => createNamespace(endpoint, namespace),
    async forget() {
      const path = `/api/v1/namespaces/${NOISE}/secrets`;

      for (let count = 0; count <= WINDOW / 2; count++) {
        check(await send(endpoint, { method: 'POST', path, body: { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'noise' } } }), 'noise');
        check(await send(endpoint, { method: 'DELETE', path: `${path}/noise` }), 'noise');
      }
    },
    stop: () => api.close(),
  };
}

/** etcd and kube-apiserver with their controllers. */
export async function startReal(crds: readonly JsonObject[]): Promise<Side> {
  const plane = await startControlPlane({ controllers: false, users: [{ token: TOKENS.admin, ...ADMIN }, { token: TOKENS.ann, ...ANN }] });

  try {
    const endpoint: Endpoint = { url: plane.url, ca: plane.ca, tokens: TOKENS };

    await installCrds(plane.clientFor(TOKENS.admin), [...customResourceDefinitions() as unknown as JsonObject[], ...crds]);
    await plane.startControllers();
    return {
      name: 'real',
      send: (call, stream) => send(endpoint, call, stream),
      async prepare(namespace) {
        await createNamespace(endpoint, namespace);
        // Pods are refused until the controllers have made the namespace's default account.
        while ((await send(endpoint, { method: 'GET', path: `/api/v1/namespaces/${namespace}/serviceaccounts/default` })).status !== 200) await systemClock.sleep(50);
      },
      async forget() {
        await plane.restartApi(() => plane.compact());
        // Its caches are filled one after the other; until then it answers 429.
        while ((await send(endpoint, { method: 'GET', path: '/readyz' })).status !== 200) await systemClock.sleep(50);
      },
      stop: () => plane.stop(),
    };
  } catch (error) {
    await plane.stop();
    throw error;
  }
}
