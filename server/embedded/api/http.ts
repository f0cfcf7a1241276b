/** Sockets: reading requests, writing answers, watches and logs. */
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { ApiLog } from './types.ts';
import type { Authenticator } from './authenticate.ts';
import type { Pipeline, PipelineAnswer, PipelineRequest } from './pipeline.ts';
import type { Rbac } from './rbac.ts';
import { ApiError, tooLarge } from './status.ts';
import { impersonate } from './authenticate.ts';

const MAX_BODY = 3 * 1024 * 1024;
/** More would not fit the clients' limits for headers. */
const MAX_WARNINGS = 16;
/** A watch whose client reads nothing is cut when this much waits for it. */
const MAX_BACKLOG = 16 * 1024 * 1024;
const HEALTH = new Set(['/healthz', '/readyz', '/livez', '/healthz/ping', '/readyz/ping', '/livez/ping']);

/** What the HTTP server needs. */
export interface HttpParts {
  pipeline: Pipeline;
  authenticator: Authenticator;
  rbac: Rbac;
  log: ApiLog;
}

async function readBody(request: IncomingMessage): Promise<string> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY) throw tooLarge(MAX_BODY);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY) throw tooLarge(MAX_BODY);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function sendJson(response: ServerResponse, status: number, body: string, retryAfterSeconds?: number, warnings: readonly string[] = []): void {
  response.writeHead(status, {
    'content-type': 'application/json', 'content-length': Buffer.byteLength(body), 'cache-control': 'no-cache, private',
    ...(retryAfterSeconds ? { 'retry-after': String(retryAfterSeconds) } : {}),
    ...(warnings.length > 0 ? { warning: warnings.slice(0, MAX_WARNINGS).map((text) => `299 - ${JSON.stringify(text)}`).join(', ') } : {}),
  });
  response.end(body);
}

function sendWatch(response: ServerResponse, answer: Extract<PipelineAnswer, { kind: 'watch' }>): void {
  let started = false;
  const begin = (): void => {
    if (started) return;
    started = true;
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
    response.flushHeaders();
  };
  try {
    const stop = answer.start({
      write(line) {
        begin();
        response.write(line);
        if (response.writableLength > MAX_BACKLOG) response.destroy();
      },
      end: () => {
        begin();
        response.end();
      },
    });
    begin();
    response.on('close', stop);
  } catch (error) {
    if (!(error instanceof ApiError) || started) throw error;
    sendJson(response, error.code, JSON.stringify(error.toStatus()));
  }
}

async function sendLog(response: ServerResponse, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of chunks) {
    if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/plain' });
    if (response.destroyed) return;
    if (!response.write(chunk)) await new Promise<void>((resolve) => { response.once('drain', resolve).once('close', resolve); });
  }
  if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/plain' });
  response.end();
}

async function send(response: ServerResponse, answer: PipelineAnswer): Promise<void> {
  switch (answer.kind) {
    case 'disconnect':
      response.destroy();
      break;
    case 'json':
      sendJson(response, answer.status, typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body), answer.retryAfterSeconds, answer.warnings);
      break;
    case 'text':
      response.writeHead(answer.status, { 'content-type': 'text/plain; charset=utf-8' }).end(answer.body);
      break;
    case 'watch':
      sendWatch(response, answer);
      break;
    default:
      await sendLog(response, answer.chunks);
  }
}

async function serve(parts: HttpParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = request.url ?? '/';
  const split = url.indexOf('?');
  const path = split < 0 ? url : url.slice(0, split);
  if (HEALTH.has(path)) {
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end('ok');
    return;
  }
  const caller = await parts.authenticator.authenticate(request.headers.authorization);
  const identity = impersonate(parts.rbac, caller, request.headers);
  const controller = new AbortController();
  response.on('close', () => controller.abort());
  const prepared: PipelineRequest = {
    method: request.method ?? 'GET', path, query: new URLSearchParams(split < 0 ? '' : url.slice(split + 1)), headers: request.headers,
    body: await readBody(request), identity, signal: controller.signal,
  };
  await send(response, await parts.pipeline.handle(prepared));
}

function answerError(parts: HttpParts, request: IncomingMessage, response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  if (!(error instanceof ApiError)) {
    parts.log('error', 'request broke off', { method: request.method, path: request.url?.split('?')[0], error: (error as Error).message });
    response.destroy();
    return;
  }
  // An unread body would be taken for the next request.
  if (!request.complete) response.setHeader('connection', 'close');
  sendJson(response, error.code, JSON.stringify(error.toStatus()));
}

/** An HTTP server for the API, or an HTTPS one where a certificate is given; not yet listening. */
export function createHttpServer(parts: HttpParts, certificate?: { cert: string; key: string }): Server {
  const options = { keepAliveTimeout: 90_000, requestTimeout: 0 };
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    serve(parts, request, response).catch((error: unknown) => answerError(parts, request, response, error));
  };
  const server = certificate ? createTlsServer({ ...options, ...certificate }, listener) : createServer(options, listener);
  server.timeout = 0;
  return server;
}
