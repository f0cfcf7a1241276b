import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { MoverResult, RequestOf } from '../../contract/mover-protocol.ts';
import type { RepositoryContext } from '../context.ts';
import { readAll } from '../engine.ts';
import { MoverError, errnoOf } from '../errors.ts';
import { parseDigests } from '../extents/digests.ts';
import { LABEL, labelsOf } from '../labels.ts';
import { forgetIfFree } from './forget.ts';
import { DOCUMENT, digestsFile } from './names.ts';

type Request = RequestOf<'backup'>;
type Document = Extract<Request['what'], { type: 'document' }>;

/** Stores the backup document with the digests of its volumes in one snapshot; with it the backup exists. */
export async function backupDocument(context: RepositoryContext, request: Request, document: Document): Promise<MoverResult> {
  const { engine } = context;
  const { backupUID } = request.identity;
  const snapshots = await engine.find({ [LABEL.backup]: backupUID });
  const documentID = await findDone(context, request, document) ?? await store(context, request, document, new Set(snapshots.map(({ id }) => id)));
  // Digests are in the document now; whatever else carries this backup's UID was left by attempts that were killed.
  const kept = new Set([documentID, ...document.volumes.map(({ snapshotID }) => snapshotID)]);
  await forgetIfFree(engine, snapshots.map(({ id }) => id).filter((id) => !kept.has(id)));
  return { type: 'backup-document', documentID };
}

async function findDone({ engine }: RepositoryContext, request: Request, { volumes }: Document): Promise<string | undefined> {
  const wanted = [DOCUMENT, ...volumes.map(({ name }) => digestsFile(name))];
  for (const { id } of await engine.find({ [LABEL.operation]: request.operationID, [LABEL.backup]: request.identity.backupUID, [LABEL.part]: 'document' })) {
    const files = await engine.files(id);
    if (wanted.every((name) => files.includes(name))) return id;
  }
  return undefined;
}

async function store({ engine, inside, scratch }: RepositoryContext, request: Request, document: Document, present: ReadonlySet<string>): Promise<string> {
  const folder = await mkdtemp(path.join(scratch, 'document-'));
  try {
    await copyDocument(inside(document.documentFile), path.join(folder, DOCUMENT));
    for (const { name, snapshotID, digestsID } of document.volumes) {
      if (!present.has(snapshotID) || !present.has(digestsID)) throw new MoverError('HVB-REPO-SNAPSHOT-MISSING', `Volume ${name}: its snapshot ${snapshotID} or digests ${digestsID} are no longer in the repository.`);
      const file = digestsFile(name);
      const data = await readAll(engine, digestsID, file);
      const { header } = parseDigests(data, file);
      if (header.snapshotID !== snapshotID) throw new MoverError('HVB-DATA-DOCUMENT-INVALID', `Volume ${name}: the digests ${digestsID} belong to the snapshot ${header.snapshotID}, not to ${snapshotID}.`);
      await writeFile(path.join(folder, file), data, { mode: 0o600 });
    }
    const names = [DOCUMENT, ...document.volumes.map(({ name }) => digestsFile(name))];
    return (await engine.putFiles(folder, names, { host: request.identity.cluster, labels: labelsOf(request.identity, 'document', request.operationID) })).id;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function copyDocument(from: string, to: string): Promise<void> {
  try {
    await copyFile(from, to);
  } catch (error) {
    throw new MoverError('HVB-REQUEST-INVALID', `The backup document cannot be read at ${from} (${errnoOf(error) ?? 'unknown error'}).`);
  }
}
