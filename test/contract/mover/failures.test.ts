import { existsSync } from 'node:fs';
import { chmod, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { REPOSITORY_KEY_FILE, VOLUME_DIR, VOLUME_IMAGE } from '../../../server/contract/mover-paths.ts';
import { TERMINATION_MESSAGE_BYTES } from '../../../server/mover/output.ts';
import { MIB, denseDisk, sparseDisk } from './data.ts';
import { inMountNamespace } from './namespace.ts';
import { descendants } from './processes.ts';
import { REPOSITORY, Sandbox, codeOf, until } from './sandbox.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 });

const SIZE = 64 * MIB;

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await Sandbox.create();
  await sandbox.must('init', 'init');
});
afterEach(() => sandbox.dispose());

const packStored = async (): Promise<boolean> => (await sandbox.entries('data')).length > 0;

describe('opening a repository', () => {
  test('given a wrong, empty or missing password, when any verb opens the repository, then the code says so and the password is not told', async () => {
    const key = sandbox.inside(REPOSITORY_KEY_FILE);
    await writeFile(key, 'another-canary');
    for (const verb of ['init', 'probe', 'list'] as const) {
      const ended = await sandbox.run(verb);
      expect(codeOf(ended)).toBe('HVB-REPO-WRONG-KEY');
      expect(ended.exitCode).toBe(1);
      expect(ended.stdout + ended.stderr).not.toContain('another-canary');
    }
    await writeFile(key, '');
    expect(codeOf(await sandbox.run('probe'))).toBe('HVB-REPO-KEY-MISSING');
    await rm(key);
    expect(codeOf(await sandbox.run('probe'))).toBe('HVB-REPO-KEY-MISSING');
  });

  test('given no folder, an empty folder, one with other files, or no mount, when it is opened or initialised, then each has its own code', async () => {
    const folder = sandbox.inside(REPOSITORY);
    await rm(folder, { recursive: true });
    expect(codeOf(await sandbox.run('probe'))).toBe('HVB-REPO-TARGET-MISSING');
    await mkdir(folder);
    expect(codeOf(await sandbox.run('probe'))).toBe('HVB-REPO-NOT-INITIALISED');
    await writeFile(path.join(folder, 'holiday.jpg'), 'x');
    expect(codeOf(await sandbox.run('init'))).toBe('HVB-REPO-NOT-INITIALISED');
    await rm(path.dirname(folder), { recursive: true });
    expect(codeOf(await sandbox.run('init'))).toBe('HVB-REPO-TARGET-MISSING');
    expect(existsSync(path.dirname(folder))).toBe(false);
  });
});

describe('a repository that fails half-way', () => {
  test('given its folder vanishes during a backup, when it is back and the operation runs again, then the backup is whole', async () => {
    const disk = denseDisk(SIZE);
    await sandbox.source(disk);
    const folder = sandbox.inside(REPOSITORY);
    const running = await sandbox.start('backup', sandbox.backupVolume(SIZE));
    await until(packStored, running);
    await rename(folder, `${folder}-away`);
    expect(codeOf(await running.ended)).toBe('HVB-REPO-TARGET-MISSING');
    await rm(folder, { recursive: true, force: true });
    await rename(`${folder}-away`, folder);
    const backup = await sandbox.backup(SIZE);
    expect(await sandbox.must('verify', 'verify', { documentID: backup.documentID })).toEqual({ type: 'verify', bytesVerified: SIZE });
    expect(await sandbox.entries('snapshots')).toHaveLength(2);
  });

  test('given it becomes read-only during a backup, when that ends, then the code says so soon, a restore still works, and a backup works later', async () => {
    const early = sparseDisk(2 * MIB);
    await sandbox.source(early);
    const backup = await sandbox.backup(early.length);
    await sandbox.source(denseDisk(SIZE));
    const repository = sandbox.inside(REPOSITORY);
    const trigger = path.join(sandbox.root, 'now');
    // The mount turns read-only only when no file is open for writing, so it is tried until it does.
    const turning = 'mount --bind "$R" "$R"; "$@" & while [ ! -e "$T" ]; do sleep 0.02; done; until mount -o remount,ro,bind "$R" 2>/dev/null; do :; done; wait $!';
    const packs = (await sandbox.entries('data')).length;
    const running = await sandbox.start('backup', sandbox.backupVolume(SIZE), { operationID: 'operation-2', launcher: inMountNamespace(turning), env: { R: repository, T: trigger } });
    await until(async () => (await sandbox.entries('data')).length > packs, running);
    await writeFile(trigger, '');
    expect(codeOf(await running.ended)).toBe('HVB-REPO-READ-ONLY');
    const readOnly = 'mount --bind "$R" "$R"; mount -o remount,ro,bind "$R"; exec "$@"';
    await sandbox.must('restore-volume', 'restore', sandbox.restoreVolume(backup), { launcher: inMountNamespace(readOnly), env: { R: repository } });
    expect((await readFile(sandbox.inside(VOLUME_IMAGE))).equals(early)).toBe(true);
    await sandbox.must('backup-volume', 'backup', sandbox.backupVolume(SIZE), { operationID: 'operation-2' });
  });

  test('given its storage is full, when a backup runs, then the code says so and no snapshot is left', async () => {
    await sandbox.source(denseDisk(SIZE));
    const full = 'cp -a "$R" "$R-copy"; mount -t tmpfs -o size=24m none "$R"; cp -a "$R-copy/." "$R"; "$@"; code=$?; ls "$R/snapshots" > "$R-left"; exit $code';
    const ended = await sandbox.run('backup', sandbox.backupVolume(SIZE), { launcher: inMountNamespace(full), env: { R: sandbox.inside(REPOSITORY) } });
    expect(codeOf(ended)).toBe('HVB-REPO-FULL');
    expect(await readFile(`${sandbox.inside(REPOSITORY)}-left`, 'utf8')).toBe('');
    expect((await sandbox.termination()).length).toBeLessThanOrEqual(TERMINATION_MESSAGE_BYTES);
  });

  test('given a backup is under way, when another one is removed, then it waits for the end of that and removes nothing before', async () => {
    const backup = await sandbox.backupSmall();
    const release = await sandbox.holdLock();
    const removal = await sandbox.start('remove', { backupUID: 'backup-uid-1' });
    try {
      await until(async () => (await descendants(removal.child.pid)).some(({ args }) => args.includes('unlock')), removal);
      expect(await sandbox.entries('snapshots')).toHaveLength(2);
    } finally {
      await release();
    }
    expect((await removal.ended).last).toEqual({ type: 'result', result: { type: 'remove', removed: 2 } });
    expect(codeOf(await sandbox.run('verify', { documentID: backup.documentID }))).toBe('HVB-REPO-SNAPSHOT-MISSING');
  });
});

describe('damage', () => {
  test('given a flipped byte in a pack, when the backup is restored or verified, then it never succeeds', async () => {
    const disk = denseDisk(SIZE);
    await sandbox.source(disk);
    const backup = await sandbox.backup(SIZE);
    const sizes = await Promise.all((await sandbox.entries('data')).map(async (file) => ({ file, size: (await stat(file)).size })));
    const largest = sizes.sort((a, b) => b.size - a.size)[0];
    if (!largest) throw new Error('no pack');
    await chmod(largest.file, 0o600);
    const pack = await open(largest.file, 'r+');
    await pack.write(Buffer.from('damage'), 0, 6, Math.floor(largest.size / 2));
    await pack.close();
    const codes = [codeOf(await sandbox.run('restore', sandbox.restoreVolume(backup))), codeOf(await sandbox.run('verify', { documentID: backup.documentID }))];
    expect(['HVB-REPO-DAMAGED', 'HVB-DATA-MISMATCH']).toEqual(expect.arrayContaining(codes));
    const written = await readFile(sandbox.inside(VOLUME_IMAGE));
    for (let at = 0; at < SIZE; at += 4 * MIB) {
      const extent = written.subarray(at, at + 4 * MIB);
      expect(extent.equals(disk.subarray(at, at + 4 * MIB)) || extent.equals(Buffer.alloc(4 * MIB))).toBe(true);
    }
  });

  test('given whole data of another disk under the backup, when it is restored, then the first wrong extent is not written', async () => {
    const disk = denseDisk(12 * MIB);
    await sandbox.source(disk);
    const backup = await sandbox.backup(disk.length);
    const other = Buffer.from(disk);
    other[5 * MIB] = (other[5 * MIB] ?? 0) ^ 1;
    await sandbox.source(other);
    const { volume } = await sandbox.must('backup-volume', 'backup', sandbox.backupVolume(other.length), { operationID: 'operation-2' });
    const ended = await sandbox.run('restore', sandbox.restoreVolume(backup, { snapshotID: volume.snapshotID }));
    expect(codeOf(ended)).toBe('HVB-DATA-MISMATCH');
    expect((await readFile(sandbox.inside(VOLUME_IMAGE))).subarray(4 * MIB, 8 * MIB).equals(Buffer.alloc(4 * MIB))).toBe(true);
  });
});

describe('the target', () => {
  test('given its storage gets full, when a volume is restored, then the code says so, and a restore elsewhere works', async () => {
    const disk = denseDisk(24 * MIB);
    await sandbox.source(disk);
    const backup = await sandbox.backup(disk.length);
    const small = 'mount -t tmpfs -o size=8m none "$V"; exec "$@"';
    const ended = await sandbox.run('restore', sandbox.restoreVolume(backup), { launcher: inMountNamespace(small), env: { V: sandbox.inside(VOLUME_DIR) } });
    expect(codeOf(ended)).toBe('HVB-STORAGE-FULL');
    await sandbox.must('restore-volume', 'restore', sandbox.restoreVolume(backup));
    expect((await readFile(sandbox.inside(VOLUME_IMAGE))).equals(disk)).toBe(true);
  });
});

describe('the request', () => {
  test('given requests that are not in the contract, when the program runs, then it ends with exit code 2 and names what is wrong', async () => {
    for (const [body, text] of [[{ verb: 'list' }, 'says list'], [{ apiVersion: 'v0' }, 'apiVersion'], [{ repository: { location: { type: 's3' } } }, 'repository'], [{ repository: undefined }, 'repository']] as const) {
      const ended = await sandbox.run('probe', body);
      expect(ended).toMatchObject({ exitCode: 2, last: { type: 'error', code: 'HVB-REQUEST-INVALID', retryable: false } });
      expect(ended.stdout).toContain(text);
    }
  });
});
