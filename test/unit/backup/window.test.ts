import { describe, expect, it } from 'vitest';
import { takeCut, type CutState, type WindowRequest } from '../../../server/guest/window.ts';
import { createLogger } from '../../../server/telemetry/log.ts';
import { FakeClock } from '../../support/fake-clock.ts';

/** A guest that thaws by itself at its deadline, and a storage that cuts each disk after a while; all in fake time. */
class World {
  readonly clock = new FakeClock();
  readonly calls: string[] = [];
  readonly log = createLogger({ clock: this.clock, write: () => undefined });
  freezeError?: Error;
  thawErrors = 0;
  cutAfterMs: number | undefined = 100;
  snapshotError?: string;
  createError?: Error;

  readonly freezer = {
    freeze: async (): Promise<void> => {
      this.calls.push('freeze');
      await Promise.resolve();
      if (this.freezeError) throw this.freezeError;
    },
    thaw: async (): Promise<void> => {
      this.calls.push('thaw');
      await Promise.resolve();
      if (this.thawErrors-- > 0) throw new Error('the API is away');
    },
  };

  run(changes: Partial<WindowRequest> = {}, required = true): ReturnType<typeof takeCut> {
    let createdAt: number | undefined;
    const request: WindowRequest = {
      namespace: 'web', vmName: 'shop', freeze: true, deadlineSeconds: 2, giveUpAtDeadline: required, cutTimeoutMs: 10_000,
      createSnapshots: async () => {
        this.calls.push('create');
        await Promise.resolve();
        if (this.createError) throw this.createError;
        createdAt = this.clock.monotonicMs();
      },
      readSnapshots: () => {
        const cut = this.cutAfterMs !== undefined && this.clock.monotonicMs() - (createdAt ?? 0) >= this.cutAfterMs;
        const state: CutState = { volume: 'root', snapshotName: 's', ...(cut ? { cutAt: this.clock.now() } : {}), ...(this.snapshotError ? { error: this.snapshotError } : {}) };

        return Promise.resolve([state]);
      },
      ...changes,
    };

    return this.drive(takeCut(request, this, required));
  }

  /** Lets fake time pass until the work is done. */
  async drive<T>(work: Promise<T>): Promise<T> {
    let done = false;
    const settled = work.finally(() => { done = true; });

    while (!done) {
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
      const due = this.clock.nextDueInMs;

      if (!done && due !== undefined) await this.clock.advance(due);
    }
    return settled;
  }
}

describe('the freeze window', () => {
  it('given a healthy guest, when cut, then it is frozen, cut and thawed, in this order and once each', async () => {
    const world = new World();

    expect(await world.run()).toMatchObject({ type: 'Cut', frozen: true, cutSeenAfterMs: 100 });
    expect(world.calls).toEqual(['freeze', 'create', 'thaw']);
  });

  it('given snapshots that cannot be created, when cut, then the guest is thawed all the same', async () => {
    const world = new World();

    world.createError = new Error('no space');
    expect(await world.run()).toEqual({ type: 'SnapshotFailed', message: 'no space' });
    expect(world.calls).toEqual(['freeze', 'create', 'thaw']);
  });

  it('given a freeze whose answer is lost, when the policy is Required, then the guest is thawed and the window ends', async () => {
    const world = new World();

    world.freezeError = new Error('timed out');
    expect(await world.run()).toEqual({ type: 'FreezeFailed', message: 'timed out' });
    expect(world.calls).toEqual(['freeze', 'thaw']);
  });

  it('given a freeze that fails, when the policy allows it, then the cut goes on and the reason is kept', async () => {
    const world = new World();

    world.freezeError = new Error('SELinux says no');
    expect(await world.run({}, false)).toMatchObject({ type: 'Cut', frozen: false, freezeError: 'SELinux says no' });
  });

  it('given a cut that is later than the deadline, when the policy is Required, then the guest is thawed at the deadline and the window fails', async () => {
    const world = new World();

    world.cutAfterMs = 5000;
    expect((await world.run()).type).toBe('DeadlinePassed');
    expect(world.clock.monotonicMs()).toBe(2000);
    expect(world.calls.at(-1)).toBe('thaw');
  });

  it('given a cut that is later than the deadline, when the policy is BestEffort, then the guest is thawed at the deadline and the cut is waited for', async () => {
    const world = new World();

    world.cutAfterMs = 5000;
    expect(await world.run({}, false)).toMatchObject({ type: 'Cut', frozen: true, windowMs: 2000, cutSeenAfterMs: 5000 });
  });

  it('given a snapshot with a lasting error, when cut, then the guest is not held frozen until a long deadline', async () => {
    const world = new World();

    world.cutAfterMs = undefined;
    world.snapshotError = 'the pool is full';
    expect(await world.run({ deadlineSeconds: 60, cutTimeoutMs: 120_000 })).toMatchObject({ type: 'SnapshotFailed', message: expect.stringContaining('the pool is full') as string });
    expect(world.clock.monotonicMs()).toBeLessThanOrEqual(5_100);
    expect(world.calls.at(-1)).toBe('thaw');
  });

  it('given an API that is away for a moment, when the guest is thawed, then it is tried again', async () => {
    const world = new World();

    world.thawErrors = 2;
    expect((await world.run()).type).toBe('Cut');
    expect(world.calls.filter((call) => call === 'thaw')).toHaveLength(3);
  });

  it('given no freeze is wanted, when cut, then the guest is neither frozen nor thawed', async () => {
    const world = new World();

    expect(await world.run({ freeze: false })).toMatchObject({ type: 'Cut', frozen: false });
    expect(world.calls).toEqual(['create']);
  });
});
