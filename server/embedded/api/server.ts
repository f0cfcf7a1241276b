/** Composition of the in-process Kubernetes API server. */
import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Core } from './core.ts';
import type { ApiServer, ApiServerOptions, DirectRequest, DirectResponse, Identity, JsonObject, KubeObject } from './types.ts';
import { Admission } from './admission/index.ts';
import { Authenticator } from './authenticate.ts';
import { Background } from './background.ts';
import { CRDS, CrdController } from './crd-controller.ts';
import { GarbageCollector } from './gc.ts';
import { Journal } from './persistence.ts';
import { NamespaceController } from './namespaces.ts';
import { Pipeline } from './pipeline.ts';
import { Rbac, completeIdentity } from './rbac.ts';
import { RoleAggregation } from './aggregation.ts';
import { Store } from './store.ts';
import { TypeRegistry } from './registry.ts';
import { WatchHub } from './watch.ts';
import { bootstrap } from './bootstrap.ts';
import { builtinTypes } from './resources.ts';
import { createHttpServer } from './http.ts';
import { createObject, updateObject } from './write.ts';
import { readObject } from './intake.ts';
import { systemClock } from './clock.ts';

const WATCH_WINDOW = 4096;
const BOOKMARK_DELAY = 60_000;

function openStore(options: ApiServerOptions): Store {
  const window = options.watchWindow ?? WATCH_WINDOW;
  if (options.memory === (options.storageDir !== undefined)) throw new Error('createApiServer: give either storageDir or memory: true');
  if (options.storageDir === undefined) return new Store({ window });
  return new Store({ window, journal: new Journal(options.storageDir, { sync: options.durability !== 'write' }) });
}

function createCore(options: ApiServerOptions): Core {
  return {
    store: openStore(options), types: new TypeRegistry(builtinTypes()), clock: options.clock ?? systemClock, randomBytes: options.randomBytes ?? randomBytes,
    log: options.log ?? (() => undefined), strategyContext: { storageProtection: options.storageProtection ?? false },
  };
}

/** Creates the CRD or brings the stored one up to date. */
function putCrd(core: Core, controller: CrdController, source: JsonObject): KubeObject {
  const type = core.types.findAny('apiextensions.k8s.io', 'customresourcedefinitions');
  if (!type) throw new Error('the type customresourcedefinitions is not served');
  const crd = readObject(type, source);
  const old = core.store.get(CRDS, crd.metadata.name);
  const write = { dryRun: false, manager: 'embedded' };
  if (!old) createObject(core, type, crd, undefined, write);
  else {
    // What the server wrote itself stays; only the definition is brought up to date.
    const metadata = { ...old.metadata, labels: crd.metadata.labels, annotations: crd.metadata.annotations };
    updateObject(core, type, old, { ...crd, metadata }, { ...write, subresource: '', requireVersion: false, patch: false });
  }
  return controller.establish(crd.metadata.name) ?? crd;
}

async function direct(pipeline: Pipeline, identity: Identity, request: DirectRequest): Promise<DirectResponse> {
  const split = request.url.indexOf('?');
  const answer = await pipeline.handle({
    method: request.method, path: split < 0 ? request.url : request.url.slice(0, split), query: new URLSearchParams(split < 0 ? '' : request.url.slice(split + 1)),
    headers: { 'content-type': request.contentType ?? 'application/json', accept: request.accept ?? 'application/json', 'user-agent': request.userAgent ?? 'in-process' },
    body: request.body === undefined ? '' : JSON.stringify(request.body), identity: completeIdentity(identity), signal: new AbortController().signal,
  });
  switch (answer.kind) {
    case 'json': return { status: answer.status, body: typeof answer.body === 'string' ? JSON.parse(answer.body) as unknown : answer.body };
    case 'text': return { status: answer.status, body: answer.body };
    case 'log': {
      const chunks: Uint8Array[] = [];
      for await (const chunk of answer.chunks) chunks.push(chunk);
      return { status: 200, body: Buffer.concat(chunks).toString('utf8') };
    }
    case 'disconnect': throw new Error(`${request.method} ${request.url}: a request hook cut the connection`);
    default: throw new Error(`${request.method} ${request.url}: a watch needs a socket; use listen() or store.subscribe()`);
  }
}

/** Listens, and gives the base URL. */
function listen(server: Server, scheme: string, port: number, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      const address = server.address() as AddressInfo;
      resolve(`${scheme}://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`);
    });
  });
}

/**
 * Builds an API server over a folder or over memory. It answers in-process requests at once, and HTTP after `listen`.
 * Throws when the stored state can't be read or a CRD of the options is invalid.
 */
export function createApiServer(options: ApiServerOptions): ApiServer {
  const core = createCore(options);
  const background = new Background(core.log);
  const collector = new GarbageCollector(core, background);
  const namespaces = new NamespaceController(core, background);
  const crds = new CrdController(core, background);
  const roles = new RoleAggregation(core, background);
  const rbac = new Rbac(core.store);
  const watches = new WatchHub(core, options.bookmarkDelay ?? BOOKMARK_DELAY);
  const pipeline = new Pipeline(core, rbac, new Admission(core, rbac), watches);
  const authenticator = new Authenticator(options.tokens ?? {}, options.authenticate);
  const parts = { pipeline, authenticator, rbac, log: core.log };
  const servers: Server[] = [];
  const open = (server: Server, scheme: string, port: number, host: string): Promise<string> => {
    servers.push(server);

    return listen(server, scheme, port, host);
  };

  crds.start();
  core.store.subscribeAll((event) => {
    // Types first: the others look them up.
    crds.handle(event);
    collector.handle(event);
    namespaces.handle(event);
    roles.handle(event);
  });
  bootstrap(core);
  for (const crd of options.crds ?? []) putCrd(core, crds, crd);
  roles.run();
  collector.start();
  namespaces.start();

  return {
    store: core.store,
    types: core.types,
    listen: (port, host = '127.0.0.1') => open(createHttpServer(parts), 'http', port, host),
    listenTls: (certificate, port, host = '127.0.0.1') => open(createHttpServer(parts, certificate), 'https', port, host),
    async close() {
      background.close();
      watches.close();
      for (const server of servers.filter(({ listening }) => listening)) {
        const closed = new Promise<void>((resolve) => server.close(() => resolve()));
        server.closeAllConnections();
        await closed;
      }
      await core.store.close();
    },
    request: (identity, request) => direct(pipeline, identity, request),
    addRoute: (prefix, handler, resources = []) => pipeline.addRoute(prefix, handler, resources),
    registerCrd: (crd) => putCrd(core, crds, crd),
    onRequest: (hook) => pipeline.addHook(hook),
    setLogProvider: (provider) => { pipeline.logProvider = provider; },
    addToken: (token, identity) => authenticator.add(token, identity),
    authorize: (identity, attributes) => rbac.authorize(identity, attributes),
    settled: () => background.settled(),
  };
}
