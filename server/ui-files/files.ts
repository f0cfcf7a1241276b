/** The files that the static server gives out, read once at its start: what is not in the table cannot be asked for. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/** One file as it is sent. */
export interface ServedFile { type: string; etag: string; body: Buffer }

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.json': 'application/json', '.map': 'application/json',
  '.png': 'image/png', '.svg': 'image/svg+xml', '.txt': 'text/plain; charset=utf-8', '.woff2': 'font/woff2',
};

/**
 * Every regular file below a folder, by its URL path (`/plugin/…`). Links are not followed.
 * @throws Error that names the folder when it is missing or holds nothing
 */
export async function loadFiles(folder: string): Promise<Map<string, ServedFile>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    throw new Error(`the folder of the built extension, ${folder}, cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  });
  const files = new Map<string, ServedFile>();

  for (const entry of entries.filter((candidate) => candidate.isFile())) {
    const file = path.join(entry.parentPath, entry.name);
    const body = await readFile(file);

    files.set(`/${path.relative(folder, file).split(path.sep).join('/')}`, {
      type: TYPES[path.extname(file).toLowerCase()] ?? 'application/octet-stream',
      etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
      body,
    });
  }
  if (files.size === 0) throw new Error(`the folder of the built extension, ${folder}, is empty: build the image with the output of "npm run package" in it`);
  return files;
}
