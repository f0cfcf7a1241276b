import type { ResourceType } from '../contract/api.ts';
import type { Clock } from '../contract/clock.ts';
import type { KubeObject } from '../contract/kubernetes.ts';
import type { Logger } from '../telemetry/log.ts';
import { ApiError, isApiError, type KubeClient } from './client.ts';

/** Kubernetes' Lease, the lock of leader elections. */
export const LEASE: ResourceType = { group: 'coordination.k8s.io', version: 'v1', kind: 'Lease', plural: 'leases', namespaced: true };

interface Lease extends KubeObject {
  spec?: { holderIdentity?: string; leaseDurationSeconds?: number; acquireTime?: string; renewTime?: string; leaseTransitions?: number };
}

/** The usual proportions of a lease (15 s, 10 s, 2 s), kept for other lengths; milliseconds. */
export function leasePeriods(leaseDurationMs: number): { renewDeadlineMs: number; retryPeriodMs: number } {
  return { renewDeadlineMs: Math.floor(leaseDurationMs * 2 / 3), retryPeriodMs: Math.floor(leaseDurationMs * 2 / 15) };
}

/** What {@link runAsLeader} needs; times in ms. */
export interface LeaderOptions {
  client: KubeClient;
  clock: Clock;
  log: Logger;
  namespace: string;
  name: string;
  /** Unique per process, not per host: a process that starts again is another one. */
  identity: string;
  /** Others may take over when the lease was not renewed for so long. Default 10 000. */
  leaseDurationMs?: number;
  /** The leader gives up when it could not renew for so long; less than the lease's duration, so that it stops before another begins. Default 6 666. */
  renewDeadlineMs?: number;
  /** Time between attempts. Default 1 333. */
  retryPeriodMs?: number;
  /** The leader's work; its signal is aborted when leadership is lost or the process stops. Awaited before the lease is released. */
  lead(signal: AbortSignal): Promise<void>;
}

/**
 * Waits for leadership, leads, and returns `stopped` after the signal was aborted (the lease is released then) or `lost`.
 * Another holder's lease counts as expired when it did not change for its duration *by our own monotonic clock*: clocks of
 * different nodes are never compared.
 *
 * How long nobody leads after a kill: another sees the last renewal one retry period after it at the latest, waits the lease's
 * duration from there, and finds it expired one retry period later at the latest: duration + 2 × retry period, and the time
 * of two calls. With the defaults 10 s + 2 × 1.33 s = 12.7 s. A leader that stops in good order is replaced within one period.
 */
export async function runAsLeader(options: LeaderOptions, signal: AbortSignal): Promise<'stopped' | 'lost'> {
  const { client, clock, identity } = options;
  const { leaseDurationMs = 10_000 } = options;
  const { renewDeadlineMs, retryPeriodMs } = { ...leasePeriods(leaseDurationMs), ...options };
  const log = options.log.child({ lease: `${options.namespace}/${options.name}`, identity });
  const key = { namespace: options.namespace, name: options.name };
  let observed: { resourceVersion: string | undefined; atMs: number } | undefined;

  if (renewDeadlineMs >= leaseDurationMs || retryPeriodMs >= renewDeadlineMs) {
    throw new Error('leader election: retryPeriodMs < renewDeadlineMs < leaseDurationMs is needed, or two could lead at once');
  }

  function record(lease: Lease | undefined): Lease {
    const now = clock.now().toISOString().replace(/Z$/, '000Z');
    const mine = lease?.spec?.holderIdentity === identity;

    return {
      apiVersion: 'coordination.k8s.io/v1', kind: 'Lease',
      metadata: lease?.metadata ?? { ...key },
      spec: {
        holderIdentity: identity,
        leaseDurationSeconds: Math.ceil(leaseDurationMs / 1000),
        acquireTime: mine ? lease?.spec?.acquireTime : now,
        renewTime: now,
        leaseTransitions: (lease?.spec?.leaseTransitions ?? 0) + (lease && !mine ? 1 : 0),
      },
    };
  }

  /** True when the lease is ours now. A lost race is false; other failures are thrown. */
  async function tryHold(): Promise<boolean> {
    try {
      const lease = await client.find<Lease>(LEASE, key);

      if (!lease) {
        await client.create(LEASE, record(undefined));

        return true;
      }
      const holder = lease.spec?.holderIdentity;

      if (observed?.resourceVersion !== lease.metadata.resourceVersion) {
        observed = { resourceVersion: lease.metadata.resourceVersion, atMs: clock.monotonicMs() };
      }
      const theirDurationMs = (lease.spec?.leaseDurationSeconds ?? leaseDurationMs / 1000) * 1000;

      if (holder && holder !== identity && observed && clock.monotonicMs() - observed.atMs < theirDurationMs) {
        return false;
      }
      await client.replace(LEASE, record(lease));

      return true;
    } catch (error) {
      if (isApiError(error, 'Conflict') || isApiError(error, 'AlreadyExists')) {
        return false;
      }
      throw error;
    }
  }

  async function attempt(): Promise<boolean> {
    try {
      return await tryHold();
    } catch (error) {
      log.warn('the lease could not be read or written', { error });

      return false;
    }
  }

  const pause = (ms: number, stop: AbortSignal): Promise<void> => clock.sleep(ms, stop).catch(() => undefined);

  /** Renews until `stop`, or until the deadline passed without success. */
  async function keep(stop: AbortSignal): Promise<'stopped' | 'lost'> {
    let renewedMs = clock.monotonicMs();

    while (!stop.aborted) {
      await pause(retryPeriodMs, stop);
      if (stop.aborted) {
        break;
      }
      const startedMs = clock.monotonicMs();
      const cancelTimeout = new AbortController();
      // A call that hangs must not keep us from noticing that the deadline passed.
      const timeout = clock.sleep(Math.max(0, renewedMs + renewDeadlineMs - startedMs), cancelTimeout.signal).then(() => false, () => false);
      const held = await Promise.race([attempt(), timeout]);

      cancelTimeout.abort();
      if (held) {
        // From the start of the call: the write may have landed that early.
        renewedMs = startedMs;
      } else if (clock.monotonicMs() - renewedMs >= renewDeadlineMs) {
        return 'lost';
      }
    }

    return 'stopped';
  }

  async function release(): Promise<void> {
    try {
      const lease = await client.find<Lease>(LEASE, key);

      if (lease?.spec?.holderIdentity === identity) {
        await client.replace(LEASE, { ...lease, spec: { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1 } });
      }
    } catch (error) {
      const level = error instanceof ApiError && error.reason === 'Conflict' ? 'debug' : 'warn';

      log[level]('the lease could not be released; it expires by itself', { error });
    }
  }

  while (!await attempt()) {
    await pause(retryPeriodMs, signal);
    if (signal.aborted) {
      return 'stopped';
    }
  }
  log.info('leading');
  const ended = new AbortController();
  const stop = (): void => ended.abort(signal.reason);

  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) {
    stop();
  }
  const work = options.lead(ended.signal);
  // Work that ends by itself, well or badly, ends the leadership too.
  const workEnded = work.then(() => ended.abort(), () => ended.abort());
  const outcome = await keep(ended.signal);

  ended.abort(new Error(`leadership of ${options.name} was lost`));
  signal.removeEventListener('abort', stop);
  await workEnded;
  if (outcome === 'stopped') {
    await release();
  }
  log.info('no longer leading', { outcome });
  await work;

  return outcome;
}
