import type { ResourceType } from '../contract/api.ts';
import type { Clock } from '../contract/clock.ts';
import type { KubeObject } from '../contract/kubernetes.ts';
import type { Logger } from '../telemetry/log.ts';
import { isApiError, type KubeClient } from './client.ts';

/** Kubernetes' Lease, the lock of leader elections. */
export const LEASE: ResourceType = { group: 'coordination.k8s.io', version: 'v1', kind: 'Lease', plural: 'leases', namespaced: true };

interface Lease extends KubeObject {
  spec?: { holderIdentity?: string; leaseDurationSeconds?: number; acquireTime?: string; renewTime?: string; leaseTransitions?: number };
}

/** What a {@link LeaseLock} needs; time in ms. */
export interface LeaseLockOptions { client: KubeClient; clock: Clock; log: Logger; key: { namespace: string; name: string }; identity: string; durationMs: number }

/** One Lease as a lock, with optimistic locking by its resourceVersion. */
export class LeaseLock {
  readonly #options: LeaseLockOptions;
  /** Since when the lease has been as it is, by our own monotonic clock. */
  #observed: { resourceVersion: string | undefined; atMs: number } | undefined;
  #taken = false;

  constructor(options: LeaseLockOptions) {
    this.#options = options;
  }

  /** Found by {@link renew}: the lease is not ours any more. It may even be free again; but what was done meanwhile is not known here. */
  get taken(): boolean {
    return this.#taken;
  }

  /** Takes the lease when it is free, expired or ours already. @returns false when it is another's @throws what the API says, but for a lost race */
  acquire(): Promise<boolean> {
    const { client, clock, key, identity, durationMs } = this.#options;

    return orLostRace(async () => {
      const lease = await client.find<Lease>(LEASE, key);

      if (!lease) {
        await client.create(LEASE, this.#record(undefined));

        return true;
      }
      const holder = lease.spec?.holderIdentity;

      if (this.#observed?.resourceVersion !== lease.metadata.resourceVersion) {
        this.#observed = { resourceVersion: lease.metadata.resourceVersion, atMs: clock.monotonicMs() };
      }
      const theirDurationMs = (lease.spec?.leaseDurationSeconds ?? durationMs / 1000) * 1000;

      if (holder && holder !== identity && this.#observed && clock.monotonicMs() - this.#observed.atMs < theirDurationMs) {
        return false;
      }
      await client.replace(LEASE, this.#record(lease));

      return true;
    });
  }

  /** Renews a lease that is ours. @returns false when it is not, or the race was lost @throws what the API says */
  renew(): Promise<boolean> {
    const { client, key, identity } = this.#options;

    return orLostRace(async () => {
      const lease = await client.find<Lease>(LEASE, key);

      this.#taken = lease?.spec?.holderIdentity !== identity;
      if (this.#taken) {
        return false;
      }
      await client.replace(LEASE, this.#record(lease));

      return true;
    });
  }

  /** Gives the lease back, so that nobody has to wait. Never rejects: it expires by itself. */
  async release(): Promise<void> {
    const { client, key, identity, log } = this.#options;

    try {
      const lease = await client.find<Lease>(LEASE, key);

      if (lease?.spec?.holderIdentity === identity) {
        await client.replace(LEASE, { ...lease, spec: { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1 } });
      }
    } catch (error) {
      log[isApiError(error, 'Conflict') ? 'debug' : 'warn']('the lease could not be released; it expires by itself', { error });
    }
  }

  #record(lease: Lease | undefined): Lease {
    const { clock, identity, durationMs, key } = this.#options;
    const now = clock.now().toISOString().replace(/Z$/, '000Z');
    const mine = lease?.spec?.holderIdentity === identity;

    return {
      apiVersion: 'coordination.k8s.io/v1', kind: 'Lease',
      metadata: lease?.metadata ?? { ...key },
      spec: {
        holderIdentity: identity,
        leaseDurationSeconds: Math.ceil(durationMs / 1000),
        acquireTime: mine ? lease?.spec?.acquireTime : now,
        renewTime: now,
        leaseTransitions: (lease?.spec?.leaseTransitions ?? 0) + (lease && !mine ? 1 : 0),
      },
    };
  }
}

async function orLostRace(work: () => Promise<boolean>): Promise<boolean> {
  try {
    return await work();
  } catch (error) {
    if (isApiError(error, 'Conflict') || isApiError(error, 'AlreadyExists')) {
      return false;
    }
    throw error;
  }
}
