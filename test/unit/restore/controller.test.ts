import { describe, expect, it } from 'vitest';
import { BACKUP_ENGINE, BACKUP_REPOSITORY, PVC, SECRET, STORAGE_CLASS, VIRTUAL_MACHINE, VM_BACKUP, VM_RESTORE } from '../../../server/contract/api.ts';
import { failure } from '../../../server/contract/failures.ts';
import type { BackupRepository } from '../../../server/contract/backup-repository.ts';
import type { PersistentVolumeClaim, VirtualMachine } from '../../../server/contract/kubernetes.ts';
import type { VMBackup } from '../../../server/contract/vm-backup.ts';
import { START_LIMIT_MS } from '../../../server/controllers/vm-restore/start-vm.ts';
import { ApiError } from '../../../server/kube/client.ts';
import { aDocument, aVolumeOf, NOW } from './fixtures.ts';
import { aRestore, ended, in_, KEY, VM_KEY, World } from './world.ts';

const RUN = ['Planning', 'Queued', 'RestoringVolumes', 'CreatingVM', 'Starting', 'Completed'];
/** A VM of somebody else's under the name that the restore wants. */
const theirVM = (): VirtualMachine => ({ apiVersion: 'kubevirt.io/v1', kind: 'VirtualMachine', metadata: { ...VM_KEY }, spec: { runStrategy: 'Halted', template: { spec: { domain: { devices: {} } } } } });
const broken = (code: 'HVB-MOVER-KILLED' | 'HVB-STORAGE-FULL') => failure(code, `volume data: ${code}`, NOW);

describe('vm-restore controller', () => {
  it('given a restore that runs by itself, when nothing fails, then VM, disks and Secrets are there and the VM runs', async () => {
    const world = new World();
    await world.run();
    const { status, metadata } = world.restore;

    expect(world.phases).toEqual(RUN);
    expect(status).toMatchObject({ phase: 'Completed', progress: { bytesDone: 2 * 1024 ** 3 }, volumes: [{ phase: 'Completed', rootDigest: 'sha256:root' }, { phase: 'Completed', rootDigest: 'sha256:data' }] });
    expect(status?.timings?.map(({ phase }) => phase)).toEqual(RUN);
    expect(status?.timings?.every(({ finishedAt }) => finishedAt)).toBe(true);
    expect(status?.conditions?.map(({ type, status: is }) => `${type}=${is}`)).toEqual(['Planned=True', 'VolumesRestored=True', 'VMCreated=True', 'Ready=True']);
    expect(status?.created?.map(({ kind }) => kind)).toEqual(['PersistentVolumeClaim', 'PersistentVolumeClaim', 'Secret', 'Secret', 'VirtualMachine']);
    expect(metadata.finalizers ?? []).toEqual([]);
    expect(world.vm?.spec.runStrategy).toBe('Always');
    expect(world.engine.live.size).toBe(0);
    expect(world.events.map((event) => event.split(' ')[1])).toEqual(RUN);
  });

  it('given a plan, when nobody has approved it, then nothing is made; when its hash is approved, then it runs', async () => {
    const world = new World(aRestore({ autoApprove: false }));
    await world.run(in_('AwaitingApproval'));
    for (let turn = 0; turn < 5; turn++) await world.turn();
    expect(world.made()).toEqual([]);
    expect(world.engine.live.size).toBe(0);

    world.approve();
    await world.run();
    expect(world.phases).toEqual(['Planning', 'AwaitingApproval', ...RUN.slice(1)]);
    expect(world.made()).toEqual(world.restore.status?.plan?.objects.map(({ kind, name }) => `${kind} ${name}`));
  });

  it('given an approved plan and a restarted server, when it applies the plan, then the document is fetched again and the plan is the same', async () => {
    const world = new World(aRestore({ autoApprove: false }));
    await world.run(in_('AwaitingApproval'));
    world.restart();
    world.approve();
    await world.run();

    expect(world.restore.status?.phase).toBe('Completed');
    expect(world.engine.begun.filter((id) => id.endsWith('/restore-document'))).toHaveLength(2);
  });

  it('given a failed check, when it should run by itself, then it waits for a person and says why', async () => {
    const world = new World(aRestore({ volumes: [{ name: 'root', storageClassName: 'gone' }] }));
    await world.run(in_('AwaitingApproval'));

    expect(world.restore.status?.message).toContain('StorageClass "gone" does not exist');
    expect(world.restore.status?.conditions?.find(({ type }) => type === 'Planned')).toMatchObject({ status: 'False', reason: 'ChecksFailed' });
    world.approve();
    await world.run();
    expect(world.restore.status).toMatchObject({ phase: 'Failed', failure: { code: 'HVB-PLAN-FAILED' } });
  });

  it('given a plan with a failed check, when the cause is gone and the request is touched, then it is planned again and runs', async () => {
    const world = new World();
    world.kube.seed(VIRTUAL_MACHINE, theirVM());
    await world.run(in_('AwaitingApproval'));
    await world.kube.delete(VIRTUAL_MACHINE, VM_KEY);
    world.change((restore) => { restore.spec.autoApprove = false; });
    await world.turn();
    await world.turn();

    expect(world.phases).toEqual(['Planning', 'AwaitingApproval', 'Planning', 'AwaitingApproval']);
    expect(world.restore.status?.plan?.checks.filter(({ verdict }) => verdict === 'Fail')).toEqual([]);
  });

  it.each([
    ['its storage class went', (world: World) => void world.kube.delete(STORAGE_CLASS, { name: 'nfs' }), 'HVB-STORAGE-CLASS-MISSING'],
    ['the VM name was taken', (world: World) => void world.kube.seed(VIRTUAL_MACHINE, theirVM()), 'HVB-TARGET-VM-EXISTS'],
    ['a Secret name was taken', (world: World) => void world.kube.seed(SECRET, { apiVersion: 'v1', kind: 'Secret', metadata: { namespace: 'lab', name: 'ssh' } }), 'HVB-PLAN-CHANGED'],
  ])('given an approval, when since the plan %s, then nothing is made and the failure says so', async (_what, change, code) => {
    const world = new World(aRestore({ autoApprove: false }));
    await world.run(in_('AwaitingApproval'));
    change(world);
    const before = world.made();
    world.approve();
    await world.run();

    expect(world.restore.status).toMatchObject({ phase: 'Failed', failure: { code } });
    expect(world.made()).toEqual(before);
    expect(world.engine.live.size).toBe(0);
  });

  it.each([
    ['no backup', (world: World) => void world.kube.delete(VM_BACKUP, { namespace: 'web', name: 'nightly' }), 'HVB-BACKUP-MISSING'],
    ['an unfinished backup', (world: World) => void world.kube.update<VMBackup>(VM_BACKUP, { namespace: 'web', name: 'nightly' }, (backup) => { backup.status = { phase: 'Moving' }; }), 'HVB-BACKUP-INCOMPLETE'],
    ['no repository', (world: World) => void world.kube.delete(BACKUP_REPOSITORY, { name: 'main' }), 'HVB-REPO-MISSING'],
    ['no engine', (world: World) => void world.kube.delete(BACKUP_ENGINE, { name: 'restic' }), 'HVB-ENGINE-MISSING'],
  ])('given %s, when restored, then it fails at once', async (_what, change, code) => {
    const world = new World();
    change(world);
    await world.run();

    expect(world.restore.status).toMatchObject({ phase: 'Failed', failure: { code } });
    expect(world.engine.begun).toEqual([]);
  });

  it('given a repository that is not ready, when it becomes ready, then the restore goes on by itself', async () => {
    const world = new World();
    const set = (phase: 'Failed' | 'Ready') => world.kube.update<BackupRepository>(BACKUP_REPOSITORY, { name: 'main' }, (repository) => { repository.status = { phase }; });
    set('Failed');
    for (let turn = 0; turn < 5; turn++) await world.turn();
    expect(world.restore.status).toMatchObject({ phase: 'Planning', message: expect.stringContaining('main, which is Failed') as string });
    set('Ready');
    await world.run();
    expect(world.restore.status?.phase).toBe('Completed');
  });

  it.each([
    ['is not JSON', '{"secret": "Y2FuYXJ5"', 'does not have the expected form'],
    ['lacks fields', JSON.stringify({ ...aDocument(), volumes: undefined }), 'does not have the expected form'],
    ['is of another backup', JSON.stringify({ ...aDocument(), identity: { ...aDocument().identity, backupUID: 'other' } }), 'belongs to the backup other'],
    ['is of another cluster', JSON.stringify({ ...aDocument(), identity: { ...aDocument().identity, cluster: 'cluster-2' } }), 'cluster cluster-2'],
  ])('given a backup document that %s, when read, then the restore fails without showing it', async (_what, text, words) => {
    const world = new World();
    for (const entry of world.engine.repository) entry.text = text;
    await world.run();

    expect(world.restore.status).toMatchObject({ phase: 'Failed', failure: { code: 'HVB-DATA-DOCUMENT-INVALID', message: expect.stringContaining(words) as string } });
    expect(world.engine.live.size).toBe(0);
  });

  it('given a document that was sealed for a process that is gone, when read, then it is read once more', async () => {
    const world = new World();
    let lost = 1;
    world.engine.distort = (_operation, observation) => {
      if (observation.phase !== 'Succeeded' || observation.document === undefined || lost-- <= 0) return observation;
      const { document: _gone, ...rest } = observation;
      return rest;
    };
    await world.run();

    expect(world.restore.status?.phase).toBe('Completed');
  });

  it('given a volume that fails once in a way that may pass, when it is tried again, then the restore completes', async () => {
    const world = new World();
    world.engine.failWith = ({ id }) => (id.endsWith('/data/1') ? broken('HVB-MOVER-KILLED') : undefined);
    await world.run();

    expect(world.restore.status).toMatchObject({ phase: 'Completed', volumes: [{ attempts: 1 }, { attempts: 2 }] });
    expect(world.engine.begun.filter((id) => id.includes('/data/')).map((id) => id.split('/').at(-1))).toEqual(['1', '2']);
  });

  it.each([
    ['fails twice', 'HVB-MOVER-KILLED' as const, 2],
    ['cannot succeed', 'HVB-STORAGE-FULL' as const, 1],
  ])('given a volume that %s, when the other is done already, then all is rolled back', async (_what, code, tries) => {
    const world = new World();
    world.engine.failWith = ({ id }) => (id.includes('/data/') ? broken(code) : undefined);
    await world.run();

    expect(world.phases.slice(-2)).toEqual(['RollingBack', 'Failed']);
    expect(world.restore.status).toMatchObject({ failure: { code }, created: [] });
    expect(world.engine.begun.filter((id) => id.includes('/data/'))).toHaveLength(tries);
    expect(world.made()).toEqual([]);
    expect(world.engine.live.size).toBe(0);
    expect(world.events.find((event) => event.includes('RollingBack'))).toContain(`Warning RollingBack ${code}`);
  });

  it('given data that differs from the backup, when written, then nothing of it is kept', async () => {
    const world = new World(aRestore(), aDocument({ volumes: [aVolumeOf('root', { rootDigest: 'sha256:else' }), aVolumeOf('data')] }));
    await world.run();

    expect(world.restore.status).toMatchObject({ phase: 'Failed', failure: { code: 'HVB-DATA-MISMATCH' } });
    expect(world.made()).toEqual([]);
  });

  it('given a cluster that refuses the VM, when it is created, then disks and Secrets go again', async () => {
    const world = new World();
    const admit = world.kube.admit;
    world.kube.admit = (object, verb) => {
      if (object.kind === 'VirtualMachine') throw new ApiError(403, 'Forbidden', 'exceeded quota: cpu');
      admit?.(object, verb);
    };
    await world.run();

    expect(world.restore.status).toMatchObject({ phase: 'Failed', failure: { code: 'HVB-TARGET-REJECTED', message: expect.stringContaining('exceeded quota: cpu') as string } });
    expect(world.made()).toEqual([]);
  });

  it('given somebody who takes the VM name while disks are written, when rolled back, then theirs stays, also with our label on other names', async () => {
    const world = new World();
    await world.run(in_('RestoringVolumes'));
    const labels = { 'backup.harvesterhci.io/restored-by': world.restore.metadata.uid ?? '' };
    world.kube.seed(VIRTUAL_MACHINE, theirVM());
    world.kube.seed(PVC, { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { namespace: 'lab', name: 'theirs', labels } });
    await world.run();

    expect(world.restore.status).toMatchObject({ phase: 'Failed', failure: { code: 'HVB-TARGET-VM-EXISTS' } });
    expect(world.made()).toEqual(['PersistentVolumeClaim theirs', 'VirtualMachine shop-copy']);
  });

  it('given a restored PVC that was replaced by another of its name, when rolled back, then that one stays', async () => {
    const world = new World(aRestore({ start: 'Start' }));
    world.hypervisor = false;
    await world.run(in_('Starting'));
    const [claim] = world.kube.all<PersistentVolumeClaim>(PVC);
    await world.kube.delete(PVC, { namespace: 'lab', name: claim?.metadata.name ?? '' });
    world.kube.seed(PVC, { ...claim, metadata: { ...claim?.metadata, uid: 'another' } } as PersistentVolumeClaim);
    world.change((restore) => { restore.spec.cancel = true; });
    await world.run();

    expect(world.restore.status?.phase).toBe('Cancelled');
    expect(world.made()).toEqual([`PersistentVolumeClaim ${claim?.metadata.name}`]);
  });

  it('given a VM that does not start in time, when the limit is over, then it fails and keeps the restored VM', async () => {
    const world = new World();
    world.hypervisor = false;
    await world.run(in_('Starting'));
    await world.clock.advance(START_LIMIT_MS);
    await world.run();

    expect(world.restore.status).toMatchObject({ phase: 'Failed', failure: { code: 'HVB-TARGET-START-FAILED', message: expect.stringContaining('restored and kept') as string } });
    expect(world.made()).toHaveLength(5);
    expect(world.restore.status?.conditions?.map(({ type, status: is }) => `${type}=${is}`)).toEqual(['Planned=True', 'VolumesRestored=True', 'VMCreated=True', 'Ready=False']);
  });

  it('given a restore that is to stay halted, when complete, then the VM never ran but remembers how to', async () => {
    const world = new World(aRestore({ start: 'Halted' }));
    await world.run();

    expect(world.phases).not.toContain('Starting');
    expect(world.vm).toMatchObject({ spec: { runStrategy: 'Halted' }, metadata: { annotations: { 'harvesterhci.io/vmRunStrategy': 'Always' } } });
  });

  it('given a VM with strategy Manual, when it is to start, then it is started by call, once', async () => {
    const document = aDocument();
    document.vm.spec = { ...document.vm.spec, runStrategy: 'Manual' };
    const world = new World(aRestore({ start: 'Start' }), document);
    const calls: string[] = [];
    world.kube.onSubresource = (_type, key, subresource) => {
      calls.push(`${key.name} ${subresource}`);
      world.kube.seed({ group: 'kubevirt.io', version: 'v1', kind: 'VirtualMachineInstance', plural: 'virtualmachineinstances', namespaced: true }, { apiVersion: 'kubevirt.io/v1', kind: 'VirtualMachineInstance', metadata: { ...VM_KEY }, status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } } as never);
    };
    await world.run();

    expect(calls).toEqual(['shop-copy start']);
    expect(world.vm?.spec.runStrategy).toBe('Manual');
  });

  it('given restored Secrets, when the VM is deleted, then they go with it', async () => {
    const world = new World();
    await world.run();
    await world.kube.delete(VIRTUAL_MACHINE, VM_KEY);

    expect(world.made().filter((each) => each.startsWith('Secret'))).toEqual([]);
  });

  it('given PVCs with a person’s labels, when restored, then the new ones have them', async () => {
    const world = new World(aRestore(), aDocument({ volumes: [aVolumeOf('root', { labels: { team: 'a', 'cdi.kubevirt.io/x': '1' }, annotations: { note: 'n', 'pv.kubernetes.io/bound-by-controller': 'yes' } }), aVolumeOf('data')] }));
    await world.run();
    const [root] = world.kube.all<PersistentVolumeClaim>(PVC);

    expect(root?.metadata.labels).toEqual({ team: 'a', 'backup.harvesterhci.io/restored-by': world.restore.metadata.uid });
    expect(root?.metadata.annotations).toEqual({ note: 'n' });
  });

  it('given a repository with one mover, when two disks are restored, then one after the other', async () => {
    const world = new World();
    world.kube.update<BackupRepository>(BACKUP_REPOSITORY, { name: 'main' }, (repository) => { repository.spec.limits = { parallelMovers: 1 }; });
    await world.run();

    expect(world.restore.status?.phase).toBe('Completed');
    expect(world.engine.most).toBe(1);
  });

  it('given a repository that is deleted while disks are written, when rolled back, then nothing is left all the same', async () => {
    const world = new World();
    await world.run(in_('RestoringVolumes'));
    await world.turn();
    await world.kube.delete(BACKUP_REPOSITORY, { name: 'main' });
    await world.run();

    expect(world.restore.status).toMatchObject({ phase: 'Failed', failure: { code: 'HVB-REPO-MISSING' } });
    expect(world.made()).toEqual([]);
    expect(world.engine.live.size).toBe(0);
  });

  it.each(['Planning', 'AwaitingApproval', 'Queued', 'RestoringVolumes', 'CreatingVM', 'Starting'] as const)('given a restore in %s, when it is cancelled, then it ends and leaves nothing', async (phase) => {
    const world = new World(aRestore({ autoApprove: phase !== 'AwaitingApproval' }));
    world.hypervisor = false;
    await world.run(in_(phase));
    world.change((restore) => { restore.spec.cancel = true; });
    await world.run();

    expect(world.restore.status).toMatchObject({ phase: 'Cancelled', failure: { code: 'HVB-CANCELLED' } });
    expect(world.made()).toEqual([]);
    expect(world.engine.live.size).toBe(0);
  });

  it.each(['Planning', 'AwaitingApproval', 'Queued', 'RestoringVolumes', 'CreatingVM', 'Starting'] as const)('given a restore in %s, when it is deleted, then it goes only when nothing is left', async (phase) => {
    const world = new World(aRestore({ autoApprove: phase !== 'AwaitingApproval' }));
    world.hypervisor = false;
    await world.run(in_(phase));
    await world.kube.delete(VM_RESTORE, KEY);
    expect(world.kube.all(VM_RESTORE)).toHaveLength(1);
    await world.run((restore) => restore === undefined);

    expect(world.made()).toEqual([]);
    expect(world.engine.live.size).toBe(0);
  });

  it('given a completed restore, when it is deleted, then VM and disks stay', async () => {
    const world = new World();
    await world.run();
    await world.kube.delete(VM_RESTORE, KEY);

    expect(world.kube.all(VM_RESTORE)).toEqual([]);
    expect(world.made()).toHaveLength(5);
  });

  it('given a request that makes no sense, when accepted, then it fails by the name of the field', async () => {
    const world = new World(aRestore({ start: 'Sometimes' as never }));
    await world.run(ended);

    expect(world.restore.status).toMatchObject({ phase: 'Failed', failure: { code: 'HVB-REQUEST-INVALID', message: expect.stringContaining('spec.start') as string } });
  });
});
