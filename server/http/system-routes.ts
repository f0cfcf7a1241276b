import { API_VERSION } from '../contract/api.ts';
import { healthSchema, readinessSchema, versionSchema } from '../contract/http.ts';
import { PRODUCT_VERSION } from '../contract/version.ts';
import type { Readiness } from './catalogue.ts';
import { Problem } from './problem.ts';
import { route, type Route } from './route.ts';

/** What the routes about the server itself tell. */
export interface SystemDeps {
  readiness: Readiness;
  leading: () => boolean;
  /** The metrics in Prometheus' text format, and its media type. */
  metrics: { text: () => Promise<string>; mediaType: string };
  /** The OpenAPI document. */
  openapi: () => unknown;
}

/** Probes, metrics, version and the description of this API: open to whoever reaches the port. */
export function systemRoutes({ readiness, leading, metrics, openapi }: SystemDeps): Route[] {
  const open = { method: 'GET', access: 'open', early: true } as const;

  return [
    route({ ...open, path: '/healthz', operationId: 'getHealth', summary: 'The process is alive', answer: { status: 200, schema: healthSchema }, handle: () => ({ json: { status: 'ok' } }) }),
    route({
      ...open, path: '/readyz', operationId: 'getReadiness', summary: 'Every live copy of the cluster’s objects is filled; a standby that does not lead is ready too',
      answer: { status: 200, schema: readinessSchema }, problems: ['HVB-HTTP-NOT-READY'],
      handle: () => {
        assertReady(readiness);
        return { json: { status: 'ready', leading: leading() } };
      },
    }),
    route({
      ...open, path: '/metrics', operationId: 'getMetrics', summary: 'Metrics of this replica in Prometheus’ text format', answer: { status: 200, mediaTypes: ['text/plain'] },
      handle: async () => ({ text: await metrics.text(), mediaType: metrics.mediaType }),
    }),
    route({ ...open, path: '/openapi.json', operationId: 'getOpenAPI', summary: 'This description', answer: { status: 200, mediaTypes: ['application/json'] }, handle: () => ({ json: openapi() }) }),
    route({ ...open, path: '/version', operationId: 'getVersion', summary: 'Versions', answer: { status: 200, schema: versionSchema }, handle: () => ({ json: { version: PRODUCT_VERSION, node: process.version, apiVersion: API_VERSION } }) }),
  ];
}

/** @throws Problem while a live copy is not filled */
export function assertReady(readiness: Readiness): void {
  const missing = readiness.missing();

  if (missing.length > 0) throw new Problem('HVB-HTTP-NOT-READY', `The server has not listed these kinds yet: ${missing.join(', ')}.`, { 'retry-after': '5' });
}
