/**
 * Measures what the mover adds to restic: a backup of a half-random file of 1 GiB by the mover, and by
 * `restic backup --stdin`, in turn, each into a fresh repository. Prints seconds and their ratio; asserts nothing.
 *
 *   RESTIC_BINARY=… node test/bench/mover.ts [MiB] [rounds]
 */
import { spawn } from 'node:child_process';
import { createCipheriv } from 'node:crypto';
import { once } from 'node:events';
import { open, rm } from 'node:fs/promises';
import { VOLUME_DEVICE } from '../../server/contract/mover-paths.ts';
import { REPOSITORY, Sandbox } from '../contract/mover/sandbox.ts';
import { REPOSITORY_KEY_FILE } from '../../server/contract/mover-paths.ts';

const MIB = 1024 * 1024;
const [sizeMiB = 1024, rounds = 2] = process.argv.slice(2).map(Number);

/** Every other MiB is random, the rest zero; the same bytes on every run. */
async function writeHalfRandom(file: string): Promise<void> {
  const cipher = createCipheriv('aes-256-ctr', Buffer.alloc(32, 1), Buffer.alloc(16));
  const zeros = Buffer.alloc(MIB);
  const handle = await open(file, 'w');
  for (let mib = 0; mib < sizeMiB; mib++) await handle.write(mib % 2 === 0 ? cipher.update(zeros) : zeros);
  await handle.sync();
  await handle.close();
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

async function bare(sandbox: Sandbox): Promise<void> {
  const source = await open(sandbox.inside(VOLUME_DEVICE), 'r');
  const child = spawn(sandbox.restic, ['--no-cache', 'backup', '--quiet', '--stdin', '--stdin-filename', 'disk.raw'], {
    env: { PATH: process.env['PATH'] ?? '', RESTIC_REPOSITORY: sandbox.inside(REPOSITORY), RESTIC_PASSWORD_FILE: sandbox.inside(REPOSITORY_KEY_FILE) },
    stdio: [source.fd, 'ignore', 'inherit'],
  });
  await once(child, 'close');
  await source.close();
}

const sandbox = await Sandbox.create();
try {
  await writeHalfRandom(sandbox.inside(VOLUME_DEVICE));
  for (let round = 1; round <= rounds; round++) {
    const freshly = async (work: () => Promise<unknown>): Promise<number> => {
      await rm(sandbox.inside(REPOSITORY), { recursive: true, force: true });
      await sandbox.must('init', 'init');
      return seconds(work);
    };
    const stock = await freshly(() => bare(sandbox));
    const ours = await freshly(() => sandbox.must('backup-volume', 'backup', sandbox.backupVolume(sizeMiB * MIB), { operationID: `round-${round}` }));
    process.stdout.write(`round ${round}: ${sizeMiB} MiB, bare restic ${stock.toFixed(1)} s, mover ${ours.toFixed(1)} s, ratio ${(ours / stock).toFixed(2)}\n`);
  }
} finally {
  await sandbox.dispose();
}
