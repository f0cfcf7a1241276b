import type { Failure } from '../../server/contract/failures.ts';
import type { MoverResult } from '../../server/contract/mover-protocol.ts';
import type { Engine, Observation, Operation, Task } from '../../server/engines/engine.ts';

/** What a {@link FakeEngine} keeps in its repository: one entry per snapshot. */
export interface FakeEntry { id: string; backupUID: string; kind: 'volume' | 'document'; volume?: string; sizeBytes?: number; text?: string }

/**
 * An engine in memory with the manners of a real one: an operation prepares, runs, ends, is found again by its id, and its
 * leftovers stay until they are released. It outlives the controllers that drive it, as Jobs in a cluster do.
 */
export class FakeEngine implements Engine {
  /** What the repository holds. */
  readonly repository: FakeEntry[] = [];
  /** Operations with something left in the cluster, by id, and how often each was advanced. */
  readonly live = new Map<string, number>();
  /** Every operation that ever began, in order; one that was released and began again is there twice. */
  readonly begun: string[] = [];
  /** Gives a failure to make an operation end with. */
  failWith: ((operation: Operation) => Failure | undefined) | undefined;
  /** Fails the way a killed process does: called before anything else on each advance. */
  onAdvance: ((operation: Operation) => void) | undefined;
  /** Ids whose operation never ends by itself. */
  readonly hanging = new Set<string>();

  readonly #ending = new Set<string>();
  readonly #failed = new Map<string, Failure>();

  advance(operation: Operation): Promise<Observation> {
    const known = this.#failed.get(operation.id);

    // A failure is final until the operation was released; a success that is being released would be done all over again.
    if (known) return Promise.resolve({ phase: 'Failed', failure: known });
    this.#ending.delete(operation.id);
    this.onAdvance?.(operation);
    const turn = (this.live.get(operation.id) ?? 0) + 1;

    if (turn === 1) this.begun.push(operation.id);
    this.live.set(operation.id, turn);
    if (turn === 1) return Promise.resolve({ phase: 'Preparing', step: 'Job', message: 'The mover is being started.' });
    if (turn === 2 || this.hanging.has(operation.id)) return Promise.resolve({ phase: 'Running', progress: { bytesDone: 1, bytesTotal: 2 } });
    const failure = this.failWith?.(operation);

    if (failure) this.#failed.set(operation.id, failure);
    return Promise.resolve(failure ? { phase: 'Failed', failure } : this.#succeed(operation));
  }

  cancel(operation: Operation): Promise<boolean> {
    this.hanging.delete(operation.id);
    return Promise.resolve(true);
  }

  /** Takes two calls, as pods do not go at once: whoever begins the operation again in between would never end. */
  release({ id }: Pick<Operation, 'id'>): Promise<boolean> {
    if (!this.live.has(id)) return Promise.resolve(true);
    if (this.#ending.delete(id)) {
      this.#failed.delete(id);
      return Promise.resolve(this.live.delete(id));
    }
    this.#ending.add(id);
    return Promise.resolve(false);
  }

  #succeed(operation: Operation): Observation {
    const { task } = operation;
    const document = task.type === 'restore-document' ? this.repository.find((entry) => entry.id === task.documentID)?.text : undefined;

    return { phase: 'Succeeded', result: this.#result(operation.id, task), ...(document === undefined ? {} : { document }) };
  }

  #result(id: string, task: Task): MoverResult {
    switch (task.type) {
      case 'describe': return { type: 'describe', capabilities: { engine: 'fake', version: '1', incremental: true, concurrentBackups: true, sparse: true, encryption: true, compression: true, targets: ['filesystem'] } };
      case 'init': return { type: 'init', repositoryID: 'repository-1', created: true };
      case 'probe': return { type: 'probe', repositoryID: 'repository-1', backups: this.repository.filter(({ kind }) => kind === 'document').length };
      case 'backup-volume': {
        const { backupUID } = task.identity;

        this.#put({ id: `raw:${id}`, backupUID, kind: 'volume', volume: task.volume.name, sizeBytes: task.volume.sizeBytes });
        return { type: 'backup-volume', volume: { snapshotID: `raw:${id}`, digestsID: `digests:${id}`, sizeBytes: task.volume.sizeBytes, rootDigest: `sha256:${task.volume.name}`, bytesRead: task.volume.sizeBytes, bytesZero: 0, bytesUploaded: task.volume.sizeBytes } };
      }
      case 'backup-document':
        this.#put({ id: `document:${id}`, backupUID: task.identity.backupUID, kind: 'document', text: task.document });
        return { type: 'backup-document', documentID: `document:${id}` };
      case 'restore-volume': return { type: 'restore-volume', bytesWritten: task.sourceBytes, bytesSkipped: 0, rootDigest: `sha256:${task.sourceName}` };
      case 'verify': {
        const { backupUID } = this.repository.find((entry) => entry.id === task.documentID) ?? {};

        return { type: 'verify', bytesVerified: this.repository.filter((entry) => entry.backupUID === backupUID).reduce((sum, { sizeBytes = 0 }) => sum + sizeBytes, 0) };
      }
      case 'restore-document': return { type: 'restore-document', lines: 1 };
      case 'remove': {
        const kept = this.repository.filter(({ backupUID }) => backupUID !== task.backupUID);
        const removed = this.repository.length - kept.length;

        this.repository.splice(0, this.repository.length, ...kept);
        return { type: 'remove', removed };
      }
    }
  }

  #put(entry: FakeEntry): void {
    if (!this.repository.some(({ id }) => id === entry.id)) this.repository.push(entry);
  }
}
