import type { MoverRequest, MoverResult } from '../contract/mover-protocol.ts';
import type { MoverContext } from './context.ts';
import type { Engine } from './engine.ts';
import { capabilitiesOf, findRestic } from './restic/binary.ts';
import { openRestic } from './restic/open.ts';
import { backupDocument } from './verbs/backup-document.ts';
import { backupVolume } from './verbs/backup-volume.ts';
import { list, probe, remove } from './verbs/repository.ts';
import { restoreDocument } from './verbs/restore-document.ts';
import { restoreVolume } from './verbs/restore-volume.ts';
import { verifyBackup } from './verbs/verify.ts';

/** Does what a request asks for. `env` is this process's environment, of which engines take only what they need. */
export async function run(request: MoverRequest, context: MoverContext, env: Readonly<Record<string, string | undefined>>): Promise<MoverResult> {
  const restic = await findRestic(env);
  if (request.verb === 'describe') return { type: 'describe', capabilities: capabilitiesOf(restic.version) };
  const engine: Engine = await openRestic(request, context, restic, env);
  const opened = { ...context, engine };
  switch (request.verb) {
    case 'init': return { type: 'init', ...await engine.init() };
    case 'probe': return probe(opened);
    case 'backup': return request.what.type === 'volume' ? backupVolume(opened, request, request.what.volume) : backupDocument(opened, request, request.what);
    case 'restore': return request.what.type === 'volume' ? restoreVolume(opened, request, request.what) : restoreDocument(opened, request.documentID, request.what.recipientPublicKey);
    case 'verify': return verifyBackup(opened, request.documentID);
    case 'list': return list(opened);
    case 'remove': return remove(opened, request.backupUID);
  }
}
