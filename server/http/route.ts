import type { Readable } from 'node:stream';
import type { z } from 'zod';
import type { HttpProblemCode } from '../contract/http-problems.ts';

/**
 * Who may call a route.
 * `open`: everybody (probes, metrics, this API's own description).
 * `read`: whom kube-apiserver let through its service proxy, or a token with the same right.
 * `write`: a token; what it may do, Kubernetes decides when the change is made with it.
 */
export type Access = 'open' | 'read' | 'write';

/** An answer: JSON, text, or a stream of bytes. */
export type Answer =
  | { status?: number; json: unknown; headers?: Record<string, string> }
  | { status?: number; text: string; mediaType: string; headers?: Record<string, string> }
  /** Opened only when somebody wants the bytes. */
  | { status?: number; stream: () => Readable; mediaType: string; headers?: Record<string, string> };

/** What a handler gets, all of it checked against the route's schemas. `token` is there for `write`. */
export interface Call<Q = unknown, B = unknown> { params: Readonly<Record<string, string>>; query: Q; body: B; token: string }

/** One method on one path; the OpenAPI document is made of these. */
export interface Route {
  method: 'GET' | 'POST' | 'DELETE';
  /** `/v1/namespaces/{namespace}/backups`; parameters are names of Kubernetes objects. */
  path: string;
  access: Access;
  /** Unique; clients are generated with it. */
  operationId: string;
  summary: string;
  query?: z.ZodType;
  body?: z.ZodType;
  /** Status of success, and its body's schema or media type. */
  answer: { status: number; schema?: z.ZodType; mediaTypes?: readonly string[] };
  /** Beside those that every route of its access has. */
  problems?: readonly HttpProblemCode[];
  /** Answered before the informers are filled too. */
  early?: boolean;
  handle(call: Call): Promise<Answer> | Answer;
}

interface RouteOf<Q extends z.ZodType, B extends z.ZodType> extends Omit<Route, 'query' | 'body' | 'handle'> {
  query?: Q;
  body?: B;
  handle(call: Call<z.output<Q>, z.output<B>>): Promise<Answer> | Answer;
}

/** A route whose handler gets query and body in the types of its schemas. */
export function route<Q extends z.ZodType = z.ZodUndefined, B extends z.ZodType = z.ZodUndefined>(definition: RouteOf<Q, B>): Route {
  // The router has parsed both with the very schemas before it calls.
  return definition;
}
