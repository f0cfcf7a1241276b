import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BACKUP_ENGINE, BACKUP_REPOSITORY, JOB, VM_BACKUP } from '../../../server/contract/api.ts';
import type { Job } from '../../../server/contract/kubernetes.ts';
import { ANNOTATION_VERIFY_REQUESTED, LABEL_OWNER_UID, SYSTEM_NAMESPACE } from '../../../server/contract/names.ts';
import type { VMBackup } from '../../../server/contract/vm-backup.ts';
import { createInformers, runInformers } from '../../../server/controllers/informers.ts';
import { vmBackupController } from '../../../server/controllers/vm-backup/index.ts';
import { MoverSlots } from '../../../server/domain/slots.ts';
import { createLogger } from '../../../server/telemetry/log.ts';
import { aBackup, anEngine, aRepository } from '../../support/builders.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { FakeEngine } from '../../support/fake-engine.ts';
import { FakeKube } from '../../support/fake-kube.ts';

/** What the controller of backups looks at, with live copies, in a cluster of finished backups. */
describe('what wakes the controller of backups', () => {
  let kube: FakeKube;
  let looks: string[];
  let stop: AbortController;
  let running: Promise<unknown>;

  const completed = (name: string, more: Partial<VMBackup['metadata']> = {}, verification?: NonNullable<VMBackup['status']>['verification']): VMBackup => {
    const backup = aBackup({ name, status: { phase: 'Completed', ...(verification ? { verification } : {}) } });

    return { ...backup, metadata: { ...backup.metadata, ...more } };
  };

  beforeEach(() => {
    kube = new FakeKube(new FakeClock());
    looks = [];
    stop = new AbortController();
  });
  afterEach(async () => {
    stop.abort();
    await running;
  });

  async function start(): Promise<void> {
    const clock = new FakeClock();
    const log = createLogger({ clock, level: 'error', write: () => undefined });
    const informers = createInformers({ client: kube, clock, log });
    const find = kube.find.bind(kube);

    kube.find = (type, key) => {
      if (type.kind === 'VMBackup') looks.push(key.name);
      return find(type, key);
    };
    const controller = vmBackupController({
      ...informers, cutTimeoutMs: 1000,
      ctx: { client: kube, clock, log, clusterID: 'c', systemNamespace: SYSTEM_NAMESPACE, slots: new MoverSlots(), events: { record: async () => undefined }, engineFor: () => new FakeEngine() },
    });

    running = Promise.all([runInformers(informers, stop.signal), controller.run(stop.signal)]);
    await settle();
    await settle();
  }

  it('given backups that are over, when a leader begins, then it looks at none of them but those that still ask for something', async () => {
    kube.seed(VM_BACKUP, completed('done'));
    kube.seed(VM_BACKUP, aBackup({ name: 'failed', status: { phase: 'Failed' } }));
    kube.seed(VM_BACKUP, aBackup({ name: 'cancelled', status: { phase: 'Cancelled' } }));
    kube.seed(VM_BACKUP, completed('goes', { deletionTimestamp: '2026-01-02T00:00:00Z', finalizers: ['x/y'] }));
    kube.seed(VM_BACKUP, completed('asks', { annotations: { [ANNOTATION_VERIFY_REQUESTED]: '2026-01-02T00:00:00Z' } }));
    kube.seed(VM_BACKUP, completed('verifies', {}, { state: 'Running', startedAt: '2026-01-02T00:00:00Z' }));
    await start();
    expect([...new Set(looks)].sort()).toEqual(['asks', 'goes', 'verifies']);
  });

  it('given a backup that is over, when a label changes it is left alone, and when its deletion or verification is asked for it is looked at', async () => {
    kube.seed(VM_BACKUP, completed('done', { finalizers: ['x/y'] }));
    await start();
    kube.update<VMBackup>(VM_BACKUP, { namespace: 'web', name: 'done' }, ({ metadata }) => { metadata.annotations = { note: 'x' }; });
    await settle();
    expect(looks).toEqual([]);
    kube.update<VMBackup>(VM_BACKUP, { namespace: 'web', name: 'done' }, ({ metadata }) => { metadata.annotations = { [ANNOTATION_VERIFY_REQUESTED]: '2026-01-02T00:00:00Z' }; });
    await settle();
    expect(looks).toContain('done');
  });

  it('given a backup that is over in our copy, when the last words of the leader before say otherwise, then it is looked at though nobody asked', async () => {
    kube.seed(VM_BACKUP, completed('done'));
    await start();
    kube.update<VMBackup>(VM_BACKUP, { namespace: 'web', name: 'done' }, (backup) => { backup.status = { phase: 'Completed', verification: { state: 'Running', startedAt: '2026-01-02T00:00:00Z' } }; });
    await settle();
    expect(looks).toContain('done');
  });

  it('given one backup that waits for a repository and one that works, when the repository changes and a Job ends, then each wakes its own', async () => {
    const working = aBackup({ name: 'working', status: { phase: 'Committing' } });

    kube.seed(BACKUP_ENGINE, anEngine());
    kube.seed(BACKUP_REPOSITORY, aRepository({ phase: 'Initializing' }));
    kube.seed(VM_BACKUP, aBackup({ name: 'waiting', status: { phase: 'Queued' } }));
    const { metadata: { uid = '' } } = kube.seed(VM_BACKUP, working);

    await start();
    looks.length = 0;
    kube.update(BACKUP_REPOSITORY, { name: 'main' }, ({ metadata }) => { metadata.labels = { a: 'b' }; });
    await settle();
    expect([...new Set(looks)]).toEqual(['waiting']);
    looks.length = 0;
    kube.seed<Job>(JOB, { apiVersion: 'batch/v1', kind: 'Job', metadata: { namespace: SYSTEM_NAMESPACE, name: 'j', labels: { [LABEL_OWNER_UID]: uid } }, spec: { template: { spec: { containers: [] } } } });
    await settle();
    expect([...new Set(looks)]).toEqual(['working']);
  });
});
