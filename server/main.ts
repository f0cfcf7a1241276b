/**
 * The server's composition root. Every replica keeps its informers running (a hot standby); the one that holds the lease runs
 * the controllers as well, until it is told to stop.
 */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { configFromEnv } from './config.ts';
import { NAMESPACE } from './contract/api.ts';
import { SYSTEM_NAMESPACE } from './contract/names.ts';
import { PRODUCT_VERSION } from './contract/version.ts';
import { createInformers, runInformers } from './controllers/informers.ts';
import { runControllers, type RunDeps } from './controllers/run.ts';
import { createHttpClient } from './kube/http-client.ts';
import { kubeConfigFromEnv } from './kube/config.ts';
import { leasePeriods, runAsLeader } from './kube/leader.ts';
import type { KubeClient } from './kube/client.ts';
import type { TransportOptions } from './kube/http-transport.ts';
import { createReadiness, startOperatorApi } from './http/index.ts';
import { createLogger, type Logger } from './telemetry/log.ts';
import { createPrometheus } from './telemetry/prometheus.ts';
import { createLineRing } from './telemetry/ring.ts';
import { systemClock } from './telemetry/system-clock.ts';

const CLUSTER_RETRY_MS = 2_000;
/** Log lines that are kept for the support bundle (characters): a day of a quiet server, some minutes of a busy one. */
const RING_CHARS = 1024 * 1024;

async function main(): Promise<void> {
  const config = configFromEnv(process.env);
  const ring = createLineRing(RING_CHARS);
  const log = createLogger({
    clock: systemClock, level: config.logLevel,
    write: (line) => {
      process.stderr.write(line);
      ring.write(line);
    },
  });
  const { metrics, registry } = createPrometheus({ version: PRODUCT_VERSION });
  const kube = await kubeConfigFromEnv(process.env, systemClock);
  const client = createHttpClient(kube);
  let leading = false;
  const stop = new AbortController();

  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop.abort(new Error(`stopped by ${signal}`)));
  const informers = createInformers({ client, clock: systemClock, log, metrics });
  const api = config.http && await startOperatorApi({
    catalogue: informers, readiness: createReadiness({ ...informers }), leading: () => leading, client, clock: systemClock, log, logLines: ring.lines, metrics, registry,
    // Where the API is and how it proves itself, and nothing of the server's own credentials.
    clientOf: (token) => createHttpClient({ baseUrl: kube.baseUrl, token, ...(kube.ca ? { ca: kube.ca } : {}) }),
  }, config.http);
  const informing = runInformers(informers, stop.signal);

  try {
    const clusterID = await readClusterID(client, log, stop.signal);

    if (clusterID === undefined) return;
    const result = await lead({ clock: systemClock, log, metrics, config, clusterID, informers }, kube, stop.signal, (now) => {
      leading = now;
      metrics.leading(now);
    });

    // Restarting is the safe way to begin anew: nothing of the lost leadership can linger in memory.
    if (result === 'lost') process.exitCode = 1;
  } finally {
    stop.abort();
    await Promise.all([informing, api?.close()]);
    client.close();
  }
}

/** The lease and the leader's work have connections of their own: neither waits for the other's calls. */
async function lead(deps: Omit<RunDeps, 'client'>, kube: TransportOptions, signal: AbortSignal, tell: (leading: boolean) => void): Promise<'stopped' | 'lost'> {
  const { log, config: { leaseDurationMs } } = deps;
  const periods = leasePeriods(leaseDurationMs);
  // A try that hangs must leave time for another one before the deadline.
  const client = createHttpClient({ ...kube, requestTimeoutMs: Math.ceil(periods.renewDeadlineMs / 2) });

  try {
    return await runAsLeader({
      client, clock: systemClock, log, namespace: SYSTEM_NAMESPACE, name: 'harvester-vm-backup', identity: `${hostname()}/${randomUUID()}`, leaseDurationMs, ...periods,
      lead: async (leading, permit) => {
        const leader = createHttpClient({ ...kube, permit });

        tell(true);
        await runControllers({ ...deps, client: leader }, leading).finally(() => {
          tell(false);
          leader.close();
        });
      },
    }, signal);
  } finally {
    client.close();
  }
}

/** UID of `kube-system`: by convention the identity of a cluster. Waits for the API. */
async function readClusterID(client: KubeClient, log: Logger, signal: AbortSignal): Promise<string | undefined> {
  while (!signal.aborted) {
    try {
      return (await client.get(NAMESPACE, { name: 'kube-system' })).metadata.uid ?? '';
    } catch (error) {
      log.warn('the Kubernetes API does not answer yet', { error });
      await systemClock.sleep(CLUSTER_RETRY_MS, signal).catch(() => undefined);
    }
  }
  return undefined;
}

try {
  await main();
} catch (error) {
  // One line: what is wrong with the set-up. Defects show their stack in the controllers' own logs.
  process.stderr.write(`harvester-vm-backup: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
