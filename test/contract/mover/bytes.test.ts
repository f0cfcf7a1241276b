import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { VOLUME_DEVICE, VOLUME_IMAGE } from '../../../server/contract/mover-paths.ts';
import { EXTENT_BYTES } from '../../../server/contract/mover-protocol.ts';
import { generateKeyPair, open } from '../../../server/mover/seal.ts';
import { MIB, denseDisk, sparseDisk } from './data.ts';
import { IDENTITY, PASSWORD, Sandbox, codeOf } from './sandbox.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 });

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await Sandbox.create();
  await sandbox.must('init', 'init');
});
afterEach(() => sandbox.dispose());

describe('a volume that goes through a repository', () => {
  test.each([1, 5 * EXTENT_BYTES + 12_345])('given a disk of %i bytes, when it is backed up and restored, then every byte is the same and zeros were not written', async (sizeBytes) => {
    const disk = sparseDisk(sizeBytes);
    await sandbox.source(disk);
    const backup = await sandbox.backup(sizeBytes);
    expect(backup.volume).toMatchObject({ sizeBytes, bytesRead: sizeBytes });
    const restored = await sandbox.must('restore-volume', 'restore', sandbox.restoreVolume(backup));
    expect((await readFile(sandbox.inside(VOLUME_IMAGE))).equals(disk)).toBe(true);
    expect(restored.rootDigest).toBe(backup.volume.rootDigest);
    expect(restored.bytesSkipped).toBe(backup.volume.bytesZero);
    expect(restored.bytesWritten + restored.bytesSkipped).toBe(sizeBytes);
    if (sizeBytes > 2 * EXTENT_BYTES) {
      expect(backup.volume.bytesZero).toBeGreaterThanOrEqual(EXTENT_BYTES);
      expect((await stat(sandbox.inside(VOLUME_IMAGE))).blocks * 512).toBeLessThan(sizeBytes);
    }
  });

  test('given a disk of zeros only, when it is backed up and restored, then nothing is written; and one without any byte is a failure', async () => {
    await sandbox.source(Buffer.alloc(2 * EXTENT_BYTES + 512));
    const backup = await sandbox.backup(2 * EXTENT_BYTES + 512);
    expect(await sandbox.must('restore-volume', 'restore', sandbox.restoreVolume(backup))).toMatchObject({ bytesWritten: 0, bytesSkipped: 2 * EXTENT_BYTES + 512 });
    expect(await stat(sandbox.inside(VOLUME_IMAGE))).toMatchObject({ size: 2 * EXTENT_BYTES + 512, blocks: 0 });
    await sandbox.source(Buffer.alloc(0));
    expect(codeOf(await sandbox.run('backup', sandbox.backupVolume(0), { operationID: 'operation-2' }))).toBe('HVB-STORAGE-READ-FAILED');
  });

  test('given a repository that the mover wrote, when the stock restic restores it without our code, then the image and the document are the same', async () => {
    const disk = sparseDisk(3 * EXTENT_BYTES + 7);
    await sandbox.source(disk);
    const { volume, documentID } = await sandbox.backup(disk.length, Buffer.from('{"vm":"web-1"}'));
    const folder = await mkdtemp(path.join(tmpdir(), 'hvb-stock-'));
    try {
      await sandbox.stock('restore', volume.snapshotID, '--target', folder);
      expect((await readFile(path.join(folder, 'disk-0.raw'))).equals(disk)).toBe(true);
      expect(await sandbox.stock('dump', documentID, '/backup.json')).toBe('{"vm":"web-1"}');
      const [header = '', ...digests] = (await sandbox.stock('dump', documentID, '/disk-0.digests')).trimEnd().split('\n');
      expect(JSON.parse(header)).toMatchObject({ format: 'hvb-digests/1', sizeBytes: disk.length, rootDigest: volume.rootDigest });
      expect(digests).toHaveLength(4);
      expect(digests[1]).toBe('zero');
      expect(await sandbox.stock('check')).toContain('no errors were found');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test('given a used, larger device, when a volume is restored onto it, then nothing of the old content is left, with blank told right or wrong', async () => {
    const disk = sparseDisk(4 * EXTENT_BYTES);
    await sandbox.source(disk);
    const backup = await sandbox.backup(disk.length);
    const device = sandbox.inside(VOLUME_DEVICE);
    await writeFile(device, denseDisk(disk.length + MIB));
    const used = await sandbox.must('restore-volume', 'restore', sandbox.restoreVolume(backup, { targetPath: VOLUME_DEVICE, sizeBytes: disk.length, blank: false }));
    expect(used).toMatchObject({ bytesWritten: disk.length, bytesSkipped: 0 });
    expect((await readFile(device)).equals(Buffer.concat([disk, Buffer.alloc(MIB)]))).toBe(true);
    await writeFile(device, denseDisk(disk.length));
    await sandbox.must('restore-volume', 'restore', sandbox.restoreVolume(backup, { targetPath: VOLUME_DEVICE, blank: true }));
    expect((await readFile(device)).equals(disk)).toBe(true);
  });

  test('given a target that is too small or not there, when a volume is restored, then nothing is written and the code says why', async () => {
    const disk = denseDisk(2 * MIB);
    await sandbox.source(disk);
    const backup = await sandbox.backup(disk.length);
    const small = denseDisk(MIB);
    await writeFile(sandbox.inside(VOLUME_DEVICE), small);
    expect(codeOf(await sandbox.run('restore', sandbox.restoreVolume(backup, { targetPath: VOLUME_DEVICE })))).toBe('HVB-STORAGE-TOO-SMALL');
    expect((await readFile(sandbox.inside(VOLUME_DEVICE))).equals(small)).toBe(true);
    expect(codeOf(await sandbox.run('restore', sandbox.restoreVolume(backup, { sizeBytes: MIB })))).toBe('HVB-STORAGE-TOO-SMALL');
    await rm(sandbox.inside(VOLUME_DEVICE));
    expect(codeOf(await sandbox.run('restore', sandbox.restoreVolume(backup, { targetPath: VOLUME_DEVICE })))).toBe('HVB-STORAGE-WRITE-FAILED');
    await expect(stat(sandbox.inside(VOLUME_DEVICE))).rejects.toThrow('ENOENT');
  });
});

describe('a backup in a repository', () => {
  test('given a document larger than one line, when it is restored, then its sealed lines open with the private key only and hold it', async () => {
    const document = Buffer.from(JSON.stringify({ secret: 'canary-secret', padding: denseDisk(20_000).toString('base64') }));
    await sandbox.source(Buffer.alloc(MIB));
    const { documentID } = await sandbox.backup(MIB, document);
    const keys = generateKeyPair();
    const { lines, stdout, last } = await sandbox.run('restore', { documentID, what: { type: 'document', recipientPublicKey: keys.publicKey.toString('base64') } });
    const sealed = lines.flatMap((line) => (line.type === 'sealed' ? [line] : []));
    expect(sealed.map(({ index, count }) => [index, count])).toEqual(sealed.map((_, index) => [index, sealed.length]));
    expect(Math.max(...sealed.map(({ data }) => data.length))).toBeLessThanOrEqual(8192);
    expect(open(Buffer.concat(sealed.map(({ data }) => Buffer.from(data, 'base64'))), keys.privateKey).equals(document)).toBe(true);
    expect(last).toEqual({ type: 'result', result: { type: 'restore-document', lines: sealed.length } });
    expect(stdout).not.toContain('canary-secret');
  });

  test('given two backups, when they are listed, probed, verified and one is removed twice, then the other one stays whole', async () => {
    const disk = denseDisk(6 * MIB);
    await sandbox.source(disk);
    const { documentID } = await sandbox.backup(disk.length);
    const other = { ...IDENTITY, backupUID: 'backup-uid-2' };
    await sandbox.source(denseDisk(12 * MIB));
    const { volume } = await sandbox.must('backup-volume', 'backup', { ...sandbox.backupVolume(12 * MIB), identity: other }, { operationID: 'operation-2' });
    // A volume without its document is no backup.
    expect(await sandbox.must('list', 'list')).toEqual({ type: 'list', backups: 1 });
    const { lines } = await sandbox.run('list');
    expect(lines[0]).toMatchObject({ type: 'backup', identity: IDENTITY, documentID });
    expect(await sandbox.must('probe', 'probe')).toMatchObject({ backups: 1 });
    const before = (await sandbox.must('probe', 'probe')).sizeBytes ?? 0;
    expect(await sandbox.must('remove', 'remove', { backupUID: other.backupUID })).toEqual({ type: 'remove', removed: 2 });
    expect((await sandbox.must('probe', 'probe')).sizeBytes).toBeLessThan(before - 10 * MIB);
    expect(await sandbox.must('remove', 'remove', { backupUID: other.backupUID })).toEqual({ type: 'remove', removed: 0 });
    expect((await sandbox.snapshots()).map(({ id }) => id)).not.toContain(volume.snapshotID);
    expect(await sandbox.must('verify', 'verify', { documentID })).toEqual({ type: 'verify', bytesVerified: disk.length });
  });

  test('given the same operation twice, when the volume has changed meanwhile, then the second answers from the first without reading', async () => {
    await sandbox.source(denseDisk(MIB));
    const first = await sandbox.must('backup-volume', 'backup', sandbox.backupVolume(MIB));
    await sandbox.source(denseDisk(MIB));
    expect(await sandbox.must('backup-volume', 'backup', sandbox.backupVolume(MIB))).toEqual(first);
    expect(await sandbox.commit([['disk-0', first.volume]])).toBe(await sandbox.commit([['disk-0', first.volume]]));
    expect(await sandbox.entries('snapshots')).toHaveLength(2);
    // Committed: the digests' own snapshot is gone, and the volume must not be taken for a left-over without digests.
    const again = await sandbox.must('backup-volume', 'backup', sandbox.backupVolume(MIB));
    expect(again.volume).toMatchObject({ snapshotID: first.volume.snapshotID, rootDigest: first.volume.rootDigest });
    expect(await sandbox.entries('snapshots')).toHaveLength(2);
    expect((await sandbox.snapshots()).flatMap(({ tags }) => tags)).toContain('hvb.cluster=local%2C%20really');
  });

  test('given a repository, when it is initialised by two at once, then both get the same one and the key opens it', async () => {
    await rm(sandbox.inside('/repository/ours'), { recursive: true });
    const results = await Promise.all([1, 2, 3].map((n) => sandbox.must('init', 'init', {}, { operationID: `init-${n}` })));
    expect(new Set(results.map(({ repositoryID }) => repositoryID)).size).toBe(1);
    expect(results.filter(({ created }) => created)).toHaveLength(1);
    expect(await sandbox.must('probe', 'probe')).toMatchObject({ repositoryID: results[0]?.repositoryID, backups: 0 });
    expect(await sandbox.stock('key', 'list')).toContain('*');
    expect((await sandbox.run('describe')).last).toMatchObject({ type: 'result', result: { capabilities: { engine: 'restic' } } });
    expect(await sandbox.termination()).not.toContain(PASSWORD);
  });
});
