import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder on a file system of its own that gets really full. */
export interface SmallPool { folder: string; remove(): void }

/** A tmpfs of so many bytes, to be given as a pool of the embedded cluster; undefined where mounting is not allowed (not root). */
export function mountSmallPool(bytes: number): SmallPool | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'hvb-pool-'));

  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    rmSync(folder, { recursive: true });

    return undefined;
  }

  return {
    folder,
    remove() {
      execFileSync('umount', [folder]);
      rmSync(folder, { recursive: true });
    },
  };
}

/** True where {@link mountSmallPool} works. */
export function canMount(): boolean {
  const pool = mountSmallPool(4096);

  pool?.remove();

  return pool !== undefined;
}
