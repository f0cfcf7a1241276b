import { BACKUP_ENGINE } from '../../contract/api.ts';
import type { BackupEngine } from '../../contract/backup-engine.ts';
import type { BackupRepository } from '../../contract/backup-repository.ts';
import { LABEL_RESTORED_BY } from '../../contract/names.ts';
import type { PlanVolume, RestoreVolume } from '../../contract/vm-restore.ts';
import type { Engine, Operation, OperationOwner } from '../../engines/engine.ts';
import { findRepository } from '../repository-of.ts';
import type { Work } from './work.ts';

/** A restore as the owner of its operations. */
export function ownerOf({ uid, namespace, restore }: Pick<Work, 'uid' | 'namespace' | 'restore'>): OperationOwner {
  return { kind: 'VMRestore', uid, namespace, name: restore.metadata.name };
}

/** Ids are the same for the same work for ever, so that work is found again after a restart; every try is work of its own. */
export const documentOperationID = (uid: string): string => `${uid}/restore-document`;
/** @see documentOperationID */
export const volumeOperationID = (uid: string, volume: string, attempt: number): string => `${uid}/restore/${volume}/${attempt}`;

/** The try that is under way; the first one counts from the start, so that a crash before it was noted leaves nothing. */
export const attemptOf = (volume: Pick<RestoreVolume, 'attempts'>): number => Math.max(1, volume.attempts ?? 1);

/** Fetches the backup document. */
export function documentOperation(work: Work, engine: BackupEngine, repository: BackupRepository | undefined): Operation {
  return { id: documentOperationID(work.uid), owner: ownerOf(work), engine, ...(repository ? { repository } : {}), task: { type: 'restore-document', documentID: work.status.backup?.documentID ?? '' } };
}

/** Writes one volume and hands it over to the target namespace. The person's labels follow with the VM: they are in the backup document, which is not needed here. */
export function volumeOperation(work: Work, volume: RestoreVolume, plan: PlanVolume, engine: BackupEngine, repository: BackupRepository | undefined): Operation {
  const { claimName, storageClassName, accessMode, volumeMode, sizeBytes, imageBytes, sourceBytes, snapshotID } = plan;

  return {
    id: volumeOperationID(work.uid, volume.name, attemptOf(volume)), owner: ownerOf(work), engine, ...(repository ? { repository } : {}),
    task: {
      type: 'restore-volume', documentID: work.status.backup?.documentID ?? '', snapshotID, sourceName: plan.name, sourceBytes,
      target: { namespace: work.namespace, claimName, storageClassName, accessMode, volumeMode, sizeBytes, imageBytes, labels: { [LABEL_RESTORED_BY]: work.uid }, annotations: {} },
    },
  };
}

/** An operation that is to be ended, with the engine that can. */
export interface EndableOperation { operation: Operation; engine: Engine }

/**
 * Every operation that this restore may ever have begun. When repository or engine were deleted meanwhile, every engine that
 * there is gets to end them: clean-up goes by labels, so it is right whoever does it, and no restore hangs on a deleted repository.
 */
export async function begunOperations(work: Work): Promise<EndableOperation[]> {
  const { context, status, uid } = work;

  if (!status.backup) return [];
  const lookup = await findRepository(context, status.backup.repository);
  const engines = lookup.found ? [lookup.engine] : (await context.client.list<BackupEngine>(BACKUP_ENGINE)).items;

  return engines.flatMap((engine) => {
    const repository = lookup.found ? lookup.repository : undefined;
    const volumes = (status.volumes ?? []).flatMap((volume) => {
      const plan = status.plan?.volumes.find(({ name }) => name === volume.name);

      return plan ? Array.from({ length: attemptOf(volume) }, (_, index) => ({ ...volumeOperation(work, volume, plan, engine, repository), id: volumeOperationID(uid, volume.name, index + 1) })) : [];
    });

    return [documentOperation(work, engine, repository), ...volumes].map((operation) => ({ operation, engine: context.engineFor(engine) }));
  });
}
