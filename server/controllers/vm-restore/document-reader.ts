import { backupDocumentSchema, type BackupDocument } from '../../contract/backup-document.ts';
import type { Failure } from '../../contract/failures.ts';
import type { Observation } from '../../engines/engine.ts';
import { WORK_POLL_MS } from '../context.ts';
import type { RepositoryLookup } from '../repository-of.ts';
import { documentOperation, documentOperationID, ownerOf } from './operations.ts';
import { failNow, type Work } from './work.ts';

type Found = Extract<RepositoryLookup, { found: true }>;

/** What reading the document came to. */
export type DocumentRead =
  | { state: 'Ready'; document: BackupDocument }
  | { state: 'Waiting'; message: string; requeueAfterMs: number }
  | { state: 'Failed'; failure: Failure };

interface Entry {
  document?: BackupDocument;
  failure?: Failure;
  /** The operation has ended and what it left in the cluster is to go. */
  ended: boolean;
  failures: number;
}

const MAX_ENTRIES = 32;
/** Tries, the first included. They are counted in memory: a document is small, and a restart may well try again. */
const MAX_ATTEMPTS = 3;

/**
 * Fetches backup documents through the engine, and keeps the last ones in memory. Documents hold the values of Secrets, so
 * memory is the only place for them; after a restart they are fetched again.
 */
export class DocumentReader {
  readonly #entries = new Map<string, Entry>();

  /** Brings the document nearer by one step. Ready and Failed are only said when nothing of the operation is left in the cluster. */
  async read(work: Work, found: Found): Promise<DocumentRead> {
    const entry = this.#entry(work.uid);

    if (entry.document && !entry.ended) return { state: 'Ready', document: entry.document };
    if (entry.ended) return this.#release(work, found, entry);
    if (!work.context.slots.take(found.repository.metadata.name, documentOperationID(work.uid), found.limit)) {
      return { state: 'Waiting', message: `Waits for a free mover on BackupRepository ${found.repository.metadata.name} to read the backup document.`, requeueAfterMs: WORK_POLL_MS };
    }
    const observation = await work.context.engineFor(found.engine).advance(documentOperation(work, found.engine, found.repository));

    return this.#observe(work, found, entry, observation);
  }

  /** Drops what is kept for a restore. */
  forget(uid: string): void {
    this.#entries.delete(uid);
  }

  #entry(uid: string): Entry {
    const entry = this.#entries.get(uid) ?? { ended: false, failures: 0 };

    // The last one asked for is the last one dropped.
    this.#entries.delete(uid);
    this.#entries.set(uid, entry);
    const [oldest] = this.#entries.keys();

    if (this.#entries.size > MAX_ENTRIES && oldest !== undefined) this.#entries.delete(oldest);
    return entry;
  }

  async #observe(work: Work, found: Found, entry: Entry, observation: Observation): Promise<DocumentRead> {
    switch (observation.phase) {
      case 'Succeeded':
        entry.ended = true;
        // Without its text it was sealed for a process that is gone: the next try seals it for this one.
        if (observation.document !== undefined) this.#accept(work, entry, observation.document);
        return this.#release(work, found, entry);
      case 'Failed':
        entry.ended = true;
        entry.failures += 1;
        if (!observation.failure.retryable || entry.failures >= MAX_ATTEMPTS) entry.failure = observation.failure;
        return this.#release(work, found, entry);
      case 'Preparing':
        return { state: 'Waiting', message: `Reads the backup document: ${observation.message}`, requeueAfterMs: WORK_POLL_MS };
      default:
        return { state: 'Waiting', message: 'Reads the backup document from the repository.', requeueAfterMs: WORK_POLL_MS };
    }
  }

  #accept(work: Work, entry: Entry, text: string): void {
    const where = `The backup document of VMBackup ${work.spec.source.backup.namespace}/${work.spec.source.backup.name}`;
    const result = backupDocumentSchema.safeParse(parseJson(text));

    if (!result.success) {
      // Paths only: the values may be secret.
      entry.failure = failNow(work, 'HVB-DATA-DOCUMENT-INVALID', `${where} does not have the expected form.`, result.error.issues.map(({ path, code }) => `${path.join('.')}: ${code}`).join('\n'));
      return;
    }
    const { identity } = result.data;

    if (identity.backupUID !== work.status.backup?.uid || identity.cluster !== work.context.clusterID) {
      entry.failure = failNow(work, 'HVB-DATA-DOCUMENT-INVALID', `${where} belongs to the backup ${identity.backupUID} of cluster ${identity.cluster}, not to ${work.status.backup?.uid} of this cluster (${work.context.clusterID}).`);
      return;
    }
    entry.document = result.data;
  }

  async #release(work: Work, found: Found, entry: Entry): Promise<DocumentRead> {
    const id = documentOperationID(work.uid);

    if (!await work.context.engineFor(found.engine).release({ id, owner: ownerOf(work) })) return { state: 'Waiting', message: 'Cleans up after reading the backup document.', requeueAfterMs: WORK_POLL_MS };
    work.context.slots.giveBack(found.repository.metadata.name, id);
    entry.ended = false;
    if (entry.document) return { state: 'Ready', document: entry.document };
    if (!entry.failure) return { state: 'Waiting', message: 'Reads the backup document once more.', requeueAfterMs: WORK_POLL_MS * entry.failures };
    this.forget(work.uid);
    return { state: 'Failed', failure: entry.failure };
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The schema says what is wrong with it.
    return undefined;
  }
}
