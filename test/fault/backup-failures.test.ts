import { execFile } from 'node:child_process';
import { readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BACKUP_REPOSITORY, SECRET, VOLUME_SNAPSHOT } from '../../server/contract/api.ts';
import type { FailureCode } from '../../server/contract/failures.ts';
import { SYSTEM_NAMESPACE } from '../../server/contract/names.ts';
import type { VMBackup } from '../../server/contract/vm-backup.ts';
import { waitFor } from '../support/cluster.ts';
import { PASSWORD, Product } from '../support/product.ts';
import { stockRestic } from '../support/stock-restic.ts';

const run = promisify(execFile);

/** Every case ends the same way: a coded failure with a remedy, nothing temporary left, the guest thawed, and a retry that works. */
describe('a backup that fails', () => {
  let product: Product;

  beforeAll(async () => {
    product = await Product.start({ serverEnv: { HVB_CUT_TIMEOUT_MS: '3000' } });
    await product.cluster.machineReady('web', 'shop');
    await product.repository();
  });
  afterAll(() => product.stop());

  const expectFailure = async (name: string, codes: readonly FailureCode[]): Promise<VMBackup> => {
    const backup = await product.backupPhase(name, 'Failed');

    expect(codes).toContain(backup.status?.failure?.code);
    expect(backup.status?.failure?.remedy).toMatch(/\w{3,}/);
    expect(backup.status?.documentID).toBeUndefined();
    expect(JSON.stringify(backup)).not.toContain(PASSWORD);
    await product.clean();
    return backup;
  };
  const expectRetryWorks = async (name: string, policy: 'Required' | 'BestEffort' = 'Required'): Promise<void> => {
    await product.backUp({ name: `${name}-retry`, policy });
    expect((await product.backupPhase(`${name}-retry`, 'Completed')).status?.documentID).toMatch(/^[0-9a-f]{64}$/);
    await product.clean();
  };
  const setPassword = (password: string) => product.cluster.client.patch(SECRET, { namespace: SYSTEM_NAMESPACE, name: 'main-key' }, { data: { password: Buffer.from(password).toString('base64') } });

  it('given no guest agent and the policy Required, when backed up, then it fails before anything is cut, and BestEffort works', async () => {
    await product.backUp({ name: 'agent', vm: 'cache' });
    const backup = await expectFailure('agent', ['HVB-GUEST-AGENT-MISSING']);

    expect(backup.status?.timings?.map(({ phase }) => phase)).not.toContain('Moving');
    await product.backUp({ name: 'agent-retry', vm: 'cache', policy: 'BestEffort' });
    expect((await product.backupPhase('agent-retry', 'Completed')).status?.consistency?.level).toBe('Crash');
  });

  it('given a guest agent that refuses to freeze, when backed up with Required, then it fails as such; with the agent well again it works', async () => {
    product.cluster.drivers.faults.inject('freeze-fails', { kind: 'VirtualMachine', namespace: 'web', name: 'shop' });
    await product.backUp({ name: 'freeze' });
    await expectFailure('freeze', ['HVB-GUEST-FREEZE-FAILED']);
    product.cluster.drivers.faults.clear('freeze-fails', { kind: 'VirtualMachine', namespace: 'web', name: 'shop' });
    await expectRetryWorks('freeze');
  });

  it('given a disk whose snapshot never comes, when backed up, then no disk is kept, the guest is thawed, and it fails as a storage matter', async () => {
    const target = { kind: 'PersistentVolumeClaim', namespace: 'web', name: 'shop-data' };

    product.cluster.drivers.faults.inject('snapshot-stuck', target);
    await product.backUp({ name: 'snapshot' });
    await waitFor('the backup failed', async () => (await product.backupPhase('snapshot', 'Failed')).status?.failure?.code === 'HVB-STORAGE-SNAPSHOT-FAILED');
    // The driver cannot delete a snapshot that it hangs on either: it goes when the driver is well again.
    product.cluster.drivers.faults.clear('snapshot-stuck', target);
    await product.clean();
    expect((await product.cluster.client.list(VOLUME_SNAPSHOT)).items).toEqual([]);
    await expectRetryWorks('snapshot');
  });

  it('given a repository password that is wrong, when backed up, then it says so without showing any password, and the right one heals it', async () => {
    await setPassword('not the password');
    await product.backUp({ name: 'password' });
    await expectFailure('password', ['HVB-REPO-WRONG-KEY']);
    await product.repositoryPhase('main', 'Failed');
    await setPassword(PASSWORD);
    await product.repositoryPhase('main', 'Ready');
    await expectRetryWorks('password');
  });

  it('given a repository folder that vanishes half-way, when backed up, then it fails as a repository matter and nothing new is initialised in its place', async () => {
    const folder = await product.repositoryFolder();
    const backup = await product.backUp({ name: 'vanish' });

    await product.moverRunning(backup, 'volume');
    await rename(folder, `${folder}.away`);
    await expectFailure('vanish', ['HVB-REPO-TARGET-MISSING', 'HVB-REPO-NOT-INITIALISED', 'HVB-REPO-DAMAGED', 'HVB-REPO-SNAPSHOT-MISSING', 'HVB-REPO-READ-ONLY']);
    const failed = await product.repositoryPhase('main', 'Failed');

    expect(failed.status?.repositoryID).toBeDefined();
    expect(await readdir(join(folder, '..')).then((names) => names.filter((name) => name === 'main'))).toEqual([]);
    await rename(`${folder}.away`, folder);
    await product.cluster.client.patch(BACKUP_REPOSITORY, { name: 'main' }, { metadata: { annotations: { 'backup.harvesterhci.io/probe-requested-at': new Date().toISOString() } } });
    await product.repositoryPhase('main', 'Ready');
    await expectRetryWorks('vanish');
    expect(await stockRestic(folder, ['check'])).toContain('no errors were found');
  });

  it('given a repository that turns read-only half-way, when backed up, then it fails as such, and works when it can be written again', async () => {
    const folder = await product.repositoryFolder();
    const readOnly = await makeReadOnly(folder);

    try {
      await product.backUp({ name: 'read-only' });
      await expectFailure('read-only', ['HVB-REPO-READ-ONLY']);
    } finally {
      await readOnly.undo();
    }
    await expectRetryWorks('read-only');
  });

  it('given a mover that is killed at every try, when backed up, then it fails after the last one, and a retry is whole', async () => {
    const backup = await product.backUp({ name: 'killed' });
    let kills = 0;

    product.server.killAt = undefined;
    await waitFor('the backup failed', async () => {
      const { status } = await product.backupPhase('killed', ['Pending', 'Queued', 'Quiescing', 'Moving', 'Cleaning', 'Failed']);

      if (status?.phase === 'Failed') return true;
      if (status?.phase === 'Moving') {
        const pods = await product.runningMovers(backup, 'volume-rootdisk');

        for (const name of pods) if (product.cluster.drivers.killPod({ namespace: SYSTEM_NAMESPACE, name }, 'SIGKILL')) kills++;
      }
      return false;
    }, { seconds: 120 });
    expect(kills).toBeGreaterThanOrEqual(2);
    await expectFailure('killed', ['HVB-MOVER-KILLED']);
    await expectRetryWorks('killed');
  });

  it('given a mover that is killed once, when backed up, then the second try completes it', async () => {
    const backup = await product.backUp({ name: 'killed-once' });
    const pod = await product.moverRunning(backup, 'volume-rootdisk');

    product.cluster.drivers.killPod({ namespace: SYSTEM_NAMESPACE, name: pod }, 'SIGKILL');
    const { status } = await product.backupPhase('killed-once', 'Completed');

    expect(status?.volumes?.find(({ name }) => name === 'rootdisk')?.attempts).toBe(2);
    await product.clean();
  });
});

/** Makes a folder unwritable even for root (immutable flag), or by its mode for others. */
async function makeReadOnly(folder: string): Promise<{ undo(): Promise<void> }> {
  if (process.getuid?.() === 0) {
    await run('chattr', ['-R', '+i', folder]);
    return { undo: async () => { await run('chattr', ['-R', '-i', folder]); } };
  }
  await run('chmod', ['-R', 'a-w', folder]);
  return { undo: async () => { await run('chmod', ['-R', 'u+w', folder]); } };
}
