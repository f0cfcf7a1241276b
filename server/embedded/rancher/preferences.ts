import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Settings that the shell stores per user, as strings: theme, last visited page, rows per page. */
export type Preferences = Record<string, string>;

/** What a user has before saving anything: no release notes, no first-visit tour, our product as the landing page. */
function defaultsFor(landing: string, version: string): Preferences {
  return {
    'after-login-route': JSON.stringify({ path: landing }),
    'seen-whatsnew': JSON.stringify(version),
    'read-whatsnew': JSON.stringify(version),
    'home-page-cards': JSON.stringify({}),
  };
}

/** Preferences by user, in one file, or in memory when `file` is undefined. */
export class PreferenceStore {
  readonly #file: string | undefined;
  readonly #defaults: Preferences;
  #byUser: Record<string, Preferences> = {};
  #writing: Promise<void> = Promise.resolve();

  constructor(options: { file?: string; landing: string; version: string }) {
    this.#file = options.file;
    this.#defaults = defaultsFor(options.landing, options.version);
  }

  /** Reads the file; a missing or damaged one means nobody has saved anything. */
  async load(): Promise<void> {
    if (!this.#file) return;
    try {
      this.#byUser = JSON.parse(await readFile(this.#file, 'utf8')) as Record<string, Preferences>;
    } catch {
      this.#byUser = {};
    }
  }

  get(user: string): Preferences {
    return { ...this.#defaults, ...this.#byUser[user] };
  }

  /** Replaces a user's preferences; only text values are kept. */
  async set(user: string, data: Record<string, unknown>): Promise<Preferences> {
    this.#byUser[user] = Object.fromEntries(Object.entries(data).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
    this.#writing = this.#writing.then(() => this.#save());
    await this.#writing;

    return this.get(user);
  }

  async #save(): Promise<void> {
    if (!this.#file) return;
    await mkdir(dirname(this.#file), { recursive: true });
    await writeFile(`${this.#file}.new`, JSON.stringify(this.#byUser), { mode: 0o600 });
    await rename(`${this.#file}.new`, this.#file);
  }
}
