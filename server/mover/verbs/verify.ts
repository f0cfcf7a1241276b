import type { MoverResult } from '../../contract/mover-protocol.ts';
import type { RepositoryContext } from '../context.ts';
import { MoverError } from '../errors.ts';
import { verified } from '../extents/verify.ts';
import { Progress } from '../progress.ts';
import { DOCUMENT, digestsFile, rawFile } from './names.ts';
import { readDigests } from './restore-volume.ts';

const DIGESTS_SUFFIX = digestsFile('');

/** Reads every volume of a backup back and compares each extent with its digest. */
export async function verifyBackup(context: RepositoryContext, documentID: string): Promise<MoverResult> {
  const files = await context.engine.files(documentID);
  if (!files.includes(DOCUMENT)) throw new MoverError('HVB-DATA-DOCUMENT-INVALID', `The snapshot ${documentID} holds no ${DOCUMENT}.`);
  const volumes = files.filter((file) => file.endsWith(DIGESTS_SUFFIX)).map((file) => file.slice(0, -DIGESTS_SUFFIX.length));
  const all = await Promise.all(volumes.map(async (name) => ({ name, digests: await readDigests(context, documentID, name) })));
  const bytesTotal = all.reduce((sum, { digests }) => sum + digests.header.sizeBytes, 0);
  const progress = new Progress(context.clock, context.emit, bytesTotal);
  let before = 0;
  for (const { name, digests } of all) {
    await context.engine.read(digests.header.snapshotID, rawFile(name), async (content) => {
      for await (const { data, position } of verified(content, digests, name)) progress.reach(before + position + data.length);
    });
    before += digests.header.sizeBytes;
  }
  progress.finish();
  return { type: 'verify', bytesVerified: bytesTotal };
}
