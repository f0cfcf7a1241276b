/**
 * Durable form of the store: one append-only file of JSON lines. Each change is one line, written with a single write(2)
 * before it becomes visible, and flushed by fdatasync in batches. When the file has grown to several times the state,
 * it is rewritten beside the old one and renamed over it, so that at every instant one complete file exists.
 *
 *   {"v":1,"rv":41}                            first line: format and the revision when the file was written
 *   {"r":"/pods","o":{…}}                      object stored; its revision is metadata.resourceVersion
 *   {"r":"/pods","k":"ns/name","rv":43}        object removed
 */
import { closeSync, fdatasync, fsyncSync, ftruncateSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { KubeObject } from './types.ts';

const FILE = 'objects.jsonl';
const CHUNK = 1 << 20;
const MIN_COMPACTION_BYTES = 4 << 20;
const GROWTH = 4;
/** Where the object begins in its line; no resource name contains this. */
const OBJECT_FIELD = ',"o":';

interface Line {
  v?: number;
  rv?: number;
  r?: string;
  o?: KubeObject;
  k?: string;
}

/** Gets each line that is replayed: an object with its JSON, or the key of one that was removed. */
export type Restore = (resource: string, object: KubeObject | string, json: string) => void;

/** What the store dumps when the file is rewritten. */
export type Dump = () => Iterable<{ resource: string; json: string }>;

/** An open journal. Load first, then start, then write. */
export class Journal {
  readonly #directory: string;
  readonly #path: string;
  readonly #sync: boolean;
  readonly #compactAt: number;
  #fd: number;
  #bytes = 0;
  #compactedBytes = 0;
  #dump: Dump = () => [];
  #revision: () => number = () => 0;
  #dirty = false;
  #flushing: Promise<void> | undefined;
  #failure: Error | undefined;

  constructor(directory: string, options: { sync: boolean; compactAt?: number }) {
    this.#directory = directory;
    this.#path = join(directory, FILE);
    this.#sync = options.sync;
    this.#compactAt = options.compactAt ?? MIN_COMPACTION_BYTES;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    rmSync(`${this.#path}.new`, { force: true });
    this.#fd = openSync(this.#path, 'a+', 0o600);
  }

  /**
   * Replays the file: `restore` gets the resource and the object, or the key of one that was removed. Returns the last revision.
   * A torn last line is cut off. Throws when a line before the last is unreadable.
   */
  load(restore: Restore): number {
    const bytes = readFileSync(this.#path);
    let revision = 0;
    let start = 0;
    let line = 1;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start), line++) {
      revision = Math.max(revision, this.#replay(bytes.toString('utf8', start, end), line, restore));
      start = end + 1;
    }
    if (start < bytes.length) ftruncateSync(this.#fd, start);
    this.#bytes = start;
    this.#compactedBytes = start;
    if (start === 0) this.#write(`${JSON.stringify({ v: 1, rv: revision })}\n`);
    return revision;
  }

  #replay(text: string, line: number, restore: Restore): number {
    let parsed: Line;
    try {
      parsed = JSON.parse(text) as Line;
    } catch (error) {
      throw new Error(`${this.#path} line ${line} is not JSON (${(error as Error).message}): the file was changed from outside; restore it or start with an empty folder`, { cause: error });
    }
    if (parsed.v !== undefined && parsed.v !== 1) throw new Error(`${this.#path} has format ${parsed.v}, this version reads format 1: use the version that wrote it`);
    if (parsed.r === undefined) return parsed.rv ?? 0;
    if (parsed.o) {
      // The stored text is kept as it is: it need not be made again.
      restore(parsed.r, parsed.o, text.slice(text.indexOf(OBJECT_FIELD) + OBJECT_FIELD.length, -1));
      return Number(parsed.o.metadata.resourceVersion);
    }
    restore(parsed.r, parsed.k ?? '', '');
    return parsed.rv ?? 0;
  }

  /** Gives the journal what it needs to rewrite the file. */
  start(dump: Dump, revision: () => number): void {
    this.#dump = dump;
    this.#revision = revision;
    this.#compactedBytes = 0;
    for (const { json } of dump()) this.#compactedBytes += json.length;
    this.#compactIfGrown();
  }

  put(resource: string, json: string): void {
    this.#append(`{"r":${JSON.stringify(resource)},"o":${json}}\n`);
  }

  remove(resource: string, key: string, revision: number): void {
    this.#append(`${JSON.stringify({ r: resource, k: key, rv: revision })}\n`);
  }

  #append(line: string): void {
    if (this.#failure) throw this.#failure;
    this.#compactIfGrown();
    this.#write(line);
    this.#dirty = true;
  }

  #write(text: string): void {
    const bytes = Buffer.from(text);
    try {
      for (let offset = 0; offset < bytes.length;) offset += writeSync(this.#fd, bytes, offset);
    } catch (error) {
      // A half-written line would join the next one: nothing may follow it.
      this.#failure = new Error(`writing ${this.#path} failed: ${(error as Error).message}; free some space and start again`);
      throw this.#failure;
    }
    this.#bytes += bytes.length;
  }

  #compactIfGrown(): void {
    if (this.#bytes < Math.max(this.#compactAt, GROWTH * this.#compactedBytes)) return;
    const next = `${this.#path}.new`;
    const fd = openSync(next, 'w', 0o600);
    let size = 0;
    let pending: string[] = [`${JSON.stringify({ v: 1, rv: this.#revision() })}\n`];
    let pendingLength = 0;
    const flush = (): void => {
      const bytes = Buffer.from(pending.join(''));
      for (let offset = 0; offset < bytes.length;) offset += writeSync(fd, bytes, offset);
      size += bytes.length;
      pending = [];
      pendingLength = 0;
    };
    for (const { resource, json } of this.#dump()) {
      pending.push(`{"r":${JSON.stringify(resource)},"o":${json}}\n`);
      pendingLength += json.length;
      if (pendingLength > CHUNK) flush();
    }
    flush();
    fsyncSync(fd);
    closeSync(fd);
    renameSync(next, this.#path);
    const folder = openSync(this.#directory, 'r');
    fsyncSync(folder);
    closeSync(folder);
    const old = this.#fd;
    this.#fd = openSync(this.#path, 'a', 0o600);
    // A running fdatasync of the old file must not find its number reused.
    const close = (): void => closeSync(old);
    if (this.#flushing) this.#flushing.then(close, close);
    else close();
    this.#bytes = size;
    this.#compactedBytes = size;
  }

  /** Resolves when every line so far is on disk. Many callers share one fdatasync. */
  async durable(): Promise<void> {
    if (!this.#sync) return;
    // The running flush may have begun before the caller's line; the next one certainly covers it.
    if (this.#flushing) await this.#flushing;
    if (this.#dirty || this.#flushing) await (this.#flushing ??= this.#flush());
  }

  #flush(): Promise<void> {
    this.#dirty = false;
    return new Promise<void>((resolve, reject) => {
      fdatasync(this.#fd, (error) => {
        this.#flushing = undefined;
        if (error) {
          this.#failure = new Error(`flushing ${this.#path} failed: ${error.message}`);
          reject(this.#failure);
        } else resolve();
      });
    });
  }

  async close(): Promise<void> {
    try {
      await this.durable();
    } finally {
      closeSync(this.#fd);
    }
  }
}
