import { describe, expect, it } from 'vitest';
import { failure } from '../../../server/contract/failures.ts';
import type { FakeWrite, WriteMoment } from '../../support/fake-kube.ts';
import { NOW } from './fixtures.ts';
import { ServerKilled, World } from './world.ts';

/** A world whose server dies at one write, just before or just after it. */
function dying(at: number, moment: WriteMoment, prepare: (world: World) => void): World {
  const world = new World();

  prepare(world);
  world.onWrite = (write: FakeWrite, when: WriteMoment) => {
    if (write.index === at && when === moment) throw new ServerKilled();
  };
  return world;
}

/** What must be the same however often the server died: all but times, and UIDs and versions, which count writes. */
function outcome(world: World): unknown {
  const { status, metadata } = world.restore;

  return {
    phase: status?.phase, code: status?.failure?.code, made: world.made().sort(), finalizers: metadata.finalizers ?? [], live: [...world.engine.live.keys()],
    volumes: status?.volumes?.map(({ name, phase }) => `${name} ${phase}`), created: status?.created?.map(({ kind, name }) => `${kind} ${name}`), strategy: world.vm?.spec.runStrategy,
    timings: status?.timings?.map(({ phase }) => phase),
  };
}

describe('a server that is killed at any write of a restore', () => {
  it.each<[string, (world: World) => void, string]>([
    ['runs well', () => undefined, 'Completed'],
    ['has a disk that is tried again', (world) => { world.engine.failWith = ({ id }) => (id.endsWith('/data/1') ? failure('HVB-MOVER-KILLED', 'killed', NOW) : undefined); }, 'Completed'],
    ['is rolled back', (world) => { world.engine.failWith = ({ id }) => (id.includes('/data/') ? failure('HVB-STORAGE-FULL', 'full', NOW) : undefined); }, 'Failed'],
  ])('given a restore that %s, when another goes on, then the end is the same, with nothing twice and nothing left', async (_what, prepare, phase) => {
    const whole = new World();
    prepare(whole);
    await whole.run();
    expect(whole.restore.status?.phase).toBe(phase);
    const writes = whole.kube.writes.length;

    expect(writes).toBeGreaterThan(10);
    for (let at = 0; at < writes; at++) {
      for (const moment of ['before', 'after'] as const) {
        const world = dying(at, moment, prepare);
        await world.run();
        expect(outcome(world), `killed ${moment} write ${at}: ${JSON.stringify(whole.kube.writes[at])}`).toEqual(outcome(whole));
        expect(new Set(world.made()).size).toBe(world.made().length);
      }
    }
  }, 120_000);

  it('given a server that dies at every fifth write, when started again each time, then the restore still completes', async () => {
    const world = new World();
    world.onWrite = (write, moment) => {
      if (write.index % 5 === 4 && moment === 'after') throw new ServerKilled();
    };
    await world.run();

    expect(world.restore.status?.phase).toBe('Completed');
    expect(world.made()).toHaveLength(5);
  });
});
