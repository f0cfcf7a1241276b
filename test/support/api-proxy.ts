import http from 'node:http';
import https from 'node:https';

/** A request that went through an {@link ApiProxy}, in the words of Kubernetes. */
export interface ProxiedRequest { verb: string; resource: string; subresource?: string; namespace?: string; name?: string; /** HTTP status of the answer. */ status: number; /** When it was passed on to the API, and when its answer began: milliseconds of one clock for all proxies of the process. */ sentMs: number; answeredMs: number }

/** What a request asks for, before it is answered. */
export type Asked = Omit<ProxiedRequest, 'status' | 'sentMs' | 'answeredMs'>;

/**
 * What happens to a request instead of an answer: `cut` its connection breaks and the API never sees it; `refuse` it is
 * answered 500; `end` it is answered with nothing, as a watch that is over at once; `half` its answer breaks off in the middle
 * of its first line.
 */
export type Fault = 'cut' | 'refuse' | 'end' | 'half';

/** Told after the API has done a request and before the client hears of it. `drop`: the client never does. */
export type ProxyHook = (request: ProxiedRequest) => 'drop' | void | Promise<'drop' | void>;

/** What {@link ApiProxy} needs. */
export interface ApiProxyOptions { target: string; ca?: string; hook?: ProxyHook }

const VERBS: Readonly<Record<string, string>> = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete', GET: 'get', HEAD: 'get' };

/** What a request to the Kubernetes API asks for. */
export function describeRequest(method: string, url: string): Asked {
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
  /** Asked for every request; what it gives happens to it. */
  fault: ((asked: Asked) => Fault | undefined) | undefined;
  /** Every request that was answered since the start, newest last. */
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

  /** Ends {@link cut}, {@link hold} and {@link fault}. */
  heal(): void {
    this.#broken = false;
    this.fault = undefined;
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
    const asked = describeRequest(request.method ?? '', request.url ?? '');
    const fault = this.#broken ? 'cut' : this.fault?.(asked);

    if (fault === 'cut') {
      request.socket.destroy();
      return;
    }
    if (fault === 'refuse' || fault === 'end') {
      const status = fault === 'end' ? 200 : 500;
      const now = performance.now();

      this.requests.push({ ...asked, status, sentMs: now, answeredMs: now });
      request.resume();
      response.writeHead(status, { 'content-type': 'application/json' }).end();
      return;
    }
    const target = new URL(this.#options.target);
    const headers = { ...request.headers, host: target.host };
    const sentMs = performance.now();
    const upstream = (target.protocol === 'https:' ? https : http).request(
      { agent: this.#agent, hostname: target.hostname, port: target.port, method: request.method, path: request.url, headers },
      (answer) => void this.#answer({ ...asked, status: answer.statusCode ?? 0, sentMs, answeredMs: performance.now() }, request, response, answer, fault === 'half'),
    );

    upstream.on('error', () => request.socket.destroy());
    response.on('close', () => upstream.destroy());
    request.pipe(upstream);
  }

  async #answer(seen: ProxiedRequest, request: http.IncomingMessage, response: http.ServerResponse, answer: http.IncomingMessage, half: boolean): Promise<void> {
    this.requests.push(seen);
    if (await this.#options.hook?.(seen) === 'drop') {
      request.socket.destroy();
      return;
    }
    answer.on('error', () => request.socket.destroy());
    try {
      await this.#open();
      response.writeHead(seen.status, answer.headers);
      response.flushHeaders();
      for await (const chunk of answer) {
        await this.#open();
        if (half) {
          const bytes = chunk as Buffer;

          // Destroyed only when the half is on its way: else the client would see nothing of it.
          response.write(bytes.subarray(0, bytes.length / 2), () => request.socket.destroy());
          return;
        }
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
