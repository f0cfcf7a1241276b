import { MoverError } from '../errors.ts';
import type { Engine, PutOptions, PutResult, Snapshot } from '../engine.ts';
import type { Labels } from '../labels.ts';
import { initRepository, openRepository } from './init.ts';
import { parseBackup, parseFiles, parseSnapshots } from './messages.ts';
import { configIdentity, folderSize } from './place.ts';
import { readText } from './process.ts';
import type { ResticProcess } from './process.ts';
import type { ResticRunner, RunOptions } from './runner.ts';
import { fromTags, toTags } from './tags.ts';

/** Length of a full restic snapshot id (hex digits). */
const FULL_ID = 64;

/** A restic repository in a folder, worked on by the stock restic program. */
export class ResticRepository implements Engine {
  readonly #runner: ResticRunner;
  readonly #unique: string;

  /** @param unique for names of temporary folders */
  constructor(runner: ResticRunner, unique: string) {
    this.#runner = runner;
    this.#unique = unique;
  }

  init(): Promise<{ repositoryID: string; created: boolean }> {
    return initRepository(this.#runner, this.#unique);
  }

  async open(): Promise<{ repositoryID: string }> {
    return { repositoryID: await openRepository(this.#runner) };
  }

  size(): Promise<number | undefined> {
    return folderSize(this.#runner.folder, this.#runner.clock);
  }

  async find(labels: Labels): Promise<Snapshot[]> {
    const stdout = await this.#runner.reading((options) => this.#runner.capture(['snapshots', '--tag', toTags(labels).join(',')], options));
    return parseSnapshots(stdout).map(({ id, time, tags }) => ({ id, createdAt: time, labels: fromTags(tags ?? []) }));
  }

  async putStream(name: string, content: () => AsyncIterable<Buffer>, options: PutOptions): Promise<PutResult> {
    await this.#runner.unlock();
    return this.#runner.withLock(() => this.#backup(['--stdin', '--stdin-filename', name], options, content));
  }

  async putFiles(folder: string, names: readonly string[], options: PutOptions): Promise<PutResult> {
    return this.#runner.withLock(() => this.#backup(['--', ...names], options, noContent, folder));
  }

  async read<T>(snapshotID: string, name: string, consume: (content: AsyncIterable<Buffer>) => Promise<T>): Promise<T> {
    return this.#runner.reading((options) => this.#dump(snapshotID, name, consume, options));
  }

  async files(snapshotID: string): Promise<string[]> {
    const stdout = await this.#runner.reading((options) => this.#runner.capture(['ls', snapshotID], options));
    // restic 0.14 lists nothing, successfully, for a snapshot that is not there.
    if (stdout.trim() === '') throw new MoverError('HVB-REPO-SNAPSHOT-MISSING', `The snapshot ${snapshotID} is not in the repository.`);
    return parseFiles(stdout).map((file) => file.replace(/^\//, ''));
  }

  async forget(ids: readonly string[], patience: 'wait' | 'try' = 'wait'): Promise<void> {
    if (ids.length === 0) return;
    await this.#runner.unlock();
    const forget = (): Promise<string> => this.#runner.capture(['forget', ...ids]);
    await (patience === 'try' ? forget() : this.#runner.withLock(forget));
  }

  async prune(): Promise<void> {
    await this.#runner.withLock(() => this.#runner.capture(['prune']));
  }

  async #backup(what: readonly string[], { labels, host }: PutOptions, content: () => AsyncIterable<Buffer>, cwd?: string): Promise<PutResult> {
    const before = await configIdentity(this.#runner.folder);
    const args = ['backup', '--host', host, ...toTags(labels).flatMap((tag) => ['--tag', tag]), ...what];
    const process = this.#runner.start(args, cwd === undefined ? {} : { cwd });
    const stdout = readText(process.child.stdout);
    let fed = 0;
    try {
      for await (const chunk of content()) {
        if (!(await write(process, chunk))) break;
        fed += chunk.length;
        await this.#requireSamePlace(before);
      }
    } catch (error) {
      // Before its input ends, so that it can't take what it has for the whole.
      await process.stop();
      throw error;
    }
    process.child.stdin.end();
    const exit = await process.exit;
    // First: a folder that vanished explains every other failure, and makes a success worth nothing.
    await this.#requireSamePlace(before);
    await this.#discardIncomplete(exit.exitCode, await stdout);
    await this.#runner.requireSuccess(args, exit);
    const summary = parseBackup(await stdout);
    if (content !== noContent && summary.total_bytes_processed !== fed) {
      await this.forget([summary.snapshot_id]);
      throw new MoverError('HVB-INTERNAL', `restic stored ${summary.total_bytes_processed} bytes of the ${fed} that it was given.`);
    }
    return { id: await this.#fullID(summary.snapshot_id), bytesAdded: summary.data_added_packed ?? summary.data_added };
  }

  /** Exit code 3: restic made a snapshot although it could not read everything. */
  async #discardIncomplete(exitCode: number | null, stdout: string): Promise<void> {
    if (exitCode === 3) await this.forget([parseBackup(stdout).snapshot_id]);
  }

  async #requireSamePlace(before: string | undefined): Promise<void> {
    if (before === undefined || await configIdentity(this.#runner.folder) === before) return;
    throw new MoverError('HVB-REPO-TARGET-MISSING', `The repository in ${this.#runner.folder} vanished or was replaced while it was written to.`);
  }

  /** restic 0.14 tells only the first digits of the id of what it stored. */
  async #fullID(id: string): Promise<string> {
    if (id.length === FULL_ID) return id;
    const [snapshot] = parseSnapshots(await this.#runner.withLock(() => this.#runner.capture(['snapshots', id])));
    if (!snapshot) throw new MoverError('HVB-REPO-SNAPSHOT-MISSING', `The snapshot ${id}, just written, is not in the repository.`);
    return snapshot.id;
  }

  async #dump<T>(snapshotID: string, name: string, consume: (content: AsyncIterable<Buffer>) => Promise<T>, options: RunOptions): Promise<T> {
    const args = ['dump', snapshotID, `/${name}`];
    const process = this.#runner.start(args, options);
    process.child.stdin.end();
    let result: T;
    try {
      result = await consume(process.child.stdout);
    } catch (error) {
      // When the data ended too early, restic knows the reason better than who waits for more.
      if (process.child.stdout.readableEnded) await this.#runner.requireSuccess(args, await process.exit);
      else {
        // Nobody reads on: a process whose output is not taken would never be seen to end.
        process.child.stdout.destroy();
        await process.stop();
      }
      throw error;
    }
    await this.#runner.requireSuccess(args, await process.exit);
    return result;
  }
}

async function* noContent(): AsyncGenerator<Buffer> {
  // A backup of files reads nothing from its input.
}

/** Resolves when `chunk` has left this process; false when restic takes no more. */
function write(process: ResticProcess, chunk: Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    process.child.stdin.write(chunk, (error) => resolve(!error));
  });
}
