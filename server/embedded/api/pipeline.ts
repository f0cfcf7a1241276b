/** The way of a request: identity, hooks, authorisation, verb (which asks admission), durability, answer. Knows nothing of sockets. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Core } from './core.ts';
import type { AggregatedHandler, AggregatedResource, Identity, JsonObject, LogProvider, RequestEvent, RequestHook } from './types.ts';
import type { RequestInfo } from './routing.ts';
import type { AggregatedGroup } from './discovery.ts';
import type { Admission } from './admission/index.ts';
import type { Rbac } from './rbac.ts';
import type { ResourceType } from './resource-type.ts';
import type { WatchHub, WatchSink } from './watch.ts';
import { ApiError, NoPage, badRequest, forbidden, internalError, methodNotAllowed, noSuchResource, notFound, unsupportedMediaType } from './status.ts';
import { discover } from './discovery.ts';
import { objectKey, isObject } from './object.ts';
import { parseRequest } from './routing.ts';
import { includeObject, partialObject, presentationOf, toTable } from './table.ts';
import { perform } from './verbs.ts';
import { readLog, readLogRequest } from './logs.ts';
import { resourceName } from './identity.ts';
import { isReview, review } from './reviews.ts';
import { storageKey } from './resource-type.ts';

/** A request with its body read. */
export interface PipelineRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  /** Raw body; empty when there was none. */
  body: string;
  identity: Identity;
  signal: AbortSignal;
}

/** What to send. `stream` writes after the status line went out; `disconnect` cuts the connection. */
export type PipelineAnswer =
  | { kind: 'json'; status: number; body: JsonObject | string; retryAfterSeconds?: number; warnings?: string[] }
  | { kind: 'text'; status: number; body: string }
  | { kind: 'watch'; start: (sink: WatchSink) => () => void }
  | { kind: 'log'; chunks: AsyncIterable<Uint8Array> }
  | { kind: 'disconnect' };

interface Route {
  prefix: string;
  handler: AggregatedHandler;
}

const NO_PAGE: PipelineAnswer = { kind: 'text', status: 404, body: '404 page not found\n' };

/** Answers requests. */
export class Pipeline {
  logProvider: LogProvider | undefined;
  readonly #core: Core;
  readonly #rbac: Rbac;
  readonly #admission: Admission;
  readonly #watches: WatchHub;
  readonly #hooks = new Set<RequestHook>();
  readonly #routes: Route[] = [];
  readonly #aggregated: AggregatedGroup[] = [];

  constructor(core: Core, rbac: Rbac, admission: Admission, watches: WatchHub) {
    this.#core = core;
    this.#rbac = rbac;
    this.#admission = admission;
    this.#watches = watches;
  }

  addHook(hook: RequestHook): () => void {
    this.#hooks.add(hook);
    return () => this.#hooks.delete(hook);
  }

  addRoute(prefix: string, handler: AggregatedHandler, resources: readonly AggregatedResource[]): void {
    this.#routes.push({ prefix: prefix.replace(/\/$/, ''), handler });
    const [, group, version] = /^\/apis\/([^/]+)\/([^/]+)\/?$/.exec(prefix) ?? [];
    if (group && version) this.#aggregated.push({ group, version, resources });
  }

  /** Performs a request; errors become Status answers, nothing is thrown. */
  async handle(request: PipelineRequest): Promise<PipelineAnswer> {
    try {
      return await this.#handle(request);
    } catch (error) {
      return this.#fail(error, request);
    }
  }

  #fail(error: unknown, request: PipelineRequest): PipelineAnswer {
    if (error instanceof NoPage) return NO_PAGE;
    if (error instanceof ApiError) {
      const retry = error.details?.retryAfterSeconds;
      return { kind: 'json', status: error.code, body: error.toStatus(), ...(retry ? { retryAfterSeconds: retry } : {}) };
    }
    const message = (error as Error).message;
    this.#core.log('error', 'request failed', { method: request.method, path: request.path, error: message, stack: (error as Error).stack });
    return { kind: 'json', status: 500, body: internalError(message).toStatus() };
  }

  async #handle(request: PipelineRequest): Promise<PipelineAnswer> {
    const { method, path, query, headers, identity } = request;
    const info = readInfo(method, path, query);
    checkContentType(method, headers['content-type']);
    const body = parseBody(request.body);
    const event: RequestEvent = { ...info, user: identity.user, phase: 'before', method, userAgent: headers['user-agent'] ?? '', query, ...(body === undefined ? {} : { body }) };
    const early = await this.#runHooks(event);
    if (early) return early;
    let answer: PipelineAnswer;
    try {
      const decision = this.#rbac.authorize(identity, info);
      if (!decision.allowed) throw forbidden({ group: info.group ?? '', name: info.resource ?? '' }, info.name ?? '', decision.reason);
      answer = await this.#dispatch(request, info, body);
      if (method !== 'GET') await this.#core.store.durable();
    } catch (error) {
      answer = this.#fail(error, request);
    }
    return await this.#runHooks({ ...event, phase: 'after', status: 'status' in answer ? answer.status : 200 }) ?? answer;
  }

  async #runHooks(event: RequestEvent): Promise<PipelineAnswer | undefined> {
    for (const hook of [...this.#hooks]) {
      const verdict = await hook(event);
      if (!verdict) continue;
      if ('disconnect' in verdict) return { kind: 'disconnect' };
      const { code, reason, message, retryAfterSeconds } = verdict.respond;
      const error = new ApiError(code, reason ?? 'InternalError', message ?? 'injected by a request hook', retryAfterSeconds ? { retryAfterSeconds } : undefined);
      return { kind: 'json', status: code, body: error.toStatus(), ...(retryAfterSeconds ? { retryAfterSeconds } : {}) };
    }
    return undefined;
  }

  async #dispatch(request: PipelineRequest, info: RequestInfo, body: unknown): Promise<PipelineAnswer> {
    const { method, path, query, identity, headers } = request;
    const route = this.#routes.find(({ prefix }) => path.startsWith(`${prefix}/`));
    if (route) {
      const { status, body: result } = await route.handler({ method, path, query, identity, attributes: info, body });
      if (result === undefined || typeof result === 'string') return { kind: 'text', status, body: result ?? '' };
      return { kind: 'json', status, body: result as JsonObject };
    }
    if (!info.isResource) return this.#discover(path, headers.host ?? '');
    const { group = '', version = '', resource = '' } = info;
    const type = this.#core.types.find(group, version, resource);
    if (!type) return this.#review(info, body, identity);
    if (info.subresource === 'log' && group === '' && resource === 'pods') return this.#log(request, info, type);
    if (info.verb === 'watch') return { kind: 'watch', start: this.#watch(type, info, request) };
    const answer = perform(this.#core, {
      info, type, query, body, contentType: (headers['content-type'] ?? '').split(';')[0]?.trim() ?? '', userAgent: headers['user-agent'] ?? '', presentation: presentationOf(headers.accept ?? ''),
      admit: this.#admission.forRequest(identity, info, type),
    });
    return { kind: 'json', ...answer };
  }

  #discover(path: string, host: string): PipelineAnswer {
    const document = discover(this.#core.types, this.#aggregated, path.replace(/(.)\/$/, '$1'), host);
    return document ? { kind: 'json', status: 200, body: document } : NO_PAGE;
  }

  #review(info: RequestInfo, body: unknown, caller: Identity): PipelineAnswer {
    const { group = '', version = '', resource = '', verb } = info;
    if (!isReview(group, version, resource)) {
      // Below a group of Kubernetes' own a missing resource is told as a Status.
      if (this.#core.types.all().some((type) => type.group === group && !type.custom)) throw noSuchResource();
      return NO_PAGE;
    }
    if (verb !== 'create') throw methodNotAllowed();
    const answer = review(this.#rbac, resource, body, caller);
    return answer ? { kind: 'json', status: 201, body: answer } : NO_PAGE;
  }

  #log(request: PipelineRequest, info: RequestInfo, type: ResourceType): PipelineAnswer {
    const pod = this.#core.store.get(storageKey(type), objectKey(info.namespace, info.name ?? ''));
    if (!pod) throw notFound(resourceName(type), info.name ?? '');
    return { kind: 'log', chunks: readLog(this.logProvider, readLogRequest(pod, request.query, request.signal)) };
  }

  #watch(type: ResourceType, info: RequestInfo, { query, headers }: PipelineRequest): (sink: WatchSink) => () => void {
    const presentation = presentationOf(headers.accept ?? '');
    const { namespace } = info;
    const render = presentation === 'table' ? (object: Parameters<typeof partialObject>[0]): JsonObject => toTable(type, [object], { resourceVersion: object.metadata.resourceVersion }, includeObject(query), this.#core.clock.now())
      : presentation === 'partial' ? partialObject : undefined;
    return (sink) => this.#watches.start(type, type.namespaced ? namespace : undefined, query, sink, render);
  }
}

function readInfo(method: string, path: string, query: URLSearchParams): RequestInfo {
  try {
    return parseRequest(method, path, query);
  } catch {
    throw badRequest('the URL path is not encoded correctly');
  }
}

/** Kubernetes clients may send protobuf or YAML; this server reads JSON only and says so. */
function checkContentType(method: string, contentType: string | undefined): void {
  const mediaType = contentType?.split(';')[0]?.trim() ?? '';
  if ((method === 'POST' || method === 'PUT') && mediaType !== '' && mediaType !== 'application/json') throw unsupportedMediaType(['application/json']);
}

function parseBody(text: string): unknown {
  if (text.trim() === '') return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) || Array.isArray(value) ? value : String(value);
  } catch (error) {
    throw badRequest(`the body of the request is not valid JSON: ${describeSyntax(error as Error)}`);
  }
}

/** V8 quotes the text around the error, which may be Secret data: only the position is passed on. */
function describeSyntax(error: Error): string {
  return /at position \d+(?: \(line \d+ column \d+\))?/.exec(error.message)?.[0] ?? 'unexpected end of input';
}
