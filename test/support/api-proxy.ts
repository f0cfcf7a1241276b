import http from 'node:http';
import https from 'node:https';

/** A request that went through an {@link ApiProxy}, in the words of Kubernetes. */
export interface ProxiedRequest { verb: string; resource: string; subresource?: string; namespace?: string; name?: string; /** HTTP status of the answer. */ status: number }

/** Told after the API has done a request and before the client hears of it. `drop`: the client never does. */
export type ProxyHook = (request: ProxiedRequest) => 'drop' | void | Promise<'drop' | void>;

/** What {@link ApiProxy} needs. */
export interface ApiProxyOptions { target: string; ca?: string; hook?: ProxyHook }

const VERBS: Readonly<Record<string, string>> = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete', GET: 'get', HEAD: 'get' };

/** What a request to the Kubernetes API asks for. */
export function describeRequest(method: string, url: string): Omit<ProxiedRequest, 'status'> {
  const { pathname, searchParams } = new URL(url, 'http://api');
  const parts = pathname.split('/').filter(Boolean).map(decodeURIComponent).slice(pathname.startsWith('/api/') ? 2 : 3);
  const namespaced = parts[0] === 'namespaces' && parts.length > 2;
  const [resource = '', name, subresource] = namespaced ? parts.slice(2) : parts;
  const verb = method !== 'GET' || name !== undefined ? VERBS[method] ?? method.toLowerCase() : searchParams.get('watch') === 'true' ? 'watch' : 'list';

  return { verb, resource, ...(subresource === undefined ? {} : { subresource }), ...(namespaced ? { namespace: parts[1] } : {}), ...(name === undefined ? {} : { name }) };
}

/**
 * A loopback proxy before a Kubernetes API, so that a test sees what one client does, and can cut or hold its network.
 * It speaks plain HTTP to the client whatever the API speaks, and passes the client's token on.
 */
export class ApiProxy {
  readonly #server: http.Server;
  readonly #options: ApiProxyOptions;
  readonly #agent: http.Agent | https.Agent;
  #broken = false;
  #held = false;
  #resume: (() => void)[] = [];
  /** Every request since the start, newest last. */
  readonly requests: ProxiedRequest[] = [];

  private constructor(options: ApiProxyOptions) {
    this.#options = options;
    this.#agent = options.target.startsWith('https:') ? new https.Agent({ keepAlive: true, ca: options.ca }) : new http.Agent({ keepAlive: true });
    this.#server = http.createServer((request, response) => this.#forward(request, response));
  }

  /** Listens on a free port. */
  static async start(options: ApiProxyOptions): Promise<ApiProxy> {
    const proxy = new ApiProxy(options);

    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  /** Where the client finds the API. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as { port: number }).port}`;
  }

  /** Cuts every connection and refuses new ones until {@link heal}. */
  cut(): void {
    this.#broken = true;
    this.#server.closeAllConnections();
  }

  /** Holds back what the API sends, without closing anything, until {@link heal}: a slow network. */
  hold(): void {
    this.#held = true;
  }

  /** Ends {@link cut} and {@link hold}. */
  heal(): void {
    this.#broken = false;
    this.#held = false;
    this.#resume.splice(0).forEach((resume) => resume());
  }

  /** Ends it, connections included. */
  async stop(): Promise<void> {
    this.heal();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    this.#agent.destroy();
  }

  #forward(request: http.IncomingMessage, response: http.ServerResponse): void {
    if (this.#broken) {
      request.socket.destroy();
      return;
    }
    const target = new URL(this.#options.target);
    const headers = { ...request.headers, host: target.host };
    const upstream = (target.protocol === 'https:' ? https : http).request(
      { agent: this.#agent, hostname: target.hostname, port: target.port, method: request.method, path: request.url, headers },
      (answer) => void this.#answer(request, response, answer),
    );

    upstream.on('error', () => request.socket.destroy());
    response.on('close', () => upstream.destroy());
    request.pipe(upstream);
  }

  async #answer(request: http.IncomingMessage, response: http.ServerResponse, answer: http.IncomingMessage): Promise<void> {
    const status = answer.statusCode ?? 0;
    const seen = { ...describeRequest(request.method ?? '', request.url ?? ''), status };

    this.requests.push(seen);
    if (await this.#options.hook?.(seen) === 'drop') {
      request.socket.destroy();
      return;
    }
    answer.on('error', () => request.socket.destroy());
    try {
      await this.#open();
      response.writeHead(status, answer.headers);
      response.flushHeaders();
      for await (const chunk of answer) {
        await this.#open();
        response.write(chunk);
      }
      response.end();
    } catch {
      // The API went away in the middle of an answer: so it does for the client.
      request.socket.destroy();
    }
  }

  /** Waits while the network is held. */
  #open(): Promise<void> {
    return this.#held ? new Promise((resolve) => this.#resume.push(resolve)) : Promise.resolve();
  }
}
