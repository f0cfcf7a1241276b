import type { IncomingMessage } from 'node:http';
import type { Dirent } from 'node:fs';
import type { Reply } from './http.ts';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { StaticFiles } from './static-files.ts';

/** What the shell checks before it loads an extension; the build drops them from its copy of package.json. */
const ANNOTATIONS = {
  'catalog.cattle.io/ui-extensions-version': '>= 3.0.0 < 4.0.0',
  'catalog.cattle.io/rancher-version': '>= 2.15.0-0',
  'catalog.cattle.io/display-name': 'Harvester VM Backup',
};

interface Built { name: string; version: string; folder: string; builtAt: number }

async function builtIn(folder: string): Promise<Built | undefined> {
  try {
    const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { name?: unknown; version?: unknown };

    if (typeof manifest.name !== 'string' || typeof manifest.version !== 'string') return undefined;
    const entry = await stat(join(folder, `${manifest.name}-${manifest.version}.umd.min.js`));

    return { name: manifest.name, version: manifest.version, folder, builtAt: entry.mtimeMs };
  } catch {
    // Not an extension build, or one that is being written just now.
    return undefined;
  }
}

/**
 * The built extensions in a folder: the folder itself, or its subfolders. It is looked at on each request, so a new build
 * is there at the next reload of the page.
 */
export class Extensions {
  readonly #root: string;
  readonly #files = new Map<string, StaticFiles>();

  constructor(root: string) {
    this.#root = root;
  }

  /** The newest build of each extension. */
  async #newest(): Promise<Built[]> {
    const entries = await readdir(this.#root, { withFileTypes: true }).catch((): Dirent[] => []);
    const folders = [this.#root, ...entries.filter((entry) => entry.isDirectory() || entry.isSymbolicLink()).map((entry) => join(this.#root, entry.name))];
    const newest = new Map<string, Built>();

    for (const built of await Promise.all(folders.map(builtIn))) {
      if (built && (newest.get(built.name)?.builtAt ?? -1) < built.builtAt) newest.set(built.name, built);
    }

    return [...newest.values()];
  }

  /** The index at `/v1/uiplugins`. */
  async index(): Promise<Reply> {
    const entries: Record<string, object> = {};

    for (const { name, version } of await this.#newest()) {
      entries[name] = { name, version, endpoint: `embedded://${name}`, noCache: false, noAuth: true, metadata: ANNOTATIONS };
    }

    return { status: 200, body: { entries }, headers: { 'cache-control': 'no-store' } };
  }

  /** A file at `/v1/uiplugins/<name>/<version>/plugin/<file>`; undefined when there is none. */
  async file(request: IncomingMessage, name: string, version: string, path: string): Promise<Reply | undefined> {
    const built = (await this.#newest()).find((candidate) => candidate.name === name && candidate.version === version);

    if (!built) return undefined;
    let files = this.#files.get(built.folder);

    if (!files) {
      files = new StaticFiles(built.folder);
      this.#files.set(built.folder, files);
    }

    return files.reply(request, path);
  }
}
