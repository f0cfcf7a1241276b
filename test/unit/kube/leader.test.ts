import { describe, expect, it } from 'vitest';
import { ApiError, ConnectionError, type KubeClient } from '../../../server/kube/client.ts';
import { leasePeriods, runAsLeader, worstTakeoverMs } from '../../../server/kube/leader.ts';
import type { WritePermit } from '../../../server/kube/write-permit.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { memoryLog } from './support.ts';

interface StoredLease { metadata: { name: string; resourceVersion?: string }; spec: { holderIdentity: string; leaseTransitions: number } }

/** One Lease as the API keeps it, with optimistic locking. */
class LeaseServer {
  lease: StoredLease | undefined;
  #version = 0;

  client(up: () => boolean): KubeClient {
    const store = (object: StoredLease): StoredLease => {
      this.lease = { ...object, metadata: { ...object.metadata, resourceVersion: String(++this.#version) } };

      return this.lease;
    };
    const check = (): void => {
      if (!up()) {
        throw new ConnectionError('down');
      }
    };

    return {
      find: async () => {
        check();

        return this.lease;
      },
      create: async (_type: unknown, object: StoredLease) => {
        check();
        if (this.lease) {
          throw new ApiError(409, 'AlreadyExists', 'there is one');
        }

        return store(object);
      },
      replace: async (_type: unknown, object: StoredLease) => {
        check();
        if (object.metadata.resourceVersion !== this.lease?.metadata.resourceVersion) {
          throw new ApiError(409, 'Conflict', 'changed meanwhile');
        }

        return store(object);
      },
    } as unknown as KubeClient;
  }
}

function candidate(server: LeaseServer, clock: FakeClock, identity: string) {
  const state = { up: true, leading: false, outcome: undefined as string | undefined, permit: undefined as WritePermit | undefined };
  const stop = new AbortController();
  const ended = runAsLeader({
    client: server.client(() => state.up), clock, log: memoryLog().log, namespace: 'system', name: 'server', identity,
    lead: async (signal, permit) => {
      state.leading = true;
      state.permit = permit;
      await new Promise((resolve) => {
        signal.addEventListener('abort', resolve);
      });
      state.leading = false;
    },
  }, stop.signal).then((outcome) => {
    state.outcome = outcome;
  });

  return { state, mayWrite: () => mayWrite(state.permit), stop: async () => { stop.abort(); await ended; } };
}

function mayWrite(permit: WritePermit | undefined): boolean {
  try {
    permit?.check();
    return permit !== undefined;
  } catch {
    return false;
  }
}

/** Time that passes while the process does not run: nobody is woken, as with a stopped process. */
class StoppedClock extends FakeClock {
  #leaptMs = 0;

  override monotonicMs(): number {
    return super.monotonicMs() + this.#leaptMs;
  }

  leap(ms: number): void {
    this.#leaptMs += ms;
  }
}

describe('leader election', () => {
  it('given two processes, when both run for long, then only one leads', async () => {
    const server = new LeaseServer();
    const clock = new FakeClock();
    const first = candidate(server, clock, 'one');

    await settle();
    const second = candidate(server, clock, 'two');

    await clock.advance(120_000);
    expect([first.state.leading, second.state.leading]).toEqual([true, false]);
    await first.stop();
    await second.stop();
  });

  it('given a leader that stops in good order, when the lease is released, then the other leads at its next attempt', async () => {
    const server = new LeaseServer();
    const clock = new FakeClock();
    const first = candidate(server, clock, 'one');

    await settle();
    const second = candidate(server, clock, 'two');

    await settle();
    await first.stop();
    expect([first.state.outcome, server.lease?.spec.holderIdentity]).toEqual(['stopped', '']);
    await clock.advance(2_000);
    expect(second.state.leading).toBe(true);
    expect(server.lease?.spec).toMatchObject({ holderIdentity: 'two', leaseTransitions: 1 });
    await second.stop();
  });

  it('given a leader cut off from the API, when the deadline passes, then it stops leading before the other begins', async () => {
    const server = new LeaseServer();
    const clock = new FakeClock();
    const first = candidate(server, clock, 'one');

    await settle();
    const second = candidate(server, clock, 'two');

    await clock.advance(4_000);
    first.state.up = false;
    for (let elapsed = 0; elapsed < 30 && !second.state.leading; elapsed++) {
      await clock.advance(1_000);
      expect(first.state.leading && second.state.leading).toBe(false);
    }
    expect([first.state.outcome, first.state.leading, second.state.leading]).toEqual(['lost', false, true]);
    await second.stop();
  });

  it('given a leader that is killed right after a renewal, when the defaults hold, then the other leads within 15 s, and not before the lease is over', async () => {
    const server = new LeaseServer();
    const clock = new FakeClock();
    const first = candidate(server, clock, 'one');

    await settle();
    // Its attempts fall just before the leader's: it sees each renewal as late as it can.
    await clock.advance(1_300);
    const second = candidate(server, clock, 'two');

    await clock.advance(20_033);
    // A killed process releases nothing; cut off it is as good as dead to the other.
    first.state.up = false;
    await clock.advance(9_900);
    expect(second.state.leading).toBe(false);
    await clock.advance(15_000 - 9_900);
    expect(second.state.leading).toBe(true);
    await first.stop();
    await second.stop();
  });

  it.each(Array.from({ length: 14 }, (_unused, index) => index * 100))('given the default lease, when the leader is killed %i ms after the other began to wait, then the other leads within the worst case, which is below 15 s', async (offset) => {
    const server = new LeaseServer();
    const clock = new FakeClock();
    const first = candidate(server, clock, 'one');

    await settle();
    await clock.advance(offset);
    const second = candidate(server, clock, 'two');

    await clock.advance(12_000);
    first.state.up = false;
    await clock.advance(worstTakeoverMs(10_000));
    expect(second.state.leading).toBe(true);
    expect(worstTakeoverMs(10_000)).toBeLessThan(15_000);
    await first.stop();
    await second.stop();
  });

  it('given a leader cut off from the API only, when the other takes over, then the first could not write for a whole retry period before', async () => {
    const server = new LeaseServer();
    const clock = new FakeClock();
    const first = candidate(server, clock, 'one');

    await settle();
    const second = candidate(server, clock, 'two');

    await clock.advance(4_000);
    first.state.up = false;
    let writableMs = clock.monotonicMs();

    for (let tick = 0; tick < 300 && !second.state.leading; tick++) {
      await clock.advance(100);
      if (first.mayWrite()) writableMs = clock.monotonicMs();
    }
    expect(second.state.leading).toBe(true);
    expect(clock.monotonicMs() - writableMs).toBeGreaterThanOrEqual(leasePeriods(10_000).retryPeriodMs);
    expect(first.state.permit?.closed.aborted).toBe(true);
    await second.stop();
  });

  it('given a process that was stopped past its lease, when it goes on before any of its timers ran, then its permit is gone at once, and stays gone when the lease is free again', async () => {
    const server = new LeaseServer();
    const clock = new StoppedClock();
    const first = candidate(server, clock, 'one');

    await settle();
    expect(first.mayWrite()).toBe(true);
    clock.leap(60_000);
    expect(first.mayWrite()).toBe(false);
    // Another led meanwhile, and is gone: whoever reads the lease as its own now would not know what the other did.
    if (server.lease) server.lease = { ...server.lease, spec: { ...server.lease.spec, holderIdentity: '' } };
    await clock.advance(2_000);
    expect([first.state.outcome, first.mayWrite()]).toEqual(['lost', false]);
  });

  it('given another holder in the lease, when the leader renews, then it has lost at once, even when the lease is free again', async () => {
    const server = new LeaseServer();
    const clock = new FakeClock();
    const first = candidate(server, clock, 'one');

    await settle();
    if (server.lease) server.lease = { ...server.lease, spec: { ...server.lease.spec, holderIdentity: '' } };
    await clock.advance(1_400);
    expect(first.state.outcome).toBe('lost');
    expect(server.lease?.spec.holderIdentity).toBe('');
  });

  it('given deadlines in the wrong order, when started, then it refuses', async () => {
    await expect(runAsLeader({
      client: new LeaseServer().client(() => true), clock: new FakeClock(), log: memoryLog().log, namespace: 'a', name: 'b', identity: 'c', leaseDurationMs: 5, renewDeadlineMs: 10, lead: async () => undefined,
    }, new AbortController().signal)).rejects.toThrow(/retryPeriodMs < renewDeadlineMs < leaseDurationMs/);
  });

  it('given work that fails, when it ends, then the lease is released and the error is passed on', async () => {
    const server = new LeaseServer();

    await expect(runAsLeader({
      client: server.client(() => true), clock: new FakeClock(), log: memoryLog().log, namespace: 'a', name: 'b', identity: 'c', lead: async () => { throw new Error('boom'); },
    }, new AbortController().signal)).rejects.toThrow('boom');
    expect(server.lease?.spec.holderIdentity).toBe('');
  });
});
