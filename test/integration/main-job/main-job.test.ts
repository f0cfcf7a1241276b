import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BACKUP_ENGINE, BACKUP_REPOSITORY, EVENT, JOB, POD, PV, PVC, SECRET, VIRTUAL_MACHINE, VM_BACKUP, VM_RESTORE, VOLUME_SNAPSHOT } from '../../../server/contract/api.ts';
import type { BackupRepository } from '../../../server/contract/backup-repository.ts';
import type { PersistentVolumeClaim, Secret, VirtualMachine } from '../../../server/contract/kubernetes.ts';
import type { VMBackup } from '../../../server/contract/vm-backup.ts';
import { judgeDisks, readRecords } from '../../../server/embedded/guest/read-records.ts';
import { waitFor } from '../../support/cluster.ts';
import { PASSWORD, Product, sha256Of } from '../../support/product.ts';
import { stockRestic } from '../../support/stock-restic.ts';

describe('the main job, on the embedded cluster with the real server, mover and restic', () => {
  let product: Product;
  /** Bytes of each cut disk, by volume handle, as they were while the backup read them. */
  let cut: Map<string, string>;
  let handles: { root: string; data: string };
  let backup: VMBackup;

  beforeAll(async () => {
    product = await Product.start();
    await product.cluster.machineReady('web', 'shop');
    await product.repository();
    handles = { root: await product.handleOf('web', 'shop-rootdisk'), data: await product.handleOf('web', 'shop-data') };
  });
  afterAll(() => product.stop());

  const verdict = async (namespace: string, vm: string) => judgeDisks(await Promise.all((await product.cluster.disksOf(namespace, vm)).map(readRecords)));

  it('given a running VM with two disks whose guest writes, when backed up with the policy Required, then it completes with filesystem consistency', async () => {
    await product.backUp({ name: 'first' });
    await product.backupPhase('first', ['Moving', 'Committing', 'Cleaning', 'Completed']);
    cut = await product.snapshotHashes();
    backup = await product.backupPhase('first', 'Completed');

    expect([...cut.keys()].sort()).toEqual([handles.root, handles.data].sort());
    expect(backup.status).toMatchObject({ consistency: { level: 'Filesystem', policy: 'Required', agentConnected: true }, progress: { bytesDone: backup.status?.progress?.bytesTotal } });
    expect(backup.status?.volumes?.map(({ name, phase }) => [name, phase])).toEqual([['rootdisk', 'Completed'], ['data', 'Completed']]);
  });

  it('given the finished backup, when the cluster is looked at, then nothing temporary is left and the guest writes on', async () => {
    await product.clean();
    const before = (await verdict('web', 'shop')).lastSeq;

    await waitFor('new records', async () => (await verdict('web', 'shop')).lastSeq > before);
  });

  it('given the backup, when restored as a new VM in another namespace on lvm-thin and nfs, then both disks have the bytes that were cut, and the VM runs', async () => {
    await product.restore({ name: 'to-office', backup: 'first', target: 'shop-copy', start: 'Halted' });
    const restore = await product.restorePhase('to-office', 'Completed');
    const [root = '', data = ''] = await product.cluster.disksOf('office', 'shop-copy');

    expect(await sha256Of(root)).toBe(cut.get(handles.root));
    expect(await sha256Of(data)).toBe(cut.get(handles.data));
    expect(await verdict('office', 'shop-copy')).toMatchObject({ whole: true, reasons: [] });
    expect(restore.status?.volumes?.map(({ rootDigest }) => rootDigest)).toEqual(backup.status?.volumes?.map(({ rootDigest }) => rootDigest));
    const claims = await product.cluster.client.list<PersistentVolumeClaim>(PVC, { namespace: 'office' });
    const restored = claims.items.filter(({ metadata }) => metadata.name.startsWith('shop-copy')).map(({ spec }) => [spec.storageClassName, spec.volumeMode, spec.accessModes]);

    expect(restored).toEqual(expect.arrayContaining([['lvm-thin', 'Block', ['ReadWriteOnce']], ['nfs', 'Filesystem', ['ReadWriteMany']]]));
    await product.clean();
    const vm = await product.cluster.client.get<VirtualMachine>(VIRTUAL_MACHINE, { namespace: 'office', name: 'shop-copy' });

    await product.cluster.client.patch(VIRTUAL_MACHINE, { namespace: 'office', name: 'shop-copy' }, { spec: { runStrategy: 'Always' } });
    await product.cluster.machineReady('office', 'shop-copy');
    expect(vm.spec.runStrategy).toBe('Halted');
  });

  it('given the policy Skip, when backed up and restored, then the records are torn: the freeze of the other test is what made them whole', async () => {
    // A cut between two records can look whole by chance; many cuts cannot.
    const seen: boolean[] = [];

    for (let round = 0; round < 5 && !seen.includes(false); round++) {
      const name = `skip-${round}`;

      await product.backUp({ name, policy: 'Skip' });
      const skipped = await product.backupPhase(name, 'Completed');

      expect(skipped.status?.consistency).toMatchObject({ level: 'Crash', policy: 'Skip' });
      await product.restore({ name, backup: name, target: name, start: 'Halted' });
      await product.restorePhase(name, 'Completed');
      seen.push((await verdict('office', name)).whole);
    }
    expect(seen).toContain(false);
  });

  it('given the repository alone, when stock restic restores it without our code, then the disk image is the one that was cut', async () => {
    const target = await mkdtemp(join(tmpdir(), 'hvb-stock-'));

    try {
      await stockRestic(await product.repositoryFolder(), ['restore', backup.status?.volumes?.[0]?.snapshotID ?? '', '--target', target]);
      expect(await sha256Of(join(target, 'rootdisk.raw'))).toBe(cut.get(handles.root));
    } finally {
      await rm(target, { recursive: true, force: true });
    }
  });

  it('given a VM without a guest agent, when backed up with BestEffort, then it completes as crash-consistent and says that the agent is missing', async () => {
    await product.backUp({ name: 'no-agent', vm: 'cache', policy: 'BestEffort' });
    expect((await product.backupPhase('no-agent', 'Completed')).status?.consistency).toMatchObject({ level: 'Crash', agentConnected: false, reason: expect.stringContaining('agent') as string });
  });

  it('given a stopped VM, when backed up with Required, then it completes and is called Stopped', async () => {
    await product.cluster.client.create<VMBackup>(VM_BACKUP, {
      apiVersion: backup.apiVersion, kind: 'VMBackup', metadata: { name: 'stopped', namespace: 'office' },
      spec: { source: { name: 'wiki' }, repository: 'main', quiesce: { policy: 'Required', deadlineSeconds: 30 }, deletionPolicy: 'Delete' },
    });
    expect((await product.backupPhase('stopped', 'Completed', 'office')).status?.consistency).toMatchObject({ level: 'Stopped' });
  });

  it('given every backup deleted, when the repository is looked at, then its data is gone, and the objects too', async () => {
    const { client } = product.cluster;
    const all = (await client.list<VMBackup>(VM_BACKUP)).items;

    await Promise.all(all.map(({ metadata: { namespace, name } }) => client.delete(VM_BACKUP, { name, ...(namespace ? { namespace } : {}) })));
    await waitFor('no backup object', async () => (await client.list<VMBackup>(VM_BACKUP)).items.length === 0, { seconds: 120, describe: async () => (await client.list<VMBackup>(VM_BACKUP)).items.map(({ status }) => [status?.phase, status?.message, status?.failure?.message]) });
    await product.clean();
    const folder = await product.repositoryFolder();

    expect(await readdir(join(folder, 'snapshots'))).toEqual([]);
    const packs = await readdir(join(folder, 'data'), { recursive: true, withFileTypes: true });

    expect(packs.filter((entry) => entry.isFile())).toEqual([]);
    await waitFor('the repository counts no backups', async () => (await client.get<BackupRepository>(BACKUP_REPOSITORY, { name: 'main' })).status?.backups === 0);
  });

  it('given all that, when objects of the system namespace, events and logs are searched, then the repository password and the VM’s secret are nowhere but in their Secrets', async () => {
    const secret = await product.cluster.client.get<Secret>(SECRET, { namespace: 'web', name: 'shop-cloud-init' });
    const canaries = [PASSWORD, ...Object.values(secret.data ?? {}).map((value) => Buffer.from(value, 'base64').toString())].flatMap((text) => [text, Buffer.from(text).toString('base64')]);

    expect(canaries.length).toBeGreaterThan(2);
    const everything = [product.server.log, ...await everyObject(product)];

    expect(everything.length).toBeGreaterThan(20);
    for (const canary of canaries) expect(everything.filter((text) => text.includes(canary))).toEqual([]);
  });
});

/** The text of every object in the cluster but Secrets, events included. */
async function everyObject({ cluster }: Product): Promise<string[]> {
  const types = [BACKUP_ENGINE, BACKUP_REPOSITORY, EVENT, JOB, POD, PV, PVC, VIRTUAL_MACHINE, VM_BACKUP, VM_RESTORE, VOLUME_SNAPSHOT];

  return (await Promise.all(types.map((type) => cluster.client.list(type)))).flatMap(({ items }) => items.map((item) => JSON.stringify(item)));
}
