import { open, glob, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { load } from 'js-yaml';
import { EVENT, VM_BACKUP, VM_RESTORE } from '../../../server/contract/api.ts';
import type { KubeEvent } from '../../../server/contract/kubernetes.ts';
import { ANNOTATION_REQUESTED_BY } from '../../../server/contract/names.ts';
import type { VMBackup } from '../../../server/contract/vm-backup.ts';
import type { VMRestore } from '../../../server/contract/vm-restore.ts';
import { EXIT } from '../../../server/cli/exit-codes.ts';
import { Hvb } from '../../support/hvb.ts';
import { Product } from '../../support/product.ts';

/** Flips one bit in the middle of the largest pack of a restic repository, which holds disk data; gives what flips it back. */
async function flipBit(folder: string): Promise<() => Promise<void>> {
  let largest = { file: '', size: 0 };

  for await (const name of glob('data/*/*', { cwd: folder })) {
    const file = join(folder, name);
    const { size } = await stat(file);

    if (size > largest.size) largest = { file, size };
  }
  const flip = async (): Promise<void> => {
    const pack = await open(largest.file, 'r+');
    const byte = Buffer.alloc(1);
    const at = Math.floor(largest.size / 2);

    await pack.read(byte, 0, 1, at);
    await pack.write(Buffer.from([(byte[0] ?? 0) ^ 1]), 0, 1, at);
    await pack.close();
  };

  await flip();
  return flip;
}

describe('hvb, against a cluster with the real server, mover and restic', () => {
  let product: Product;
  let admin: Hvb;
  let viewer: Hvb;
  let hash: string;

  beforeAll(async () => {
    product = await Product.start();
    const { url, ca, tokens } = product.cluster;

    [admin, viewer] = await Promise.all([Hvb.for({ url, ca, token: tokens.admin }), Hvb.for({ url, ca, token: tokens.viewer })]);
    await product.cluster.machineReady('web', 'shop');
    await product.repository();
  });

  afterAll(async () => {
    await Promise.all([admin.remove(), viewer.remove()]);
    await product.stop();
  });

  it('given a VM, when it is backed up and waited for, then the object stands on stdout, the words on stderr, and it is complete', async () => {
    const { code, stdout, stderr } = await admin.run(['backup', 'shop', '--name', 'b1', '--quiesce', 'Required', '--wait', '-o', 'json']);

    expect([code, stderr]).toEqual([EXIT.ok, expect.stringContaining('VMBackup web/b1 was created.') as string]);
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'VMBackup', metadata: { name: 'b1', namespace: 'web' }, spec: { repository: 'main', quiesce: { policy: 'Required' } }, status: { phase: 'Completed', consistency: { level: 'Filesystem' } } });
    const { metadata: { annotations } } = await product.cluster.client.get<VMBackup>(VM_BACKUP, { namespace: 'web', name: 'b1' });

    expect(annotations?.[ANNOTATION_REQUESTED_BY]).toBe('admin');
  });

  it('given the backup, when listed, then table, JSON and YAML show it, and engines and repositories are listed too', async () => {
    const [table, json, yaml, repositories, engines] = await Promise.all([
      admin.run(['list', '-A']), admin.run(['list', 'backups', '-o', 'json']), admin.run(['list', 'backups', '-o', 'yaml']), viewer.run(['list', 'repositories']), viewer.run(['list', 'engines']),
    ]);

    expect(table.stdout.split('\n')[1]).toMatch(/^web +b1 +shop +Completed +Filesystem +.* main +- +- +\d+[smh]$/);
    expect(JSON.parse(json.stdout)).toMatchObject({ kind: 'List', items: [{ kind: 'VMBackup', metadata: { name: 'b1' } }] });
    expect(load(yaml.stdout)).toMatchObject({ kind: 'List', items: [{ metadata: { name: 'b1' } }] });
    expect(repositories.stdout).toMatch(/main +Ready +restic/);
    expect(engines.stdout).toMatch(/restic +Ready/);
    expect((await admin.run(['list', '-n', 'office'])).stderr).toBe('Nothing found in namespace office.\n');
  });

  it('given a repository, when it is tested, then a new probe answers', async () => {
    const { code, stderr } = await admin.run(['repository', 'test', 'main']);

    expect([code, stderr]).toEqual([EXIT.ok, expect.stringContaining('opens with its key') as string]);
  });

  it('given an untouched backup, when verified, then every byte was read and it passes', async () => {
    const { code, stdout } = await admin.run(['verify', 'b1', '--wait', '-o', 'json']);
    const { status } = JSON.parse(stdout) as VMBackup;

    expect(code).toBe(EXIT.ok);
    expect(status?.verification).toMatchObject({ state: 'Passed', bytesRead: status?.volumes?.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) });
    await product.clean();
  });

  it('given one flipped bit in the repository, when verified, then it fails with the damage, the backup stays, and when the bit is back it passes', async () => {
    const flipBack = await flipBit(await product.repositoryFolder());
    const { code, stderr } = await admin.run(['verify', 'b1', '--wait']);
    const { status } = await product.cluster.client.get<VMBackup>(VM_BACKUP, { namespace: 'web', name: 'b1' });
    const { items } = await product.cluster.client.list<KubeEvent>(EVENT, { namespace: 'web' });

    expect([code, stderr]).toEqual([EXIT.failed, expect.stringMatching(/HVB-(REPO-DAMAGED|DATA-MISMATCH): /) as string]);
    expect(status).toMatchObject({ phase: 'Completed', verification: { state: 'Failed', failure: { code: expect.stringMatching(/^HVB-(REPO-DAMAGED|DATA-MISMATCH)$/) as string } } });
    expect(items.map(({ reason }) => reason)).toContain('VerificationFailed');
    await flipBack();
    expect((await admin.run(['verify', 'b1', '--wait'])).code).toBe(EXIT.ok);
    await product.clean();
  });

  it('given the backup, when a restore to other classes is planned, then objects, checks, bytes and hash are shown and nothing is made', async () => {
    const { code, stdout, stderr } = await admin.run(['restore', 'b1', '--backup-namespace', 'web', '-n', 'office', '--target', 'copy', '--name', 'r1', '--map', 'rootdisk=lvm-thin', '--map', 'data=nfs', '--start', 'Halted', '--plan']);
    const { status } = await product.cluster.client.get<VMRestore>(VM_RESTORE, { namespace: 'office', name: 'r1' });

    hash = status?.plan?.hash ?? '';
    expect(hash).not.toBe('');
    expect([code, status?.phase, status?.created]).toEqual([EXIT.ok, 'AwaitingApproval', undefined]);
    for (const { kind, name } of status?.plan?.objects ?? []) expect(stdout).toMatch(new RegExp(`^${kind} +office +${name}$`, 'm'));
    for (const { id } of status?.plan?.checks ?? []) expect(stdout).toMatch(new RegExp(`^${id} +(Pass|Warn) `, 'm'));
    expect(stdout).toMatch(/^rootdisk +harvester-longhorn +lvm-thin /m);
    expect(stdout).toContain(hash);
    expect(stderr).toContain(`hvb restore --approve r1 -n office --plan-hash ${hash}`);
  });

  it('given the plan, when another hash is approved, then it is refused as changed and nothing runs', async () => {
    const { code, stderr } = await admin.run(['restore', '--approve', 'r1', '-n', 'office', '--plan-hash', hash.replace(/.$/, (last) => (last === '0' ? '1' : '0'))]);

    expect([code, stderr]).toEqual([EXIT.conflict, expect.stringContaining(hash) as string]);
    expect((await product.cluster.client.get<VMRestore>(VM_RESTORE, { namespace: 'office', name: 'r1' })).spec.approvedPlan).toBeUndefined();
  });

  it('given the plan, when its hash is approved, then the restore runs to its end; once more, and it is refused', async () => {
    const args = ['restore', '--approve', 'r1', '-n', 'office', '--plan-hash', hash];
    const { code, stdout } = await admin.run(args);

    expect([code, stdout]).toEqual([EXIT.ok, expect.stringMatching(/r1 +copy +Completed +web\/b1/) as string]);
    expect(await admin.run(args)).toMatchObject({ code: EXIT.conflict, stderr: expect.stringContaining('Completed') as string });
  });

  it('given a name that is taken, when planned again, then the plan is shown, the reason why it cannot be run, and exit code 1', async () => {
    const { code, stdout, stderr } = await admin.run(['restore', 'b1', '--backup-namespace', 'web', '-n', 'office', '--target', 'copy', '--plan']);

    expect([code, stderr]).toEqual([EXIT.failed, expect.stringContaining('cannot be run') as string]);
    expect(stdout).toMatch(/^vm-name +Fail /m);
  });

  it('given a viewer, when a backup is asked for, then the API\'s denial is printed, never the token', async () => {
    const { code, stdout, stderr } = await viewer.run(['backup', 'shop']);

    expect([code, stdout]).toEqual([EXIT.forbidden, '']);
    expect(stderr).toMatch(/forbidden/i);
    expect(stderr).toContain('vmbackups');
    expect(stderr).not.toContain(product.cluster.tokens.viewer);
  });

  it('given names that do not exist, when used, then exit code 3 says which', async () => {
    const runs = await Promise.all([['backup', 'ghost'], ['verify', 'ghost'], ['restore', 'ghost', '--target', 'x', '--plan'], ['repository', 'test', 'ghost']].map((args) => admin.run(args)));

    for (const { code, stderr } of runs) expect([code, stderr]).toEqual([EXIT.notFound, expect.stringContaining('ghost') as string]);
  });

  it('given a name that is used already, when another backup is to have it, then exit code 5', async () => {
    expect(await admin.run(['backup', 'shop', '--name', 'b1'])).toMatchObject({ code: EXIT.conflict, stderr: expect.stringContaining('b1') as string });
  });

  it('given a backup that runs, when Ctrl-C is pressed, then hvb ends with 130 and the backup goes on', async () => {
    const { code, stderr } = await admin.run(['backup', 'cache', '--name', 'b2', '--wait'], { onStderr: (text, interrupt) => { if (text.includes('Queued') || text.includes('was created')) interrupt(); } });

    expect([code, stderr]).toEqual([EXIT.interrupted, expect.stringContaining('goes on in the cluster') as string]);
    await product.backupPhase('b2', 'Completed');
  });

  it('given a token that nobody knows, or a server that is not there, when used, then 4 and 6', async () => {
    const { url, ca } = product.cluster;
    const [stranger, nowhere] = await Promise.all([Hvb.for({ url, ca, token: 'canary-7d1f' }), Hvb.for({ url: 'https://127.0.0.1:1', token: 'canary-7d1f' })]);
    const [denied, lost] = await Promise.all([stranger.run(['list']), nowhere.run(['list'])]);

    await Promise.all([stranger.remove(), nowhere.remove()]);
    expect([denied.code, lost.code]).toEqual([EXIT.forbidden, EXIT.unreachable]);
    expect(lost.stderr).toContain('127.0.0.1:1');
    expect(denied.stderr + lost.stderr).not.toContain('canary-7d1f');
  });
});
