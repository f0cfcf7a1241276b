import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { MoverResult, RequestOf, VolumeResult } from '../../contract/mover-protocol.ts';
import type { RepositoryContext } from '../context.ts';
import { readAll } from '../engine.ts';
import type { Snapshot } from '../engine.ts';
import { MoverError } from '../errors.ts';
import type { DigestsHeader, ExtentDigest } from '../extents/digests.ts';
import { encodeDigests, parseDigests, rootDigest } from '../extents/digests.ts';
import { extentLength } from '../extents/extents.ts';
import { readExtents, sizeOf } from '../extents/reader.ts';
import { digestOf } from '../extents/verify.ts';
import { LABEL, labelsOf } from '../labels.ts';
import { Progress } from '../progress.ts';
import { forgetIfFree } from './forget.ts';
import { digestsFile, rawFile } from './names.ts';

type Request = RequestOf<'backup'>;
type Volume = Extract<Request['what'], { type: 'volume' }>['volume'];

/**
 * Stores one volume: its bytes, then its digests. The digests make it exist: an operation that finds its own answers
 * from them without reading the volume again, and one that finds bytes without them begins anew.
 */
export async function backupVolume(context: RepositoryContext, request: Request, volume: Volume): Promise<MoverResult> {
  const { engine } = context;
  const backup = await engine.find({ [LABEL.backup]: request.identity.backupUID });
  const earlier = backup.filter(({ labels }) => labels[LABEL.operation] === request.operationID && labels[LABEL.volume] === volume.name);
  const done = await findDone(context, earlier, backup.filter(({ labels }) => labels[LABEL.part] === 'document'), volume.name);
  const leftovers = earlier.filter(({ id }) => id !== done?.snapshotID && id !== done?.digestsID);
  await forgetIfFree(engine, leftovers.map(({ id }) => id));
  return { type: 'backup-volume', volume: done ?? await store(context, request, volume) };
}

/**
 * The result of the same operation, when it got that far. Its digests are in their own snapshot or, once the backup is
 * committed, in the document: bytes that a document counts on must not be taken for a left-over.
 */
async function findDone({ engine }: RepositoryContext, earlier: readonly Snapshot[], documents: readonly Snapshot[], volume: string): Promise<VolumeResult | undefined> {
  const stored = new Set(earlier.filter(({ labels }) => labels[LABEL.part] === 'volume').map(({ id }) => id));
  if (stored.size === 0) return undefined;
  const file = digestsFile(volume);
  for (const { id, labels } of [...earlier, ...documents]) {
    const holds = labels[LABEL.part] === 'digests' || (labels[LABEL.part] === 'document' && (await engine.files(id)).includes(file));
    if (!holds) continue;
    const { header } = parseDigests(await readAll(engine, id, file), file);
    if (stored.has(header.snapshotID)) return toResult(header, id);
  }
  return undefined;
}

async function store(context: RepositoryContext, request: Request, volume: Volume): Promise<VolumeResult> {
  const { engine } = context;
  const host = request.identity.cluster;
  const file = await openSource(context, volume);
  try {
    const sizeBytes = await sourceSize(file, volume);
    const progress = new Progress(context.clock, context.emit, sizeBytes);
    const extents: ExtentDigest[] = [];
    const { id: snapshotID, bytesAdded } = await engine.putStream(rawFile(volume.name), () => {
      extents.length = 0;
      return digesting(readExtents(file, sizeBytes, volume.name), extents, progress);
    }, { host, labels: labelsOf(request.identity, 'volume', request.operationID, volume.name) });
    const bytesZero = zeroBytes(sizeBytes, extents);
    const facts = { sizeBytes, snapshotID, bytesRead: sizeBytes, bytesZero, bytesUploaded: bytesAdded };
    const encoded = encodeDigests(facts, extents);
    const { id: digestsID } = await engine.putStream(digestsFile(volume.name), () => once(encoded), { host, labels: labelsOf(request.identity, 'digests', request.operationID, volume.name) });
    progress.finish(bytesAdded);
    return { ...facts, digestsID, rootDigest: rootDigest(sizeBytes, extents) };
  } finally {
    await file.close();
  }
}

async function* digesting(source: AsyncIterable<Buffer>, extents: ExtentDigest[], progress: Progress): AsyncGenerator<Buffer> {
  let done = 0;
  for await (const data of source) {
    extents.push(digestOf(data));
    yield data;
    // The engine has taken it when it asks for the next one.
    done += data.length;
    progress.reach(done);
  }
}

async function* once(data: Buffer): AsyncGenerator<Buffer> {
  yield data;
}

async function openSource(context: RepositoryContext, volume: Volume): Promise<FileHandle> {
  try {
    return await open(context.inside(volume.path), 'r');
  } catch (error) {
    throw new MoverError('HVB-STORAGE-READ-FAILED', `Volume ${volume.name} cannot be opened at ${volume.path}.`, String(error));
  }
}

/** The true size: a device may be larger than what was asked for, and all of it is the guest's. */
async function sourceSize(file: FileHandle, volume: Volume): Promise<number> {
  let sizeBytes: number;
  try {
    sizeBytes = await sizeOf(file);
  } catch (error) {
    throw new MoverError('HVB-STORAGE-READ-FAILED', `The size of volume ${volume.name} cannot be found.`, String(error));
  }
  if (sizeBytes < volume.sizeBytes) throw new MoverError('HVB-STORAGE-READ-FAILED', `Volume ${volume.name} has ${sizeBytes} bytes, but should have ${volume.sizeBytes}.`);
  // No volume has no bytes: what answers so is not attached. (restic would refuse the empty stream, too.)
  if (sizeBytes === 0) throw new MoverError('HVB-STORAGE-READ-FAILED', `Volume ${volume.name} has no bytes.`);
  return sizeBytes;
}

function zeroBytes(sizeBytes: number, extents: readonly ExtentDigest[]): number {
  return extents.reduce((sum, digest, index) => sum + (digest === 'zero' ? extentLength(sizeBytes, index) : 0), 0);
}

function toResult({ snapshotID, sizeBytes, rootDigest: root, bytesRead, bytesZero, bytesUploaded }: DigestsHeader, digestsID: string): VolumeResult {
  return { snapshotID, digestsID, sizeBytes, rootDigest: root, bytesRead, bytesZero, bytesUploaded };
}
