import type { MoverResult } from '../../contract/mover-protocol.ts';
import type { RepositoryContext } from '../context.ts';
import { LABEL, identityOf } from '../labels.ts';

/** Opens the repository with its key and counts its backups. */
export async function probe({ engine }: RepositoryContext): Promise<MoverResult> {
  const { repositoryID } = await engine.open();
  const documents = await engine.find({ [LABEL.part]: 'document' });
  const backups = new Set(documents.map(({ labels }) => labels[LABEL.backup])).size;
  const sizeBytes = await engine.size();
  return { type: 'probe', repositoryID, backups, ...(sizeBytes === undefined ? {} : { sizeBytes }) };
}

/** Emits one `backup` line per backup, oldest first; where a backup has two documents, the newer one counts. */
export async function list({ engine, emit }: RepositoryContext): Promise<MoverResult> {
  const newest = new Map((await engine.find({ [LABEL.part]: 'document' })).map((snapshot) => [snapshot.labels[LABEL.backup], snapshot]));
  let backups = 0;
  for (const { id, labels, createdAt } of newest.values()) {
    const identity = identityOf(labels);
    if (!identity) continue;
    emit({ type: 'backup', identity, documentID: id, createdAt });
    backups++;
  }
  return { type: 'list', backups };
}

/**
 * Removes a backup: its document first, so that it stops to exist before any of its data goes, then the rest, then the
 * space. Frees the space also when nothing is left to forget, because an earlier run may have got just that far.
 */
export async function remove({ engine }: RepositoryContext, backupUID: string): Promise<MoverResult> {
  const snapshots = await engine.find({ [LABEL.backup]: backupUID });
  const [documents, others] = [snapshots.filter(isDocument), snapshots.filter((snapshot) => !isDocument(snapshot))];
  await engine.forget(documents.map(({ id }) => id));
  await engine.forget(others.map(({ id }) => id));
  await engine.prune();
  return { type: 'remove', removed: snapshots.length };
}

function isDocument({ labels }: { labels: Readonly<Record<string, string>> }): boolean {
  return labels[LABEL.part] === 'document';
}
