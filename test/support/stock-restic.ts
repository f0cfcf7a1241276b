import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PASSWORD } from './product.ts';
import { findRestic } from './restic.ts';

const run = promisify(execFile);

/** A snapshot as stock restic lists it. */
export interface StockSnapshot { id: string; paths: string[]; tags?: string[] }

/**
 * Runs the stock restic binary on a repository folder, without any of our code.
 * @returns its standard output
 */
export async function stockRestic(repository: string, args: readonly string[], password = PASSWORD): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hvb-stock-'));

  try {
    await writeFile(join(folder, 'password'), password, { mode: 0o600 });
    const { stdout } = await run(findRestic(), [...args, '--no-cache'], {
      env: { PATH: process.env['PATH'], RESTIC_REPOSITORY: repository, RESTIC_PASSWORD_FILE: join(folder, 'password') }, maxBuffer: 64 * 1024 * 1024,
    });

    return stdout;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Every snapshot in a repository. */
export async function stockSnapshots(repository: string): Promise<StockSnapshot[]> {
  return JSON.parse(await stockRestic(repository, ['snapshots', '--json'])) as StockSnapshot[];
}
