import type { MoverResult, RequestOf } from '../../contract/mover-protocol.ts';
import { EXTENT_BYTES } from '../../contract/mover-protocol.ts';
import type { RepositoryContext } from '../context.ts';
import { readAll } from '../engine.ts';
import { MoverError } from '../errors.ts';
import type { Digests } from '../extents/digests.ts';
import { parseDigests } from '../extents/digests.ts';
import { zeros } from '../extents/extents.ts';
import { verified } from '../extents/verify.ts';
import { ExtentWriter } from '../extents/writer.ts';
import { Progress } from '../progress.ts';
import type { Target } from '../target.ts';
import { openTarget, writeError } from '../target.ts';
import { digestsFile, rawFile } from './names.ts';

type Request = RequestOf<'restore'>;
type What = Extract<Request['what'], { type: 'volume' }>;

/**
 * Writes a volume back; every extent is compared with its digest before it is written. Run again after it was
 * interrupted, it begins anew and writes zeros wherever something else is found.
 */
export async function restoreVolume(context: RepositoryContext, request: Request, what: What): Promise<MoverResult> {
  const digests = await readDigests(context, request.documentID, what.sourceName);
  if (digests.header.sizeBytes !== what.sourceBytes) throw new MoverError('HVB-DATA-MISMATCH', `Volume ${what.sourceName}: its digests are of ${digests.header.sizeBytes} bytes, not of ${what.sourceBytes}.`);
  const target = await openTarget(what, context.inside(what.volume.path));
  try {
    return await write(context, what, digests, target);
  } finally {
    await target.file.close();
  }
}

/** Reads a volume's digests out of its backup's document. */
export async function readDigests({ engine }: RepositoryContext, documentID: string, volume: string): Promise<Digests> {
  const file = digestsFile(volume);
  return parseDigests(await readAll(engine, documentID, file), file);
}

async function write(context: RepositoryContext, what: What, digests: Digests, target: Target): Promise<MoverResult> {
  const { volume, sourceName, sourceBytes, snapshotID, blank } = what;
  const progress = new Progress(context.clock, context.emit, sourceBytes);
  const writer = new ExtentWriter(target.file, target.fresh ? 'skip' : blank ? 'check' : 'write');
  const guarded = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      throw writeError(volume.name, error);
    }
  };
  try {
    const rootDigest = await context.engine.read(snapshotID, rawFile(sourceName), async (content) => {
      const extents = verified(content, digests, sourceName);
      for (;;) {
        const next = await extents.next();
        if (next.done) return next.value;
        const { data, position } = next.value;
        await guarded(() => writer.write(data, position));
        progress.reach(position + data.length);
      }
    });
    const { bytesSkipped } = writer;
    await guarded(async () => {
      if (!target.fresh && !blank) await clearRest(writer, sourceBytes, target.sizeBytes);
      await writer.settle();
      await target.file.datasync();
    });
    progress.finish();
    return { type: 'restore-volume', bytesWritten: sourceBytes - bytesSkipped, bytesSkipped, rootDigest };
  } finally {
    // The file is closed next: nothing may be under way on it.
    await writer.settle().catch(() => undefined);
  }
}

/** What lies behind the restored bytes on a larger, used target would be somebody else's data. */
async function clearRest(writer: ExtentWriter, from: number, to: number): Promise<void> {
  for (let position = from; position < to;) {
    const length = Math.min(EXTENT_BYTES, to - position);
    await writer.write(zeros(length), position);
    position += length;
  }
}
