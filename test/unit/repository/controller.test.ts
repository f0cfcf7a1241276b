import { describe, expect, it } from 'vitest';
import { BACKUP_ENGINE, BACKUP_REPOSITORY, SECRET } from '../../../server/contract/api.ts';
import type { BackupRepository } from '../../../server/contract/backup-repository.ts';
import { failure } from '../../../server/contract/failures.ts';
import { ANNOTATION_PROBE_REQUESTED } from '../../../server/contract/names.ts';
import { backupRepositoryReconciler } from '../../../server/controllers/backup-repository/index.ts';
import type { ControllerContext } from '../../../server/controllers/context.ts';
import { MoverSlots } from '../../../server/domain/slots.ts';
import { createLogger } from '../../../server/telemetry/log.ts';
import { anEngine, aRepository, aSecret } from '../../support/builders.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { FakeEngine } from '../../support/fake-engine.ts';
import { FakeKube } from '../../support/fake-kube.ts';

/** A cluster with one new repository. */
class World {
  readonly clock = new FakeClock();
  readonly kube = new FakeKube(this.clock);
  readonly engine = new FakeEngine();
  readonly #reconcile: (name: string) => Promise<unknown>;

  constructor({ withKey = true } = {}) {
    const ctx: ControllerContext = {
      client: this.kube, clock: this.clock, log: createLogger({ clock: this.clock, write: () => undefined }), events: { record: () => Promise.resolve() },
      engineFor: () => this.engine, slots: new MoverSlots(), systemNamespace: 'harvester-vm-backup-system', clusterID: 'cluster-1',
    };
    const { status: _none, ...repository } = aRepository();

    this.kube.seed(BACKUP_ENGINE, anEngine());
    this.kube.seed(BACKUP_REPOSITORY, repository);
    if (withKey) this.kube.seed(SECRET, aSecret());
    this.#reconcile = backupRepositoryReconciler(ctx);
  }

  get status(): BackupRepository['status'] {
    return this.kube.all<BackupRepository>(BACKUP_REPOSITORY)[0]?.status;
  }

  async turns(count = 12): Promise<void> {
    for (let turn = 0; turn < count; turn++) {
      await this.#reconcile('main');
      await this.clock.advance(1000);
    }
  }
}

describe('a repository', () => {
  it('given a place and a key, when it is made, then it is initialised once and is ready, and nothing is left', async () => {
    const world = new World();

    await world.turns();
    expect(world.status).toMatchObject({ phase: 'Ready', repositoryID: 'repository-1', failedProbes: 0 });
    expect(world.engine.begun).toHaveLength(1);
    expect([...world.engine.live]).toEqual([]);
  });

  it('given no key Secret, when it is made, then it says which Secret to create, writes that once, and goes on when it is there', async () => {
    const world = new World({ withKey: false });

    await world.turns();
    expect(world.status).toMatchObject({ phase: 'Failed', failure: { code: 'HVB-REPO-KEY-MISSING', message: expect.stringContaining('harvester-vm-backup-system/key') as string } });
    expect(world.kube.writes.filter(({ verb }) => verb === 'replaceStatus')).toHaveLength(1);
    world.kube.seed(SECRET, aSecret());
    await world.turns();
    expect(world.status).toMatchObject({ phase: 'Ready' });
    expect(world.status?.failure).toBeUndefined();
  });

  it('given a wrong password, when the Secret is put right, then the repository heals at once', async () => {
    const world = new World();

    world.engine.failWith = () => failure('HVB-REPO-WRONG-KEY', 'wrong password', world.clock.now());
    await world.turns(4);
    expect(world.status).toMatchObject({ phase: 'Failed', failure: { code: 'HVB-REPO-WRONG-KEY' } });
    world.engine.failWith = undefined;
    await world.kube.patch(SECRET, { namespace: 'harvester-vm-backup-system', name: 'key' }, { data: { password: Buffer.from('right').toString('base64') } });
    await world.turns(5);
    expect(world.status?.phase).toBe('Ready');
  });

  it('given a probe that runs, when another is asked for meanwhile, then there is another: the first may have looked too early', async () => {
    const world = new World();
    const ask = () => world.kube.patch(BACKUP_REPOSITORY, { name: 'main' }, { metadata: { annotations: { [ANNOTATION_PROBE_REQUESTED]: world.clock.now().toISOString() } } });

    await world.turns();
    await ask();
    await world.turns(2);
    expect(world.status?.probingSince).toBeDefined();
    await ask();
    await world.turns(20);
    expect(world.engine.begun).toHaveLength(3);
    expect([...world.engine.live.keys()]).toEqual([]);
    expect(world.status?.probingSince).toBeUndefined();
  });

  it('given a place that holds another repository than before, when it is probed, then it is not called ready', async () => {
    const world = new World();

    await world.turns();
    world.kube.update<BackupRepository>(BACKUP_REPOSITORY, { name: 'main' }, (repository) => { repository.status = { ...repository.status, phase: 'Ready', repositoryID: 'ours', keyVersion: 'old' }; });
    await world.turns();
    expect(world.status).toMatchObject({ phase: 'Failed', repositoryID: 'ours', failure: { code: 'HVB-REPO-NOT-INITIALISED' } });
  });

  it('given a ready repository, when its object is deleted, then it goes, and no operation stays behind', async () => {
    const world = new World();

    await world.turns();
    await world.kube.delete(BACKUP_REPOSITORY, { name: 'main' });
    await world.turns(3);
    expect(world.status).toBeUndefined();
    expect(world.kube.all(BACKUP_REPOSITORY)).toEqual([]);
    expect([...world.engine.live]).toEqual([]);
  });
});
