import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Clock } from '../contract/clock.ts';
import { PROBLEM_TYPE } from '../contract/http-problems.ts';
import type { Logger } from '../telemetry/log.ts';
import type { ServerMetrics } from '../telemetry/metrics.ts';
import { admit } from './admit.ts';
import type { ClientOf } from './caller.ts';
import type { Readiness } from './catalogue.ts';
import { takeIn } from './door.ts';
import { problemOf, type Problem } from './problem.ts';
import type { Answer, Route } from './route.ts';
import { call, createRouter, type Match } from './router.ts';
import { assertReady } from './system-routes.ts';

/** What a request may take (milliseconds): its headers, all of it, a connection between two, one that moves no bytes, a stream, and the end. */
const TIMEOUTS = { headersMs: 10_000, requestMs: 60_000, idleMs: 65_000, stalledMs: 90_000, streamMs: 300_000, closeMs: 5_000 };
/** A session that comes through Rancher brings large cookies. */
const MAX_HEADER_BYTES = 32 * 1024;
/** Answers are about now and for one person: nobody may keep them, guess their type, frame them or run anything in them. */
const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff', 'cache-control': 'no-store', 'referrer-policy': 'no-referrer', 'x-frame-options': 'DENY',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
};

/** What the HTTP server is made of. */
export interface HttpServerDeps { routes: readonly Route[]; readiness: Readiness; clientOf: ClientOf; clock: Clock; log: Logger; metrics: ServerMetrics }

/** A listening server. */
export interface HttpServer {
  readonly port: number;
  /** Takes no new requests, lets those under way end for some seconds, then cuts them. */
  close(): Promise<void>;
}

/**
 * Listens. An empty host is every interface.
 * @throws Error in one line when the port can't be had
 */
export async function startHttpServer(deps: HttpServerDeps, { port, host }: { port: number; host: string }): Promise<HttpServer> {
  const handle = createHandler(deps);
  const server = http.createServer({ maxHeaderSize: MAX_HEADER_BYTES, headersTimeout: TIMEOUTS.headersMs, requestTimeout: TIMEOUTS.requestMs, keepAliveTimeout: TIMEOUTS.idleMs }, (message, response) => void handle(message, response));

  server.setTimeout(TIMEOUTS.stalledMs);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(new Error(`the HTTP server can't listen on port ${port}${host ? ` of ${host}` : ''} (${error.code ?? error.message}): set HVB_HTTP_PORT to another one, or to "off"`)));
    server.listen({ port, ...(host ? { host } : {}) }, resolve);
  });
  const address = server.address() as AddressInfo;

  // Too many open files at an accept, say: it must neither end the process nor go unseen.
  server.removeAllListeners('error').on('error', (error) => deps.log.error('the HTTP server failed', { error }));
  deps.log.info('HTTP server listening', { port: address.port, host: address.address });
  return {
    port: address.port,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const over = new AbortController();

      server.closeIdleConnections();
      void deps.clock.sleep(TIMEOUTS.closeMs, over.signal).then(() => server.closeAllConnections(), () => undefined);
      await closed;
      over.abort();
    },
  };
}

/** The handler of every request; never rejects. */
export function createHandler({ routes, readiness, clientOf, clock, log, metrics }: HttpServerDeps): (message: IncomingMessage, response: ServerResponse) => Promise<void> {
  const router = createRouter(routes);

  async function answer(message: IncomingMessage, found: (match: Match) => void): Promise<Answer> {
    const request = takeIn(message);
    const match = router.find(request.method, request.path);

    found(match);
    await admit(match.route, request, clientOf);
    if (match.route.access === 'read' && !match.route.early) assertReady(readiness);
    return call(match, request);
  }

  return async (message, response) => {
    const startedMs = clock.monotonicMs();
    let route = 'none';

    try {
      await send(message, response, await answer(message, (match) => { route = match.route.path; }), clock);
    } catch (error) {
      if (response.headersSent || response.destroyed) {
        // Half an answer must not pass for a whole one.
        response.destroy();
        log.warn('an answer broke off', { route, error });
      } else {
        const problem = problemOf(error);

        if (problem.code === 'HVB-HTTP-INTERNAL') log.error('a request failed', { route, error });
        if (problem.code === 'HVB-HTTP-API-UNREACHABLE') log.warn('the Kubernetes API failed a request', { route, error });
        sendProblem(message, response, problem);
      }
    }
    const method = ['GET', 'HEAD', 'POST', 'DELETE'].includes(message.method ?? '') ? message.method as string : 'other';

    metrics.answered({ route, method, status: response.statusCode }, clock.monotonicMs() - startedMs);
    log.debug('answered', { route, method, status: response.statusCode });
  };
}

/** Sends a stream to its end, and lets go of it whatever becomes of the client: one that left, or that reads a few bytes a minute. */
async function pour(stream: Readable, response: ServerResponse, clock: Clock): Promise<void> {
  const limit = new AbortController();
  const over = new AbortController();

  void clock.sleep(TIMEOUTS.streamMs, over.signal).then(() => limit.abort(new Error('the client took too long to read')), () => undefined);
  try {
    await pipeline(stream, response, { signal: limit.signal });
  } finally {
    over.abort();
    // A pipeline that could not begin, because the client was gone, leaves its source open.
    stream.destroy();
  }
}

async function send(message: IncomingMessage, response: ServerResponse, answer: Answer, clock: Clock): Promise<void> {
  const headers = { ...SECURITY_HEADERS, ...answer.headers };

  if ('stream' in answer) {
    const head = message.method === 'HEAD';
    const stream = head ? undefined : answer.stream();

    response.writeHead(answer.status ?? 200, { ...headers, 'content-type': answer.mediaType });
    if (stream) await pour(stream, response, clock);
    else response.end();
    return;
  }
  const [text, mediaType] = 'json' in answer ? [JSON.stringify(answer.json), 'application/json'] : [answer.text, answer.mediaType];

  response.writeHead(answer.status ?? 200, { ...headers, 'content-type': mediaType, 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

function sendProblem(message: IncomingMessage, response: ServerResponse, problem: Problem): void {
  const text = JSON.stringify(problem.body((message.url ?? '/').split('?')[0] as string));

  // A body that was not read would be taken for the next request; what is small is read away by node itself.
  if (!message.complete && !('connection' in problem.headers)) response.setHeader('connection', 'close');
  response.writeHead(problem.status, { ...SECURITY_HEADERS, ...problem.headers, 'content-type': PROBLEM_TYPE, 'content-length': Buffer.byteLength(text) });
  response.end(text);
}
