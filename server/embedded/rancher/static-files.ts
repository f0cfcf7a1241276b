import type { IncomingMessage } from 'node:http';
import type { Reply } from './http.ts';
import { readFile, stat } from 'node:fs/promises';
import { extname, join, normalize, sep } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

const gzipAsync = promisify(gzip);

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8', '.gif': 'image/gif', '.html': 'text/html; charset=utf-8', '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8', '.json': 'application/json', '.map': 'application/json', '.png': 'image/png',
  '.svg': 'image/svg+xml', '.txt': 'text/plain; charset=utf-8', '.webp': 'image/webp', '.woff': 'font/woff', '.woff2': 'font/woff2',
};
const COMPRESSIBLE = new Set(['.css', '.html', '.js', '.json', '.map', '.svg', '.txt']);
/** Build tools put a content hash into these names, so they never change. */
const HASHED = /\.[0-9a-f]{8,}\./;

interface Compressed { etag: string; body: Buffer }

/** Serves the files of a folder from memory-cached gzip, with ETags; names with a content hash are cached for good. */
export class StaticFiles {
  readonly #root: string;
  readonly #compressed = new Map<string, Compressed>();

  constructor(root: string) {
    this.#root = normalize(root);
  }

  /** The reply for a path below the folder; undefined when there is no such file or the path leads out of the folder. */
  async reply(request: IncomingMessage, path: string): Promise<Reply | undefined> {
    const file = normalize(join(this.#root, path));

    if (!file.startsWith(this.#root + sep)) return undefined;
    const found = await stat(file).catch(() => undefined);
    if (!found?.isFile()) return undefined;
    const etag = `"${found.size.toString(36)}-${found.mtimeMs.toString(36)}"`;
    const extension = extname(file).toLowerCase();
    const headers: Record<string, string> = {
      'content-type': TYPES[extension] ?? 'application/octet-stream',
      'cache-control': HASHED.test(file) ? 'public, max-age=31536000, immutable' : 'no-cache',
      etag,
    };

    if (request.headers['if-none-match'] === etag) return { status: 304, headers };
    if (!COMPRESSIBLE.has(extension) || !/\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))) {
      return { status: 200, headers, body: await readFile(file) };
    }

    return { status: 200, headers: { ...headers, 'content-encoding': 'gzip', vary: 'accept-encoding' }, body: await this.#gzipped(file, etag) };
  }

  async #gzipped(file: string, etag: string): Promise<Buffer> {
    const cached = this.#compressed.get(file);

    if (cached?.etag === etag) return cached.body;
    const body = await gzipAsync(await readFile(file), { level: 5 });
    this.#compressed.set(file, { etag, body });

    return body;
  }
}
