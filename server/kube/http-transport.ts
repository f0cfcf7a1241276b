import http from 'node:http';
import https from 'node:https';
import { ApiError, ConnectionError } from './client.ts';
import { NotLeadingError, type WritePermit } from './write-permit.ts';

/** How the API is reached and who asks. */
export interface TransportOptions {
  /** Such as `https://10.0.0.1:443`; a path in it is a prefix of every request. */
  baseUrl: string;
  /** Bearer token, or a function that gives the current one (tokens of a pod rotate). Absent where something else says who asks. */
  token?: string | (() => Promise<string>);
  /** Headers of every request, asked for before each: whose call it is when that is not a mere token. */
  headers?: () => Promise<Readonly<Record<string, string>>>;
  /** PEM certificate authority; the system's trust store when absent. */
  ca?: string;
  /** PEM client certificate and its key. */
  cert?: string;
  key?: string;
  /** Name that the API's certificate must bear, where it is not the host of `baseUrl`. */
  servername?: string;
  /** false: the API's certificate is not checked. */
  rejectUnauthorized?: boolean;
  /** Makes the connections instead of an agent of our own, such as one through a proxy; what is said about TLS above is its business then. */
  agent?: http.Agent;
  /** Limit for a whole call, watches excepted (ms). Default 30 000. */
  requestTimeoutMs?: number;
  /** Asked before anything but a read is sent, as late as can be; its end cuts off what is under way. */
  permit?: WritePermit;
}

export interface HttpCall {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path and query. */
  path: string;
  body?: object;
  contentType?: string;
  signal?: AbortSignal;
}

/** One connection pool to the API. Answers ≥ 400 are thrown as ApiError, a write without permit as NotLeadingError, everything else that fails as ConnectionError. */
export interface Transport {
  /** The whole answer as text. */
  text(call: HttpCall): Promise<string>;
  /** The answer as text chunks while it comes; ended by force after `limitMs`. */
  stream(call: HttpCall, limitMs: number): AsyncIterable<string>;
  /** Closes idle connections. */
  close(): void;
}

/** Reads the error out of a Status body; what is no Status (a proxy's page) keeps its first characters. */
export function apiErrorOf(code: number, body: string): ApiError {
  try {
    const status = JSON.parse(body) as { kind?: string; reason?: string; message?: string };

    if (status.kind === 'Status') {
      return new ApiError(code, status.reason ?? 'Unknown', status.message ?? `the API answered ${code}`);
    }
  } catch {
    // Not JSON: told below by its text.
  }

  return new ApiError(code, code === 404 ? 'NotFound' : 'Unknown', `the API answered ${code}: ${body.slice(0, 200)}`);
}

async function collect(response: http.IncomingMessage): Promise<string> {
  let text = '';

  response.setEncoding('utf8');
  for await (const chunk of response) {
    text += chunk as string;
  }

  return text;
}

/** A transport over node's HTTP with keep-alive connections. */
export function createTransport(options: TransportOptions): Transport {
  const base = new URL(options.baseUrl);
  const secure = base.protocol === 'https:';
  const { ca, cert, key, servername, rejectUnauthorized } = options;
  const tls = { ca, cert, key, ...(servername === undefined ? {} : { servername }), ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }) };
  const agent = options.agent ?? (secure ? new https.Agent({ keepAlive: true, ...tls }) : new http.Agent({ keepAlive: true }));
  const prefix = base.pathname.replace(/\/$/, '');
  const timeoutMs = options.requestTimeoutMs ?? 30_000;

  async function send(call: HttpCall, signal: AbortSignal, mayRetry: boolean): Promise<http.IncomingMessage> {
    const token = typeof options.token === 'function' ? await options.token() : options.token;
    const headers = await options.headers?.();
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);

    return new Promise((resolve, reject) => {
      const request = (secure ? https : http).request({
        agent,
        signal,
        hostname: base.hostname.replace(/^\[|\]$/g, ''),
        port: base.port || (secure ? 443 : 80),
        method: call.method,
        path: prefix + call.path,
        headers: {
          accept: 'application/json',
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...headers,
          ...(body === undefined ? {} : { 'content-type': call.contentType ?? 'application/json', 'content-length': Buffer.byteLength(body) }),
        },
      }, resolve);

      request.on('error', (error: NodeJS.ErrnoException) => {
        // The server may close an idle connection in the moment in which it is used again. A read can be asked once more.
        if (mayRetry && request.reusedSocket && error.code === 'ECONNRESET' && call.method === 'GET') {
          send(call, signal, false).then(resolve, reject);
        } else {
          reject(error);
        }
      });
      if (options.permit && call.method !== 'GET') {
        sendPermitted(request, body, options.permit, reject);
      } else {
        request.end(body);
      }
    });
  }

  /** Asks for the permit when the connection stands, so that nothing but the write itself comes after the question. */
  function sendPermitted(request: http.ClientRequest, body: string | undefined, permit: WritePermit, reject: (error: unknown) => void): void {
    const go = (): void => {
      try {
        permit.check();
        request.end(body);
      } catch (error) {
        reject(error);
        request.destroy();
      }
    };

    request.once('socket', (socket) => {
      if (request.reusedSocket) {
        go();
      } else {
        socket.once(secure ? 'secureConnect' : 'connect', go);
      }
    });
  }

  /** Runs `work` with a signal that fires on the caller's abort and after `limitMs`; names the reason of a failure. */
  async function* guarded<T>(call: HttpCall, limitMs: number, work: (signal: AbortSignal) => AsyncIterable<T>): AsyncIterable<T> {
    const limit = new AbortController();
    const forward = (): void => limit.abort(call.signal?.reason);
    const permit = call.method === 'GET' ? undefined : options.permit;
    const cutOff = (): void => limit.abort(permit?.closed.reason);

    call.signal?.throwIfAborted();
    permit?.check();
    call.signal?.addEventListener('abort', forward, { once: true });
    permit?.closed.addEventListener('abort', cutOff, { once: true });
    const timer = setTimeout(() => limit.abort(new Error(`no answer within ${limitMs} ms`)), limitMs);

    try {
      yield* work(limit.signal);
    } catch (error) {
      if (error instanceof ApiError || error instanceof NotLeadingError) {
        throw error;
      }
      call.signal?.throwIfAborted();
      const cause = limit.signal.aborted ? limit.signal.reason as Error : error as Error;

      throw new ConnectionError(`${call.method} ${base.origin}${call.path}: ${cause.message}`, { cause });
    } finally {
      clearTimeout(timer);
      call.signal?.removeEventListener('abort', forward);
      permit?.closed.removeEventListener('abort', cutOff);
    }
  }

  async function* answer(call: HttpCall, signal: AbortSignal): AsyncIterable<string> {
    const response = await send(call, signal, true);
    const code = response.statusCode ?? 0;

    if (code >= 400) {
      throw apiErrorOf(code, await collect(response));
    }
    response.setEncoding('utf8');
    for await (const chunk of response) {
      yield chunk as string;
    }
  }

  const stream = (call: HttpCall, limitMs: number): AsyncIterable<string> => guarded(call, limitMs, (signal) => answer(call, signal));

  return {
    stream,
    async text(call) {
      let text = '';

      for await (const chunk of stream(call, timeoutMs)) {
        text += chunk;
      }

      return text;
    },
    close: () => agent.destroy(),
  };
}
