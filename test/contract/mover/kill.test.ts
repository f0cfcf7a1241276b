import { existsSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { VOLUME_DEVICE, VOLUME_IMAGE } from '../../../server/contract/mover-paths.ts';
import { MIB, denseDisk, sparseDisk } from './data.ts';
import { descendants } from './processes.ts';
import { Sandbox, codeOf, until } from './sandbox.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 });

const SIZE = 64 * MIB + 1000;

let sandbox: Sandbox;
let disk: Buffer;
beforeEach(async () => {
  sandbox = await Sandbox.create();
  await sandbox.must('init', 'init');
  disk = sparseDisk(SIZE);
  await sandbox.source(disk);
});
afterEach(() => sandbox.dispose());

/** What can be seen from outside at the moments of a backup. */
const BACKUP_MOMENTS: readonly [string, (sandbox: Sandbox) => Promise<boolean>][] = [
  ['restic has locked the repository', async (at) => (await at.entries('locks')).length > 0],
  ['the first pack is stored', async (at) => (await at.entries('data')).length > 0],
  ['the volume is stored but not its digests', async (at) => (await at.entries('snapshots')).length === 1],
  ['the digests are stored but nobody was told', async (at) => (await at.entries('snapshots')).length === 2],
];

async function expectOneWholeBackup(): Promise<void> {
  const { volume } = await sandbox.must('backup-volume', 'backup', sandbox.backupVolume(SIZE));
  expect(volume).toMatchObject({ sizeBytes: SIZE, bytesRead: SIZE });
  const documentID = await sandbox.commit([['disk-0', volume]]);
  expect((await sandbox.snapshots()).map(({ id }) => id).sort()).toEqual([volume.snapshotID, documentID].sort());
  await sandbox.must('restore-volume', 'restore', sandbox.restoreVolume({ volume, documentID }));
  expect((await readFile(sandbox.inside(VOLUME_IMAGE))).equals(disk)).toBe(true);
  await sandbox.stock('unlock');
  expect(await sandbox.stock('check')).toContain('no errors were found');
}

describe('a backup that is stopped', () => {
  test.each(BACKUP_MOMENTS)('given it is killed when %s, when the same operation runs again, then there is one whole backup and nothing else', async (_moment, seen) => {
    const running = await sandbox.start('backup', sandbox.backupVolume(SIZE));
    await until(() => seen(sandbox), running);
    running.child.kill('SIGKILL');
    expect((await running.ended).signal).toBe('SIGKILL');
    await expectOneWholeBackup();
  });

  test('given it is cancelled while data is sent, when it has ended, then it says so, and no lock, snapshot or process of it is left', async () => {
    const running = await sandbox.start('backup', sandbox.backupVolume(SIZE));
    await until(async () => (await sandbox.entries('data')).length > 0, running);
    const family = await descendants(running.child.pid);
    expect(family.some(({ args }) => args.includes('backup') && args.includes('--stdin'))).toBe(true);
    running.child.kill('SIGTERM');
    const ended = await running.ended;
    expect(codeOf(ended)).toBe('HVB-CANCELLED');
    expect(ended.exitCode).toBe(3);
    expect(family.filter(({ pid }) => existsSync(`/proc/${pid}`))).toEqual([]);
    expect(JSON.parse(await sandbox.termination())).toEqual(ended.last);
    expect(await sandbox.entries('snapshots')).toEqual([]);
    expect(await sandbox.entries('locks')).toEqual([]);
    await expectOneWholeBackup();
  });

  test('given the source ends early, when it is backed up, then the backup fails and no snapshot is left', async () => {
    const larger = SIZE + 5 * MIB;
    expect(codeOf(await sandbox.run('backup', sandbox.backupVolume(larger)))).toBe('HVB-STORAGE-READ-FAILED');
    const running = await sandbox.start('backup', sandbox.backupVolume(SIZE), { operationID: 'operation-2' });
    await until(async () => (await sandbox.entries('data')).length > 0, running);
    await writeFile(sandbox.inside(VOLUME_DEVICE), 'cut');
    expect(codeOf(await running.ended)).toBe('HVB-STORAGE-READ-FAILED');
    expect(await sandbox.entries('snapshots')).toEqual([]);
    expect(await sandbox.entries('locks')).toEqual([]);
  });
});

describe('a restore that is stopped', () => {
  test.each(['SIGKILL', 'SIGTERM'] as const)('given %s while the target is written, when the same operation runs again, then the target is whole', async (signal) => {
    const backup = await sandbox.backup(SIZE);
    const device = denseDisk(SIZE);
    await writeFile(sandbox.inside(VOLUME_DEVICE), Buffer.alloc(SIZE));
    const request = sandbox.restoreVolume(backup, { targetPath: VOLUME_DEVICE });
    const running = await sandbox.start('restore', request);
    await until(async () => !(await readFile(sandbox.inside(VOLUME_DEVICE))).subarray(0, MIB).equals(Buffer.alloc(MIB)), running);
    running.child.kill(signal);
    const ended = await running.ended;
    expect(signal === 'SIGKILL' ? ended.signal : codeOf(ended)).toBe(signal === 'SIGKILL' ? 'SIGKILL' : 'HVB-CANCELLED');
    // A stranger wrote where zeros belong: "blank" is not true any more.
    await writeFile(sandbox.inside(VOLUME_DEVICE), device, { flag: 'r+' });
    await sandbox.must('restore-volume', 'restore', request);
    expect((await readFile(sandbox.inside(VOLUME_DEVICE))).equals(disk)).toBe(true);
    expect((await stat(sandbox.inside(VOLUME_DEVICE))).size).toBe(SIZE);
  });
});

describe('a removal that is stopped', () => {
  test('given it is killed after the document is forgotten, when it runs again, then all is gone', async () => {
    await sandbox.backup(SIZE);
    const running = await sandbox.start('remove', { backupUID: 'backup-uid-1' });
    await until(async () => (await sandbox.entries('snapshots')).length < 2, running);
    running.child.kill('SIGKILL');
    await running.ended;
    expect(await sandbox.must('list', 'list')).toEqual({ type: 'list', backups: 0 });
    await sandbox.must('remove', 'remove', { backupUID: 'backup-uid-1' });
    expect(await sandbox.entries('snapshots')).toEqual([]);
    expect(await sandbox.entries('data')).toEqual([]);
  });
});
