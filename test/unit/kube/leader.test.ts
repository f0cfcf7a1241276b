import { describe, expect, it } from 'vitest';
import { ApiError, ConnectionError, type KubeClient } from '../../../server/kube/client.ts';
import { runAsLeader } from '../../../server/kube/leader.ts';
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
  const state = { up: true, leading: false, outcome: undefined as string | undefined };
  const stop = new AbortController();
  const ended = runAsLeader({
    client: server.client(() => state.up), clock, log: memoryLog().log, namespace: 'system', name: 'server', identity,
    lead: async (signal) => {
      state.leading = true;
      await new Promise((resolve) => {
        signal.addEventListener('abort', resolve);
      });
      state.leading = false;
    },
  }, stop.signal).then((outcome) => {
    state.outcome = outcome;
  });

  return { state, stop: async () => { stop.abort(); await ended; } };
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
