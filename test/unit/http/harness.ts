import { VIRTUAL_MACHINE, BACKUP_ENGINE, BACKUP_REPOSITORY, JOB, VM_BACKUP, VM_RESTORE, type ResourceType } from '../../../server/contract/api.ts';
import type { KubeObject, VirtualMachine } from '../../../server/contract/kubernetes.ts';
import { createReadiness, operatorRoutes, startOperatorApi } from '../../../server/http/index.ts';
import type { Catalogue, View } from '../../../server/http/catalogue.ts';
import type { Route } from '../../../server/http/route.ts';
import { ApiError, type KubeClient } from '../../../server/kube/client.ts';
import { createPrometheus } from '../../../server/telemetry/prometheus.ts';
import { createLineRing } from '../../../server/telemetry/ring.ts';
import { createLogger } from '../../../server/telemetry/log.ts';
import { systemClock } from '../../../server/telemetry/system-clock.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { FakeKube } from '../../support/fake-kube.ts';
import { ask, type Answered, type Ask } from '../../support/http-ask.ts';

/** A user of the fake cluster: who it is, and what its RBAC and admission say to each call. */
export interface FakeUser { name: string; reads?: boolean; denies?: (verb: string, type: ResourceType) => string | undefined; /** Waited for before the cluster says what the user may read. */ pause?: Promise<void> }

/** The operator API on a fake cluster, listening on loopback. */
export interface Lab {
  kube: FakeKube;
  clock: FakeClock;
  routes: readonly Route[];
  /** Log lines at every level, as written. */
  lines: string[];
  /** Clients made for callers, and how many of them were closed. */
  clients: { made: number; closed: number };
  url: string;
  ask(path: string, options?: Ask): Promise<Answered>;
  stop(): Promise<void>;
}

/** Starts a lab. `users` by token. `synced: false`: the live copies are never filled. */
export async function startLab({ users = {}, synced = true }: { users?: Record<string, FakeUser>; synced?: boolean } = {}): Promise<Lab> {
  const clock = new FakeClock(new Date('2026-01-10T00:00:00Z'));
  const kube = new FakeKube(clock);
  const lines: string[] = [];
  const ring = createLineRing(100_000);
  const log = createLogger({ clock, level: 'debug', write: (line) => { lines.push(line); ring.write(line); } });
  const view = <T extends KubeObject>(type: ResourceType): View<T> => ({
    type, synced: () => (synced ? Promise.resolve() : new Promise(() => undefined)),
    list: (namespace) => kube.all<T>(type).filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace),
    get: (namespace, name) => kube.all<T>(type).find(({ metadata }) => metadata.namespace === namespace && metadata.name === name),
  });
  const catalogue: Catalogue = {
    engines: view(BACKUP_ENGINE), repositories: view(BACKUP_REPOSITORY), backups: view(VM_BACKUP), restores: view(VM_RESTORE), jobs: view(JOB), machines: view<VirtualMachine>(VIRTUAL_MACHINE),
  };
  const clients = { made: 0, closed: 0 };
  const { metrics, registry } = createPrometheus({ version: 'test' });
  const deps = {
    catalogue, readiness: createReadiness({ ...catalogue }), leading: () => true, client: kube, log, logLines: ring.lines, metrics, registry,
    // Time that stands still, but sleeps that end: closing the server waits for the slow.
    clock: { now: () => clock.now(), monotonicMs: () => clock.monotonicMs(), sleep: systemClock.sleep },
    clientOf: (token: string) => {
      clients.made++;
      return { ...callerClient(kube, users[token]), close: () => { clients.closed++; } };
    },
  };
  const server = await startOperatorApi(deps, { port: 0, host: '127.0.0.1' });

  const url = `http://127.0.0.1:${ server.port }`;

  return {
    kube, clock, lines, clients, routes: operatorRoutes(deps), url,
    ask: (path, options) => ask(url, path, options),
    stop: () => server.close(),
  };
}

/** What a user's token can do with the fake API. */
function callerClient(kube: FakeKube, user: FakeUser | undefined): KubeClient {
  const check = (verb: string, type: ResourceType): void => {
    if (!user) throw new ApiError(401, 'Unauthorized', 'Unauthorized');
    const denial = user.denies?.(verb, type);

    if (denial) throw new ApiError(403, 'Forbidden', denial);
  };

  const used: Pick<KubeClient, 'get' | 'find' | 'list' | 'create' | 'patch' | 'delete'> = {
    get: async (type, key) => { check('get', type); return kube.get(type, key); },
    find: async (type, key) => { check('get', type); return kube.find(type, key); },
    list: async (type, options) => { check('list', type); return kube.list(type, options); },
    async create<T extends KubeObject>(type: ResourceType, object: T) {
      check('create', type);
      await user?.pause;
      if (type.plural === 'selfsubjectaccessreviews') return { ...object, status: { allowed: user?.reads ?? false } };
      if (type.plural === 'selfsubjectreviews') return { ...object, status: { userInfo: { username: user?.name } } };
      return kube.create(type, object);
    },
    patch: async (type, key, patch) => { check('patch', type); return kube.patch(type, key, patch); },
    delete: async (type, key, options) => { check('delete', type); return kube.delete(type, key, options); },
  };

  return used as KubeClient;
}
