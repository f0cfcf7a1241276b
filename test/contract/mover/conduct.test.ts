import { randomUUID } from 'node:crypto';
import { readFile, readdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { SCRATCH_DIR } from '../../../server/contract/mover-paths.ts';
import { MIB, denseDisk } from './data.ts';
import { descendants } from './processes.ts';
import type { ProcessFacts } from './processes.ts';
import { PASSWORD, REPOSITORY, Sandbox } from './sandbox.ts';
import type { Ended, Running } from './sandbox.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 });

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await Sandbox.create();
  await sandbox.must('init', 'init');
});
afterEach(() => sandbox.dispose());

/** Looks at a mover's processes again and again until it ends. */
async function watch(running: Running): Promise<{ ended: Ended; seen: ProcessFacts[] }> {
  const seen: ProcessFacts[] = [];
  let over = false;
  void running.ended.then(() => { over = true; });
  while (!over) {
    seen.push(...await descendants(running.child.pid));
    await new Promise((resolve) => { setTimeout(resolve, 20); });
  }
  return { ended: await running.ended, seen };
}

describe('a mover at work', () => {
  test('given canaries in the password, the document and the environment, when it works, then none is in its output, arguments, or its engine\'s environment', async () => {
    const ours = `canary-${randomUUID()}`;
    const disk = denseDisk(8 * MIB);
    await sandbox.source(disk);
    const { ended, seen } = await watch(await sandbox.start('backup', sandbox.backupVolume(disk.length), { env: { SOMEBODYS_TOKEN: ours } }));
    const engine = seen.filter(({ args }) => args.some((arg) => arg.endsWith('restic') || arg.includes('restic-')) && args.includes('backup') && !args.some((arg) => arg.endsWith('main.ts')));
    expect(engine.length).toBeGreaterThan(0);
    for (const { args, environment } of engine) {
      expect(environment).not.toContain(ours);
      expect(environment).not.toContain(PASSWORD);
      expect(args.join(' ')).not.toContain(sandbox.inside(REPOSITORY));
    }
    for (const { args } of seen) expect(args.join(' ')).not.toContain(PASSWORD);
    if (ended.last?.type !== 'result' || ended.last.result.type !== 'backup-volume') throw new Error(ended.stdout);
    const documentID = await sandbox.commit([['disk-0', ended.last.result.volume]], Buffer.from(`{"token":"${ours}"}`));
    const all = [ended, await sandbox.run('list'), await sandbox.run('verify', { documentID }), await sandbox.run('probe')];
    for (const { stdout, stderr } of all) {
      expect(stdout + stderr).not.toContain(PASSWORD);
      expect(stdout + stderr).not.toContain(ours);
    }
    // The document was on scratch space only while it was stored.
    for (const entry of await readdir(sandbox.inside(SCRATCH_DIR), { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) expect((await readFile(path.join(entry.parentPath, entry.name))).includes(ours)).toBe(false);
    }
  });

  test('given two volumes, when both are backed up at once into one repository, then both are whole and progress never goes back', async () => {
    const disks = [denseDisk(48 * MIB), denseDisk(40 * MIB)];
    const runs = await Promise.all(disks.map(async (disk, index) => {
      const name = `disk-${index}`;
      await writeFile(path.join(sandbox.root, name), disk);
      await symlink(path.join(sandbox.root, name), sandbox.inside(`/dev/${name}`));
      return sandbox.start('backup', sandbox.backupVolume(disk.length, name, `/dev/${name}`), { operationID: `operation-${index}` });
    }));
    const ended = await Promise.all(runs.map((running) => running.ended));
    const volumes = ended.map(({ last, lines, stdout }, index) => {
      if (last?.type !== 'result' || last.result.type !== 'backup-volume') throw new Error(stdout);
      const done = lines.flatMap((line) => (line.type === 'progress' ? [line.bytesDone] : []));
      expect(done).toEqual([...done].sort((a, b) => a - b));
      expect(done[0]).toBe(0);
      expect(done.at(-1)).toBe(disks[index]?.length);
      return [`disk-${index}`, last.result.volume] as const;
    });
    const documentID = await sandbox.commit(volumes);
    expect(await sandbox.must('verify', 'verify', { documentID })).toEqual({ type: 'verify', bytesVerified: 88 * MIB });
    expect(await sandbox.entries('snapshots')).toHaveLength(3);
    expect(await sandbox.stock('check')).toContain('no errors were found');
  });
});
