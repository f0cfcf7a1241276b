import { describe, expect, it } from 'vitest';
import { BACKUP_ENGINE, BACKUP_REPOSITORY, PV, PVC, SECRET, VIRTUAL_MACHINE, VIRTUAL_MACHINE_INSTANCE, VM_BACKUP, VOLUME_SNAPSHOT, VOLUME_SNAPSHOT_CLASS } from '../../../server/contract/api.ts';
import { failure, type FailureCode } from '../../../server/contract/failures.ts';
import type { Secret, VirtualMachineInstance, VolumeSnapshot } from '../../../server/contract/kubernetes.ts';
import type { VMBackup } from '../../../server/contract/vm-backup.ts';
import type { ControllerContext } from '../../../server/controllers/context.ts';
import { vmBackupReconciler } from '../../../server/controllers/vm-backup/index.ts';
import { isBackupTerminal } from '../../../server/domain/phases.ts';
import { MoverSlots } from '../../../server/domain/slots.ts';
import { createLogger } from '../../../server/telemetry/log.ts';
import { aBackup, aClaim, anEngine, aRepository, aSecret, aSnapshotClass, aVM, aVMI, aVolume } from '../../support/builders.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { FakeEngine } from '../../support/fake-engine.ts';
import { FakeKube } from '../../support/fake-kube.ts';

const KEY = { namespace: 'web', name: 'nightly' };
const CANARY = 'canary-3f9a';

class ServerKilled extends Error {}

/** A cluster with one VM of two disks, whose storage cuts at once, and a server that can be killed at any write. */
class World {
  readonly clock = new FakeClock();
  readonly kube = new FakeKube(this.clock);
  readonly engine = new FakeEngine();
  readonly guest: string[] = [];
  frozen = false;
  cut = true;
  killAtWrite: number | undefined;
  #reconcile = this.#start();

  constructor(backup: VMBackup = aBackup(), agent = true) {
    const volumes = ['root', 'data'].map((name) => ({ name, persistentVolumeClaim: { claimName: `shop-${name}` } }));

    this.kube.seed(BACKUP_ENGINE, anEngine());
    this.kube.seed(BACKUP_REPOSITORY, aRepository());
    this.kube.seed(VIRTUAL_MACHINE, aVM({ volumes: [...volumes, { name: 'init', cloudInitNoCloud: { secretRef: { name: 'cloud-init' } } }] }));
    this.kube.seed(VIRTUAL_MACHINE_INSTANCE, aVMI({ agent }));
    this.kube.seed(SECRET, aSecret({ name: 'cloud-init', namespace: 'web', values: { userdata: CANARY } }));
    this.kube.seed(VOLUME_SNAPSHOT_CLASS, aSnapshotClass());
    for (const { name } of volumes) {
      this.kube.seed(PVC, aClaim({ name: `shop-${name}` }));
      this.kube.seed(PV, aVolume({ name: `pv-shop-${name}` }));
    }
    this.kube.seed(VM_BACKUP, backup);
    this.kube.onSubresource = (_type, _key, subresource) => {
      this.guest.push(subresource);
      this.#setFrozen(subresource === 'freeze');
    };
    this.kube.onWrite = (write, moment) => {
      if (write.index === this.killAtWrite && moment === 'after') throw new ServerKilled();
      if (write.verb === 'create' && write.kind === 'VolumeSnapshot' && moment === 'after' && this.cut) this.#cut(write.key);
    };
  }

  get backup(): VMBackup | undefined {
    return this.kube.all<VMBackup>(VM_BACKUP)[0];
  }

  /** Reconciles, a second of fake time apart, until the backup is at its end; a killed server is started again. */
  async run(until: (backup: VMBackup | undefined) => boolean = (backup) => !backup || isBackupTerminal(backup.status?.phase ?? 'Pending')): Promise<void> {
    for (let turn = 0; turn < 80 && !until(this.backup); turn++) {
      try {
        await this.#finish(this.#reconcile('web/nightly', new AbortController().signal));
      } catch (error) {
        if (!(error instanceof ServerKilled)) throw error;
        this.#reconcile = this.#start();
      }
      await this.clock.advance(1000);
    }
    expect(until(this.backup), `stuck at ${JSON.stringify(this.backup?.status)}`).toBe(true);
  }

  /** What a backup may leave in the cluster only while it runs. */
  leftovers(): string[] {
    return [
      ...this.kube.all(VOLUME_SNAPSHOT).map((each) => `VolumeSnapshot ${each.metadata.name}`),
      ...this.kube.all(SECRET).filter((each) => each.metadata.namespace !== 'web').map((each) => `Secret ${each.metadata.name}`),
      ...this.engine.live.keys(),
      ...(this.frozen ? ['a frozen guest'] : []),
    ];
  }

  async #finish<T>(work: Promise<T>): Promise<T> {
    let done = false;
    const settled = work.finally(() => { done = true; });

    settled.catch(() => undefined);
    while (!done) {
      const due = this.clock.nextDueInMs;

      await this.clock.advance(due ?? 0);
    }
    return settled;
  }

  #start(): ReturnType<typeof vmBackupReconciler> {
    const log = createLogger({ clock: this.clock, write: () => undefined });
    const ctx: ControllerContext = {
      client: this.kube, clock: this.clock, log, events: { record: () => Promise.resolve() }, engineFor: () => this.engine,
      slots: new MoverSlots(), systemNamespace: 'harvester-vm-backup-system', clusterID: 'cluster-1',
    };

    return vmBackupReconciler(ctx, { cutTimeoutMs: 10_000 });
  }

  #setFrozen(frozen: boolean): void {
    this.frozen = frozen;
    this.kube.update<VirtualMachineInstance>(VIRTUAL_MACHINE_INSTANCE, { namespace: 'web', name: 'shop' }, (vmi) => {
      vmi.status = { ...vmi.status };
      if (frozen) vmi.status.fsFreezeStatus = 'frozen';
      else delete vmi.status.fsFreezeStatus;
    });
  }

  #cut(key: string): void {
    const [namespace = '', name = ''] = key.split('/');

    this.kube.update<VolumeSnapshot>(VOLUME_SNAPSHOT, { namespace, name }, (snapshot) => { snapshot.status = { creationTime: this.clock.now().toISOString(), readyToUse: true }; });
  }
}

describe('a backup', () => {
  it('given a healthy VM, when backed up, then it is frozen once, every disk and last the document is stored, and nothing is left', async () => {
    const world = new World();

    await world.run();
    expect(world.backup?.status).toMatchObject({ phase: 'Completed', consistency: { level: 'Filesystem' }, documentID: expect.stringContaining('document:') as string, progress: { bytesTotal: 2 * 2 ** 30, bytesDone: 2 * 2 ** 30 } });
    expect(world.guest).toEqual(['freeze', 'unfreeze']);
    expect(world.engine.repository.map(({ kind, volume }) => volume ?? kind)).toEqual(['root', 'data', 'document']);
    expect(world.leftovers()).toEqual([]);
  });

  it('given a Secret of the VM, when backed up, then its value is in the document and in no object of ours', async () => {
    const world = new World();
    const texts: string[] = [];

    world.kube.admit = (object) => { if (object.kind !== 'Secret') texts.push(JSON.stringify(object)); };
    await world.run();
    const document = world.engine.repository.find(({ kind }) => kind === 'document')?.text ?? '';

    expect(document).toContain(Buffer.from(CANARY).toString('base64'));
    expect(texts.filter((text) => text.includes(CANARY) || text.includes(Buffer.from(CANARY).toString('base64')))).toEqual([]);
  });

  it('given no guest agent and the policy Required, when backed up, then it fails before anything is cut', async () => {
    const world = new World(aBackup({ policy: 'Required' }), false);

    await world.run();
    expect(world.backup?.status).toMatchObject({ phase: 'Failed', failure: { code: 'HVB-GUEST-AGENT-MISSING' } });
    expect(world.kube.writes.filter(({ kind }) => kind === 'VolumeSnapshot')).toEqual([]);
    expect(world.leftovers()).toEqual([]);
  });

  it('given no guest agent and the policy BestEffort, when backed up, then it completes as crash-consistent and says why', async () => {
    const world = new World(aBackup({ policy: 'BestEffort' }), false);

    await world.run();
    expect(world.backup?.status).toMatchObject({ phase: 'Completed', consistency: { level: 'Crash', reason: expect.stringContaining('agent') as string } });
    expect(world.guest).toEqual([]);
  });

  it('given snapshots that never come, when backed up, then the guest is thawed, three windows are tried, and nothing is left', async () => {
    const world = new World();

    world.cut = false;
    await world.run();
    expect(world.backup?.status).toMatchObject({ phase: 'Failed', quiesceAttempts: 3, failure: { code: 'HVB-STORAGE-SNAPSHOT-FAILED' } });
    expect(world.guest).toEqual(['freeze', 'unfreeze', 'freeze', 'unfreeze', 'freeze', 'unfreeze']);
    expect(world.leftovers()).toEqual([]);
  });

  it.each([['HVB-REPO-WRONG-KEY', 1], ['HVB-MOVER-KILLED', 2]] as const)('given a transfer that fails with %s, when backed up, then it is tried %d time(s) and the failure is told', async (code: FailureCode, tries) => {
    const world = new World();

    world.engine.failWith = (operation) => (operation.id.endsWith('/volume/data') ? failure(code, 'it broke', world.clock.now()) : undefined);
    await world.run();
    expect(world.backup?.status).toMatchObject({ phase: 'Failed', failure: { code, remedy: expect.any(String) as string } });
    expect(world.engine.begun.filter((id) => id.endsWith('/volume/data'))).toHaveLength(tries);
    expect(world.engine.repository.some(({ kind }) => kind === 'document')).toBe(false);
    expect(world.leftovers()).toEqual([]);
  });

  it('given a transfer that fails once, when backed up, then the retry completes it', async () => {
    const world = new World();
    let failures = 1;

    world.engine.failWith = (operation) => (operation.task.type === 'backup-volume' && failures-- > 0 ? failure('HVB-MOVER-KILLED', 'killed', world.clock.now()) : undefined);
    await world.run();
    expect(world.backup?.status?.phase).toBe('Completed');
    expect(world.backup?.status?.volumes?.map(({ attempts }) => attempts).sort()).toEqual([1, 2]);
  });

  it('given a running backup, when it is cancelled, then it stops, cleans up and says so', async () => {
    const world = new World();

    await world.run((backup) => backup?.status?.phase === 'Moving');
    world.kube.update<VMBackup>(VM_BACKUP, KEY, (backup) => { backup.spec.cancel = true; });
    await world.run();
    expect(world.backup?.status).toMatchObject({ phase: 'Cancelled', failure: { code: 'HVB-CANCELLED' } });
    expect(world.leftovers()).toEqual([]);
  });

  it('given a completed backup, when it is deleted, then its data goes and then the object', async () => {
    const world = new World();

    await world.run();
    await world.kube.delete(VM_BACKUP, KEY);
    await world.run((backup) => backup === undefined);
    expect(world.engine.repository).toEqual([]);
    expect(world.leftovers()).toEqual([]);
  });

  it('given a running backup, when it is deleted, then what runs is stopped, and movers, snapshots, capture and data go with it', async () => {
    const world = new World();

    await world.run((backup) => backup?.status?.phase === 'Moving');
    await world.run((backup) => backup?.status?.volumes?.some(({ phase }) => phase === 'Moving') === true);
    expect(world.leftovers()).not.toEqual([]);
    await world.kube.delete(VM_BACKUP, KEY);
    await world.run((backup) => backup === undefined);
    expect([world.engine.repository, world.leftovers()]).toEqual([[], []]);
  });

  it('given the deletion policy Retain, when the object is deleted, then the data stays', async () => {
    const world = new World(aBackup({ deletionPolicy: 'Retain' }));

    await world.run();
    await world.kube.delete(VM_BACKUP, KEY);
    await world.run((backup) => backup === undefined);
    expect(world.engine.repository).toHaveLength(3);
  });

  it('given a repository that cannot remove, when the object is deleted, then it stays with the reason, and goes when the policy becomes Retain', async () => {
    const world = new World();

    await world.run();
    world.engine.failWith = (operation) => (operation.task.type === 'remove' ? failure('HVB-REPO-READ-ONLY', 'read-only', world.clock.now()) : undefined);
    await world.kube.delete(VM_BACKUP, KEY);
    await world.run((backup) => backup?.status?.failure?.code === 'HVB-REPO-READ-ONLY');
    world.kube.update<VMBackup>(VM_BACKUP, KEY, (backup) => { backup.spec.deletionPolicy = 'Retain'; });
    await world.run((backup) => backup === undefined);
    expect(world.engine.repository).toHaveLength(3);
  });

  it('given a VM that was replaced while the backup waited, when its turn comes, then the new VM is not touched', async () => {
    const world = new World();

    world.kube.update(BACKUP_REPOSITORY, { name: 'main' }, (repository: ReturnType<typeof aRepository>) => { repository.status = { phase: 'Initializing' }; });
    await world.run((backup) => backup?.status?.phase === 'Queued');
    await world.kube.delete(VIRTUAL_MACHINE, { namespace: 'web', name: 'shop' });
    world.kube.seed(VIRTUAL_MACHINE, aVM({ uid: 'another' }));
    world.kube.update(BACKUP_REPOSITORY, { name: 'main' }, (repository: ReturnType<typeof aRepository>) => { repository.status = { phase: 'Ready' }; });
    await world.run();
    expect(world.backup?.status).toMatchObject({ phase: 'Failed', failure: { code: 'HVB-SOURCE-VM-REPLACED' } });
    expect(world.guest).toEqual([]);
  });
});

describe('a server that is killed', () => {
  it('given a backup, when the server dies after any of its writes, then the next one completes it, with each part stored once and nothing left', async () => {
    const undisturbed = new World();

    await undisturbed.run();
    const total = undisturbed.kube.writes.length;

    expect(total).toBeGreaterThan(10);
    for (let index = 0; index < total; index++) {
      const world = new World();

      world.killAtWrite = index;
      await world.run();
      expect(world.backup?.status?.phase, `killed after write ${index}`).toBe('Completed');
      expect(world.backup?.status?.consistency?.level, `killed after write ${index}`).toBe('Filesystem');
      expect(world.engine.repository.map(({ kind, volume }) => volume ?? kind), `killed after write ${index}`).toEqual(['root', 'data', 'document']);
      expect(world.leftovers(), `killed after write ${index}`).toEqual([]);
    }
  });

  it('given a deletion, when the server dies after any of its writes, then the next one removes data and object', async () => {
    const base = new World();

    await base.run();
    const before = base.kube.writes.length;

    await base.kube.delete(VM_BACKUP, KEY);
    await base.run((backup) => backup === undefined);
    for (let index = before + 1; index < base.kube.writes.length; index++) {
      const world = new World();

      await world.run();
      world.killAtWrite = index;
      await world.kube.delete(VM_BACKUP, KEY);
      await world.run((backup) => backup === undefined);
      expect([world.engine.repository, world.leftovers()], `killed after write ${index}`).toEqual([[], []]);
    }
  });
});

describe('a capture', () => {
  it('given a running backup, when the system namespace is looked at, then the captured VM is there as a Secret only', async () => {
    const world = new World();

    await world.run((backup) => backup?.status?.phase === 'Moving');
    expect(world.kube.all<Secret>(SECRET).filter(({ metadata }) => metadata.namespace === 'harvester-vm-backup-system')).toHaveLength(1);
  });
});
