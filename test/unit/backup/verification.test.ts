import { describe, expect, it } from 'vitest';
import { BACKUP_ENGINE, BACKUP_REPOSITORY, VM_BACKUP } from '../../../server/contract/api.ts';
import { failure } from '../../../server/contract/failures.ts';
import { ANNOTATION_PROBE_REQUESTED, ANNOTATION_VERIFY_REQUESTED, FINALIZER_DATA } from '../../../server/contract/names.ts';
import type { BackupVolume, Verification, VMBackup } from '../../../server/contract/vm-backup.ts';
import type { ControllerContext } from '../../../server/controllers/context.ts';
import { vmBackupReconciler } from '../../../server/controllers/vm-backup/index.ts';
import { verificationRequest } from '../../../server/domain/backup/verification.ts';
import { MoverSlots } from '../../../server/domain/slots.ts';
import { createLogger } from '../../../server/telemetry/log.ts';
import { aBackup, anEngine, aRepository } from '../../support/builders.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { FakeEngine } from '../../support/fake-engine.ts';
import { FakeKube } from '../../support/fake-kube.ts';

const KEY = { namespace: 'web', name: 'nightly' };
const MIB = 2 ** 20;
const LATER = '2026-01-01T01:00:00Z';

class ServerKilled extends Error {}

function aVolume(name: string): BackupVolume {
  return { name, claimName: `shop-${name}`, claimUID: `uid-${name}`, sizeBytes: 8 * MIB, volumeMode: 'Block', accessModes: ['ReadWriteMany'], storageClassName: 'harvester-longhorn', phase: 'Completed' };
}

/** A completed backup of two disks of 8 MiB in its repository, and a server that can be killed at any write. */
class World {
  readonly clock = new FakeClock();
  readonly kube = new FakeKube(this.clock);
  readonly engine = new FakeEngine();
  readonly events: string[] = [];
  slots = new MoverSlots();
  killAtWrite: number | undefined;
  #reconcile = this.#start();

  constructor(requested: string | undefined = LATER) {
    const volumes = ['root', 'data'].map(aVolume);
    const backup = aBackup({ status: { phase: 'Completed', documentID: 'document', volumes, completedAt: '2026-01-01T00:00:00Z' } });

    this.kube.seed(BACKUP_ENGINE, anEngine());
    this.kube.seed(BACKUP_REPOSITORY, aRepository());
    this.kube.seed(VM_BACKUP, { ...backup, metadata: { ...backup.metadata, finalizers: [FINALIZER_DATA], ...(requested ? { annotations: { [ANNOTATION_VERIFY_REQUESTED]: requested } } : {}) } });
    const backupUID = this.backup?.metadata.uid ?? '';

    this.engine.repository.push(...volumes.map(({ name, sizeBytes }) => ({ id: name, backupUID, kind: 'volume' as const, volume: name, sizeBytes })), { id: 'document', backupUID, kind: 'document' });
    this.kube.onWrite = (write, moment) => {
      if (write.index === this.killAtWrite && moment === 'after') throw new ServerKilled();
    };
  }

  get backup(): VMBackup | undefined {
    return this.kube.all<VMBackup>(VM_BACKUP)[0];
  }

  get verification(): Verification | undefined {
    return this.backup?.status?.verification;
  }

  request(at: string): void {
    this.kube.update<VMBackup>(VM_BACKUP, KEY, ({ metadata }) => { metadata.annotations = { [ANNOTATION_VERIFY_REQUESTED]: at }; });
  }

  /** Reconciles, a second of fake time apart; a killed server is started again, with empty memory. */
  async run(until: () => boolean = () => this.verification?.state === 'Passed' || this.verification?.state === 'Failed'): Promise<void> {
    for (let turn = 0; turn < 40 && !until(); turn++) await this.turn();
    expect(until(), `stuck at ${JSON.stringify(this.backup?.status)}`).toBe(true);
  }

  async turn(): Promise<void> {
    try {
      await this.#reconcile('web/nightly', new AbortController().signal);
    } catch (error) {
      if (!(error instanceof ServerKilled)) throw error;
      this.slots = new MoverSlots();
      this.#reconcile = this.#start();
    }
    await this.clock.advance(1000);
  }

  #start(): ReturnType<typeof vmBackupReconciler> {
    const ctx: ControllerContext = {
      client: this.kube, clock: this.clock, log: createLogger({ clock: this.clock, write: () => undefined }),
      events: { record: async (_object, type, reason) => { this.events.push(`${type} ${reason}`); } },
      engineFor: () => this.engine, slots: this.slots, systemNamespace: 'harvester-vm-backup-system', clusterID: 'cluster-1',
    };

    return vmBackupReconciler(ctx, { cutTimeoutMs: 10_000 });
  }
}

describe('a verification', () => {
  it('given a completed backup, when it is asked for, then every byte is read once, it passes, and nothing is left', async () => {
    const world = new World();

    await world.run();
    expect(world.verification).toMatchObject({ state: 'Passed', bytesRead: 16 * MIB, requestedAt: LATER, startedAt: expect.any(String) as string, finishedAt: expect.any(String) as string });
    expect(world.backup?.status?.phase).toBe('Completed');
    expect([world.engine.begun.length, [...world.engine.live.keys()], world.slots.free('main', 2)]).toEqual([1, [], 2]);
    expect(world.events).toEqual(['Normal VerificationPassed']);
  });

  it('given nobody asks, when the backup is looked at, then nothing is read and nothing is written', async () => {
    const world = new World('soon');

    await world.turn();
    expect([world.engine.begun, world.kube.writes]).toEqual([[], []]);
  });

  it('given a verification that ended, when it is looked at again, then it does not begin anew, even for a request from a clock that is ahead; a later request does', async () => {
    const world = new World('2027-01-01T00:00:00Z');

    await world.run();
    for (let turn = 0; turn < 5; turn++) await world.turn();
    expect(world.engine.begun).toHaveLength(1);
    world.request('2027-01-01T00:00:01Z');
    await world.run(() => world.verification?.requestedAt === '2027-01-01T00:00:01Z' && world.verification.state === 'Passed');
    expect(new Set(world.engine.begun).size).toBe(2);
  });

  it('given data that differs, when it is verified, then it fails with the code, an Event tells it, and phase and data stay', async () => {
    const world = new World();

    world.engine.failWith = () => failure('HVB-DATA-MISMATCH', 'byte 4 differs', world.clock.now());
    await world.run();
    expect(world.verification).toMatchObject({ state: 'Failed', failure: { code: 'HVB-DATA-MISMATCH' } });
    expect([world.backup?.status?.phase, world.backup?.status?.failure]).toEqual(['Completed', undefined]);
    expect(world.engine.repository).toHaveLength(3);
    expect([...world.engine.live.keys()]).toEqual([]);
    expect(world.events).toEqual(['Warning VerificationFailed']);
  });

  it('given a document that covers fewer bytes than the disks had, when the mover is content with it, then it fails all the same', async () => {
    const world = new World();

    world.engine.repository.splice(1, 1);
    await world.run();
    expect(world.verification).toMatchObject({ state: 'Failed', bytesRead: 8 * MIB, failure: { code: 'HVB-DATA-MISMATCH' } });
  });

  it.each([[1, 'Passed'], [2, 'Failed']] as const)('given a mover that is killed %d time(s), when it is tried again, then it ends %s', async (kills, state) => {
    const world = new World();
    let left = kills;

    world.engine.failWith = () => (left-- > 0 ? failure('HVB-MOVER-KILLED', 'killed', world.clock.now()) : undefined);
    await world.run();
    expect(world.verification).toMatchObject({ state, attempts: 2 });
    expect([...world.engine.live.keys()]).toEqual([]);
  });

  it('given a damaged repository, when a verification finds that, then the repository is looked at', async () => {
    const world = new World();

    world.engine.failWith = () => failure('HVB-REPO-DAMAGED', 'ciphertext verification failed', world.clock.now());
    await world.run();
    expect(world.kube.all(BACKUP_REPOSITORY)[0]?.metadata.annotations?.[ANNOTATION_PROBE_REQUESTED]).toBeDefined();
  });

  it('given no free mover, when it is asked for, then it waits and says why, and begins when one is free', async () => {
    const world = new World();

    world.slots.take('main', 'one', 2);
    world.slots.take('main', 'two', 2);
    await world.turn();
    await world.turn();
    expect([world.verification?.message, world.engine.begun]).toEqual([expect.stringContaining('at most 2'), []]);
    world.slots.giveBack('main', 'one');
    await world.run();
    expect(world.verification?.state).toBe('Passed');
  });

  it('given a repository that is gone, when it is asked for, then it fails saying so', async () => {
    const world = new World();

    await world.kube.delete(BACKUP_REPOSITORY, { name: 'main' });
    await world.run();
    expect(world.verification).toMatchObject({ state: 'Failed', failure: { code: 'HVB-REPO-MISSING' } });
  });

  it('given a verification that hangs, when the backup is deleted, then it is stopped, and data and object go', async () => {
    const world = new World();

    await world.run(() => world.engine.live.size > 0);
    for (const id of world.engine.live.keys()) world.engine.hanging.add(id);
    await world.turn();
    await world.kube.delete(VM_BACKUP, KEY);
    await world.run(() => world.backup === undefined);
    expect([world.engine.repository, [...world.engine.live.keys()], world.slots.free('main', 2)]).toEqual([[], [], 2]);
  });

  it('given a server that dies after any of its writes, when another takes over, then the result is the same and nothing is left', async () => {
    const undisturbed = new World();

    await undisturbed.run();
    const writes = undisturbed.kube.writes.length;

    expect(writes).toBeGreaterThan(3);
    for (let index = 0; index < writes; index++) {
      const world = new World();

      world.killAtWrite = index;
      await world.run();
      expect(world.verification, `killed after write ${index}`).toMatchObject({ state: 'Passed', bytesRead: 16 * MIB, attempts: 1 });
      expect([world.engine.begun.length, [...world.engine.live.keys()]], `killed after write ${index}`).toEqual([1, []]);
    }
  });
});

describe('a request for a verification', () => {
  const request = (requested: string, verification?: Partial<Verification>, phase: 'Completed' | 'Moving' = 'Completed'): string | undefined => verificationRequest({
    metadata: { name: 'b', annotations: { [ANNOTATION_VERIFY_REQUESTED]: requested } },
    status: { phase, ...(verification ? { verification: { state: 'Passed', startedAt: '2026-01-01T00:00:00Z', ...verification } } : {}) },
  });

  it.each([
    ['the first', LATER, undefined, LATER],
    ['one after the last start', LATER, {}, LATER],
    ['one from before the last start', '2025-12-31T23:59:59Z', {}, undefined],
    ['the one that was answered', LATER, { requestedAt: LATER }, undefined],
    ['what is no instant', 'now', undefined, undefined],
  ])('given %s, when it is judged, then it counts as it should', (_what, requested, verification, expected) => {
    expect(request(requested, verification)).toBe(expected);
  });

  it('given a backup that still runs, when it is judged, then it waits for the end', () => {
    expect(request(LATER, undefined, 'Moving')).toBeUndefined();
  });
});
