import { describe, expect, it } from 'vitest';
import { BACKUP_ENGINE } from '../../../server/contract/api.ts';
import type { BackupEngine } from '../../../server/contract/backup-engine.ts';
import { failure } from '../../../server/contract/failures.ts';
import { backupEngineReconciler } from '../../../server/controllers/backup-engine/index.ts';
import { MoverSlots } from '../../../server/domain/slots.ts';
import { createLogger } from '../../../server/telemetry/log.ts';
import { anEngine } from '../../support/builders.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { FakeEngine } from '../../support/fake-engine.ts';
import { FakeKube } from '../../support/fake-kube.ts';

class World {
  readonly clock = new FakeClock();
  readonly kube = new FakeKube(this.clock);
  readonly engine = new FakeEngine();
  readonly #reconcile = backupEngineReconciler({
    client: this.kube, clock: this.clock, log: createLogger({ clock: this.clock, write: () => undefined }), events: { record: () => Promise.resolve() },
    engineFor: () => this.engine, slots: new MoverSlots(), systemNamespace: 'harvester-vm-backup-system', clusterID: 'cluster-1',
  });

  constructor() {
    this.kube.seed(BACKUP_ENGINE, anEngine());
  }

  get status(): BackupEngine['status'] {
    return this.kube.all<BackupEngine>(BACKUP_ENGINE)[0]?.status;
  }

  async turns(count: number): Promise<void> {
    for (let turn = 0; turn < count; turn++) {
      await this.#reconcile('restic');
      await this.clock.advance(1000);
    }
  }
}

describe('a data engine', () => {
  it('given a mover that answers, when the object is there, then it is asked once and says what it can do', async () => {
    const world = new World();

    await world.turns(10);
    expect(world.status).toMatchObject({ phase: 'Ready', capabilities: { engine: 'fake', version: '1' } });
    expect(world.engine.begun).toHaveLength(1);
    expect([...world.engine.live]).toEqual([]);
  });

  it('given a mover that cannot start, when asked, then the reason is told, and it is asked again a minute later', async () => {
    const world = new World();

    world.engine.failWith = () => failure('HVB-MOVER-NOT-STARTED', 'image not found', world.clock.now());
    await world.turns(30);
    expect(world.status).toMatchObject({ phase: 'Unavailable', failure: { code: 'HVB-MOVER-NOT-STARTED' } });
    expect(world.engine.begun).toHaveLength(1);
    world.engine.failWith = undefined;
    await world.turns(60);
    expect(world.status?.phase).toBe('Ready');
    expect(world.status?.failure).toBeUndefined();
  });
});
