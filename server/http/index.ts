/** The operator API, put together: `main.ts` hands over what it is made of. */
import type { Registry } from 'prom-client';
import type { Clock } from '../contract/clock.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Logger } from '../telemetry/log.ts';
import type { ServerMetrics } from '../telemetry/metrics.ts';
import { activityRoutes } from './activity-routes.ts';
import { backupRoutes } from './backup-routes.ts';
import { bundleRoutes } from './bundle/bundle-routes.ts';
import type { ClientOf } from './caller.ts';
import type { Catalogue, Readiness } from './catalogue.ts';
import { registerObjectMetrics } from './object-metrics.ts';
import { openApiOf } from './openapi.ts';
import { reportRoutes } from './report-routes.ts';
import { repositoryRoutes } from './repository-routes.ts';
import { restoreRoutes } from './restore-routes.ts';
import type { Route } from './route.ts';
import { startHttpServer, type HttpServer } from './server.ts';
import { systemRoutes } from './system-routes.ts';

export { createReadiness } from './catalogue.ts';

/** What the operator API works with. */
export interface OperatorApiDeps {
  catalogue: Catalogue;
  readiness: Readiness;
  leading: () => boolean;
  /** The server's own client: for the support bundle only. */
  client: KubeClient;
  clientOf: ClientOf;
  clock: Clock;
  log: Logger;
  /** The last lines of the log. */
  logLines: () => string[];
  metrics: ServerMetrics;
  registry: Registry;
}

/** Every route, each once. */
export function operatorRoutes({ catalogue, readiness, leading, client, clientOf, clock, logLines, registry }: OperatorApiDeps): Route[] {
  const metrics = (): Promise<string> => registry.metrics();
  let document: unknown;
  const routes: Route[] = [
    ...systemRoutes({ readiness, leading, metrics: { text: metrics, mediaType: registry.contentType }, openapi: () => (document ??= openApiOf(routes)) }),
    ...activityRoutes(catalogue),
    ...repositoryRoutes(catalogue),
    ...reportRoutes(catalogue, clock),
    ...bundleRoutes({ catalogue, client, clock, logLines, metrics }),
    ...backupRoutes(clientOf),
    ...restoreRoutes(clientOf),
  ];

  return routes;
}

/** Starts the operator API. @throws Error in one line when the port can't be had */
export async function startOperatorApi(deps: OperatorApiDeps, listen: { port: number; host: string }): Promise<HttpServer> {
  registerObjectMetrics(deps.registry, deps.catalogue, deps.clock);
  return startHttpServer({ ...deps, routes: operatorRoutes(deps) }, listen);
}
