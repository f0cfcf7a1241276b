import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { ServerMetrics } from './metrics.ts';

/** The event loop's delay is sampled so often (milliseconds): the default of 10 keeps an idle process awake. */
const EVENT_LOOP_SAMPLE_MS = 100;
const RECONCILE_BUCKETS = [0.005, 0.02, 0.1, 0.5, 2, 10, 60];
const REQUEST_BUCKETS = [0.005, 0.02, 0.1, 0.5, 2, 10];

/** {@link ServerMetrics} in a registry of its own. */
export interface Prometheus { metrics: ServerMetrics; registry: Registry }

/** Makes the metrics of this process, the usual ones of Node included. Names start with `hvb_`. */
export function createPrometheus({ version }: { version: string }): Prometheus {
  const registry = new Registry();
  const registers = [registry];

  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: EVENT_LOOP_SAMPLE_MS });
  new Gauge({ name: 'hvb_build_info', help: 'Version of the server; always 1.', labelNames: ['version', 'node'], registers }).set({ version, node: process.version }, 1);
  const leader = new Gauge({ name: 'hvb_leader', help: '1 in the replica that leads, 0 in the others.', registers });
  const reconciles = new Counter({ name: 'hvb_reconcile_total', help: 'Reconciles by controller and outcome.', labelNames: ['controller', 'outcome'], registers });
  const reconcileSeconds = new Histogram({ name: 'hvb_reconcile_duration_seconds', help: 'Duration of a reconcile.', labelNames: ['controller'], buckets: RECONCILE_BUCKETS, registers });
  const lists = new Counter({ name: 'hvb_informer_lists_total', help: 'Full lists by kind: one at the start, more when a watch could not be continued.', labelNames: ['kind'], registers });
  const failures = new Counter({ name: 'hvb_informer_failures_total', help: 'Lists and watches that failed, by kind.', labelNames: ['kind'], registers });
  const requests = new Counter({ name: 'hvb_http_requests_total', help: 'Answered HTTP requests.', labelNames: ['route', 'method', 'status'], registers });
  const requestSeconds = new Histogram({ name: 'hvb_http_request_duration_seconds', help: 'Time to answer an HTTP request.', labelNames: ['route'], buckets: REQUEST_BUCKETS, registers });
  const queues = new Map<string, () => number>();

  new Gauge({
    name: 'hvb_queue_depth', help: 'Keys that wait for a worker, by controller.', labelNames: ['controller'], registers,
    collect() {
      for (const [controller, length] of queues) this.set({ controller }, length());
    },
  });

  return {
    registry,
    metrics: {
      controller: (controller) => ({
        reconciled(outcome, durationMs) {
          reconciles.inc({ controller, outcome });
          reconcileSeconds.observe({ controller }, durationMs / 1000);
        },
        watchQueue: (length) => void queues.set(controller, length),
      }),
      informer(kind) {
        lists.inc({ kind }, 0);
        failures.inc({ kind }, 0);
        return { listed: () => lists.inc({ kind }), failed: () => failures.inc({ kind }) };
      },
      leading: (now) => leader.set(now ? 1 : 0),
      answered({ route, method, status }, durationMs) {
        requests.inc({ route, method, status });
        requestSeconds.observe({ route }, durationMs / 1000);
      },
    },
  };
}
