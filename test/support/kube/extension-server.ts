import https from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { POD } from '../../../server/contract/api.ts';
import { ApiError, type AggregatedHandler, type AggregatedResource, type ApiServer, type KubeObject, type LogProvider } from '../../../server/embedded/api/index.ts';
import type { KubeClient } from '../../../server/kube/client.ts';

type Attachable = Pick<ApiServer, 'addRoute' | 'setLogProvider'>;

interface Route { handler: AggregatedHandler; resources: readonly AggregatedResource[] }

/**
 * What a real kube-apiserver asks of others, over HTTPS on loopback: an aggregated API (KubeVirt's actions) and the logs of a
 * kubelet. The simulated drivers attach to it as they do to the embedded API.
 */
export class ExtensionServer implements Attachable {
  readonly #server: https.Server;
  readonly #client: KubeClient;
  readonly #routes = new Map<string, Route>();
  #logs: LogProvider | undefined;

  private constructor(certificate: { cert: string; key: string }, client: KubeClient) {
    this.#client = client;
    this.#server = https.createServer(certificate, (request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        const code = error instanceof ApiError ? error.code : 500;

        send(response, code, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', code, message: (error as Error).message });
      });
    });
  }

  /** Listens on a free port of the loopback address. `client`: reads pods. */
  static async start(certificate: { cert: string; key: string }, client: KubeClient): Promise<ExtensionServer> {
    const server = new ExtensionServer(certificate, client);

    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  addRoute(prefix: string, handler: AggregatedHandler, resources: readonly AggregatedResource[] = []): void {
    this.#routes.set(prefix, { handler, resources });
  }

  setLogProvider(provider: LogProvider): void {
    this.#logs = provider;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '', 'https://extension');
    const log = /^\/containerLogs\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(pathname);
    const route = [...this.#routes].find(([prefix]) => pathname === prefix || pathname.startsWith(`${prefix}/`));

    if (log) return this.#sendLog(log.slice(1).map(decodeURIComponent), searchParams, response);
    if (!route) return send(response, 404, 'not found');
    const [prefix, { handler, resources }] = route;

    if (pathname === prefix) {
      return send(response, 200, { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: prefix.slice('/apis/'.length), resources: resources.map((resource) => ({ ...resource, singularName: '' })) });
    }
    const [, namespace, resource = '', name, subresource] = /\/namespaces\/([^/]+)\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(pathname)?.map(decodeURIComponent) ?? [];
    const text = await read(request);
    const user = String(request.headers['x-remote-user'] ?? '');
    const { status, body } = await handler({
      method: request.method ?? 'GET', path: pathname, query: searchParams, identity: { user, groups: [] }, body: text === '' ? undefined : JSON.parse(text) as unknown,
      attributes: { verb: 'update', path: pathname, resource, ...(namespace ? { namespace } : {}), ...(name ? { name } : {}), ...(subresource ? { subresource } : {}) },
    });

    send(response, status, body);
  }

  async #sendLog([namespace = '', name = '', container = '']: readonly string[], query: URLSearchParams, response: ServerResponse): Promise<void> {
    if (!this.#logs) return send(response, 404, 'no logs here');
    const pod = await this.#client.get<KubeObject & { metadata: { name: string } }>(POD, { namespace, name });
    const gone = new AbortController();
    const count = (key: string): number | undefined => (query.has(key) ? Number(query.get(key)) : undefined);
    const [tailLines, limitBytes] = [count('tailLines'), count('limitBytes')];

    response.on('close', () => gone.abort());
    const source = await this.#logs({
      pod, container, follow: query.get('follow') === 'true', timestamps: false, previous: false, signal: gone.signal,
      ...(tailLines === undefined ? {} : { tailLines }), ...(limitBytes === undefined ? {} : { limitBytes }),
    });

    response.writeHead(200, { 'content-type': 'text/plain' });
    for await (const chunk of typeof source === 'string' ? [source] : source) response.write(chunk);
    response.end();
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent) {
    response.end();
    return;
  }
  response.writeHead(status, { 'content-type': typeof body === 'string' ? 'text/plain' : 'application/json' });
  response.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body));
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];

  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
