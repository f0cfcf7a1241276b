import { constants, copyFile, mkdir, open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

const CHUNK_BYTES = 1024 * 1024;
const ZEROS = Buffer.alloc(CHUNK_BYTES);

async function copySparse(from: string, to: string): Promise<void> {
  const source = await open(from, 'r');
  const target = await open(to, 'w');
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);

  try {
    const { size } = await source.stat();

    await target.truncate(size);
    for (let at = 0; at < size;) {
      const { bytesRead } = await source.read(chunk, 0, CHUNK_BYTES, at);

      if (bytesRead === 0) {
        throw new Error(`${from} became shorter while it was copied`);
      }
      if (!chunk.subarray(0, bytesRead).equals(ZEROS.subarray(0, bytesRead))) {
        await target.write(chunk, 0, bytesRead, at);
      }
      at += bytesRead;
    }
    await target.sync();
  } finally {
    await source.close();
    await target.close();
  }
}

/** Copies a file: by reflink where the file system can, else bytes, leaving holes where there are zeros. */
export async function copyImage(from: string, to: string): Promise<void> {
  try {
    await copyFile(from, to, constants.COPYFILE_FICLONE_FORCE);
  } catch {
    // No reflink here, for whatever reason; if the files themselves are the trouble, the copy says so.
    await copySparse(from, to);
  }
}

/** Copies a folder with its files by {@link copyImage}. */
export async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from)) {
    const source = join(from, entry);

    await ((await stat(source)).isDirectory() ? copyTree : copyImage)(source, join(to, entry));
  }
}
