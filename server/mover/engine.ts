import type { Labels } from './labels.ts';

/** A snapshot in a repository, as far as the mover needs to know it. */
export interface Snapshot {
  /** The engine's full id. */
  readonly id: string;
  readonly labels: Labels;
  /** RFC 3339. */
  readonly createdAt: string;
}

export interface PutOptions {
  readonly labels: Labels;
  /** Recorded as the snapshot's host; the cluster's name. */
  readonly host: string;
}

export interface PutResult {
  readonly id: string;
  /** New bytes that the repository grew by, as the engine reports them. */
  readonly bytesAdded: number;
}

/**
 * One repository, opened with its key. Everything above it is the same for every engine.
 *
 * Every method rejects with a `MoverError` whose code says whose fault it is, and stops its child process when the
 * operation is cancelled.
 */
export interface Engine {
  /** Creates the repository. One that exists and opens with the key is success; two at once are, too. */
  init(): Promise<{ repositoryID: string; created: boolean }>;
  /** Opens the repository and proves that the key fits. */
  open(): Promise<{ repositoryID: string }>;
  /** Bytes that the repository takes; undefined where that is not cheap to know. */
  size(): Promise<number | undefined>;
  /** Snapshots that carry all of these labels, oldest first. */
  find(labels: Labels): Promise<Snapshot[]>;
  /**
   * Stores a stream as the file `name` in a snapshot of its own. When the stream throws, no snapshot is made.
   * `content` opens the stream; it is called again when the engine has to begin anew, for one that waited for a lock.
   * A buffer that the stream yields is not touched any more when the next one is asked for.
   */
  putStream(name: string, content: () => AsyncIterable<Buffer>, options: PutOptions): Promise<PutResult>;
  /** Stores the files `names` of `folder` at the root of one snapshot. */
  putFiles(folder: string, names: readonly string[], options: PutOptions): Promise<PutResult>;
  /**
   * Streams the file `name` of a snapshot through `consume`; resolves only when the engine vouches for all of it.
   * `consume` is called again when the engine has to begin anew; until then it got nothing.
   */
  read<T>(snapshotID: string, name: string, consume: (content: AsyncIterable<Buffer>) => Promise<T>): Promise<T>;
  /** Names of the files at the root of a snapshot. */
  files(snapshotID: string): Promise<string[]>;
  /**
   * Removes snapshots; ids that do not exist are ignored. Space is freed by {@link prune}.
   * With `try`, a repository that somebody else holds is not waited for.
   */
  forget(ids: readonly string[], patience?: 'wait' | 'try'): Promise<void>;
  prune(): Promise<void>;
}

/** Reads a small file of a snapshot whole. */
export async function readAll(engine: Engine, snapshotID: string, name: string): Promise<Buffer> {
  return engine.read(snapshotID, name, async (content) => {
    const chunks: Buffer[] = [];
    // Copied, because the engine may use its buffer again.
    for await (const chunk of content) chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks);
  });
}
