import type { Clock } from '../contract/clock.ts';
import type { Logger } from '../telemetry/log.ts';
import type { KubeClient } from './client.ts';
import { LeaseLock } from './lease.ts';
import { LeasePermit, type WritePermit } from './write-permit.ts';

/** The usual proportions of a lease (15 s, 10 s, 2 s), kept for other lengths; milliseconds. */
export function leasePeriods(leaseDurationMs: number): { renewDeadlineMs: number; retryPeriodMs: number } {
  return { renewDeadlineMs: Math.floor(leaseDurationMs * 2 / 3), retryPeriodMs: Math.floor(leaseDurationMs * 2 / 15) };
}

/**
 * How long nobody leads at the most after a leader was killed (milliseconds), the time of two calls not counted. Another sees
 * the last renewal one retry period after it at the latest, waits the duration that stands in the lease (whole seconds) from
 * there, and finds it expired one retry period later at the latest.
 */
export function worstTakeoverMs(leaseDurationMs: number): number {
  return Math.ceil(leaseDurationMs / 1000) * 1000 + 2 * leasePeriods(leaseDurationMs).retryPeriodMs;
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
  /**
   * The leader's work; its signal is aborted when leadership is lost or the process stops. Awaited before the lease is released.
   * Its writes must go through a client that asks `permit`: it closes one retry period before another may lead, also for a
   * process that was stopped and wakes without having noticed.
   */
  lead(signal: AbortSignal, permit: WritePermit): Promise<void>;
}

/**
 * Waits for leadership, leads, and returns `stopped` after the signal was aborted (the lease is released then) or `lost`.
 * Another holder's lease counts as expired when it did not change for its duration *by our own monotonic clock*: clocks of
 * different nodes are never compared.
 *
 * A killed leader is replaced within {@link worstTakeoverMs}: with the defaults 10 s + 2 × 1.33 s = 12.7 s. One that stops in
 * good order is replaced within one retry period.
 */
export async function runAsLeader(options: LeaderOptions, signal: AbortSignal): Promise<'stopped' | 'lost'> {
  const { client, clock, identity } = options;
  const { leaseDurationMs = 10_000 } = options;
  const { renewDeadlineMs, retryPeriodMs } = { ...leasePeriods(leaseDurationMs), ...options };
  const log = options.log.child({ lease: `${options.namespace}/${options.name}`, identity });
  const key = { namespace: options.namespace, name: options.name };
  const lock = new LeaseLock({ client, clock, log, key, identity, durationMs: leaseDurationMs });

  if (renewDeadlineMs >= leaseDurationMs || retryPeriodMs >= renewDeadlineMs) {
    throw new Error('leader election: retryPeriodMs < renewDeadlineMs < leaseDurationMs is needed, or two could lead at once');
  }

  /** Gives when the successful try began: the write may have landed that early, so the lease counts from there. */
  async function attempt(renewing: boolean): Promise<number | undefined> {
    const startedMs = clock.monotonicMs();

    try {
      return await (renewing ? lock.renew() : lock.acquire()) ? startedMs : undefined;
    } catch (error) {
      log.warn('the lease could not be read or written', { error });

      return undefined;
    }
  }

  const pause = (ms: number, stop: AbortSignal): Promise<void> => clock.sleep(ms, stop).catch(() => undefined);

  /** Renews until `stop`, or until the deadline passed without success. */
  async function keep(heldSinceMs: number, permit: LeasePermit, stop: AbortSignal): Promise<'stopped' | 'lost'> {
    let renewedMs = heldSinceMs;

    while (!stop.aborted) {
      const deadlineMs = renewedMs + renewDeadlineMs;

      await pause(Math.max(0, Math.min(retryPeriodMs, deadlineMs - clock.monotonicMs())), stop);
      if (stop.aborted) {
        break;
      }
      const leftMs = deadlineMs - clock.monotonicMs();

      if (leftMs <= 0) {
        return 'lost';
      }
      const cancelTimeout = new AbortController();
      // A call that hangs must not keep us from noticing that the deadline passed.
      const timeout = clock.sleep(leftMs, cancelTimeout.signal).then(() => undefined, () => undefined);
      const held = await Promise.race([attempt(true), timeout]);

      cancelTimeout.abort();
      if (lock.taken) {
        return 'lost';
      }
      if (held !== undefined) {
        renewedMs = held;
        permit.extend(writableUntil(held));
      }
    }

    return 'stopped';
  }

  const writableUntil = (heldMs: number): number => heldMs + leaseDurationMs - retryPeriodMs;
  let heldSinceMs = await attempt(false);

  while (heldSinceMs === undefined) {
    await pause(retryPeriodMs, signal);
    if (signal.aborted) {
      return 'stopped';
    }
    heldSinceMs = await attempt(false);
  }
  log.info('leading');
  const ended = new AbortController();
  const stop = (): void => ended.abort(signal.reason);

  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) {
    stop();
  }
  const permit = new LeasePermit(clock, writableUntil(heldSinceMs));
  const work = options.lead(ended.signal, permit);
  // Work that ends by itself, well or badly, ends the leadership too.
  const workEnded = work.then(() => ended.abort(), () => ended.abort());
  const outcome = await keep(heldSinceMs, permit, ended.signal);

  ended.abort(new Error(`leadership of ${options.name} was lost`));
  signal.removeEventListener('abort', stop);
  await workEnded;
  permit.close();
  if (outcome === 'stopped') {
    await lock.release();
  }
  log.info('no longer leading', { outcome });
  await work;

  return outcome;
}
