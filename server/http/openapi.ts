import { z } from 'zod';
import { objectName } from '../contract/common.ts';
import { HTTP_PROBLEMS, PROBLEM_TYPE, problemSchema, type HttpProblemCode } from '../contract/http-problems.ts';
import { PRODUCT_VERSION } from '../contract/version.ts';
import type { Access, Route } from './route.ts';

type Json = Record<string, unknown>;

const PROBLEMS_OF: Readonly<Record<Access, readonly HttpProblemCode[]>> = {
  open: [],
  read: ['HVB-HTTP-TOKEN-REFUSED', 'HVB-HTTP-FORBIDDEN', 'HVB-HTTP-NOT-READY', 'HVB-HTTP-API-UNREACHABLE'],
  write: ['HVB-HTTP-TOKEN-MISSING', 'HVB-HTTP-TOKEN-REFUSED', 'HVB-HTTP-FORBIDDEN', 'HVB-HTTP-PROXIED-WRITE', 'HVB-HTTP-CONTENT-TYPE', 'HVB-HTTP-BODY-TOO-LARGE', 'HVB-HTTP-REQUEST-INVALID', 'HVB-HTTP-API-UNREACHABLE', 'HVB-HTTP-BUSY'],
};

/**
 * The OpenAPI document of the routes, from the very schemas that requests are checked with.
 * @see https://spec.openapis.org/oas/v3.1.1.html
 */
export function openApiOf(routes: readonly Route[]): Json {
  const paths: Record<string, Json> = {};

  for (const route of routes) (paths[route.path] ??= {})[route.method.toLowerCase()] = operation(route);
  return {
    openapi: '3.1.1',
    info: { title: 'Harvester VM Backup: operator API', version: PRODUCT_VERSION, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    paths,
    components: {
      schemas: { Problem: schemaOf(problemSchema, 'output') },
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'A Kubernetes token. What it may do, the cluster’s own rules decide.' } },
    },
  };
}

function operation({ operationId, summary, access, path, query, body, answer, problems = [] }: Route): Json {
  const parameters = [...pathParameters(path), ...(query ? queryParameters(query) : [])];
  const codes = [...new Set([...PROBLEMS_OF[access], ...(query || parameters.length > 0 ? ['HVB-HTTP-REQUEST-INVALID' as const] : []), ...problems])];

  return {
    operationId, summary,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body ? { requestBody: { required: !accepts(body, {}), content: { 'application/json': { schema: schemaOf(body, 'input') } } } } : {}),
    // An empty requirement: a read that comes through the service proxy has no token.
    ...(access === 'open' ? { security: [] } : { security: access === 'write' ? [{ token: [] }] : [{ token: [] }, {}] }),
    responses: { [answer.status]: { description: 'Success', content: content(answer) }, ...problemResponses(codes) },
  };
}

function content({ schema, mediaTypes = [] }: Route['answer']): Json {
  return { ...(schema ? { 'application/json': { schema: schemaOf(schema, 'output') } } : {}), ...Object.fromEntries(mediaTypes.map((type) => [type, {}])) };
}

function problemResponses(codes: readonly HttpProblemCode[]): Json {
  const statuses = [...new Set(codes.map((code) => HTTP_PROBLEMS[code].status))].sort((a, b) => a - b);

  return Object.fromEntries(statuses.map((status) => {
    const mine = codes.filter((code) => HTTP_PROBLEMS[code].status === status);

    return [status, { description: `code: ${mine.join(', ')}`, content: { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } } }];
  }));
}

function pathParameters(path: string): Json[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({ name, in: 'path', required: true, schema: schemaOf(objectName, 'input') }));
}

function queryParameters(query: z.ZodType): Json[] {
  const { properties = {}, required = [] } = schemaOf(query, 'input') as { properties?: Record<string, Json>; required?: string[] };

  return Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', required: required.includes(name), schema }));
}

function accepts(schema: z.ZodType, value: unknown): boolean {
  return schema.safeParse(value).success;
}

/** OpenAPI 3.1 schemas are JSON Schema 2020-12. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, target: 'draft-2020-12' }) as Json;

  return rest;
}
