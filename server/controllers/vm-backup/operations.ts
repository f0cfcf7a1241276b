import type { BackupEngine } from '../../contract/backup-engine.ts';
import type { BackupRepository } from '../../contract/backup-repository.ts';
import type { BackupIdentity } from '../../contract/mover-protocol.ts';
import type { BackupVolume, VMBackup } from '../../contract/vm-backup.ts';
import type { Operation, OperationOwner, Task } from '../../engines/engine.ts';

/** UID of an object that was read from the API. */
export function uidOf(object: { kind: string; metadata: { name: string; uid?: string } }): string {
  if (!object.metadata.uid) throw new Error(`${object.kind} ${object.metadata.name} has no UID`);
  return object.metadata.uid;
}

/** A backup as the owner of its operations. */
export function ownerOf(backup: VMBackup): OperationOwner {
  return { kind: 'VMBackup', uid: uidOf(backup), ...(backup.metadata.namespace ? { namespace: backup.metadata.namespace } : {}), name: backup.metadata.name };
}

/** How the repository knows the backup. */
export function identityOf(backup: VMBackup, clusterID: string): BackupIdentity {
  return { cluster: clusterID, namespace: backup.metadata.namespace ?? '', vmName: backup.spec.source.name, vmUID: backup.status?.vm?.uid ?? '', backupUID: uidOf(backup) };
}

/** Ids are the same for the same work for ever, so that work is found again after a restart. */
export const volumeOperationID = (backup: VMBackup, volume: string): string => `${uidOf(backup)}/volume/${volume}`;
export const documentOperationID = (backup: VMBackup): string => `${uidOf(backup)}/document`;
export const verifyOperationID = (backup: VMBackup, startedAt: string): string => `${uidOf(backup)}/verify/${startedAt}`;
export const removeOperationID = (backup: VMBackup): string => `${uidOf(backup)}/remove`;

/** The transfer of one volume. */
export function volumeOperation(backup: VMBackup, volume: BackupVolume, engine: BackupEngine, repository: BackupRepository, clusterID: string): Operation {
  const task: Task = {
    type: 'backup-volume', identity: identityOf(backup, clusterID), volume: { name: volume.name, sizeBytes: volume.sizeBytes },
    snapshot: { namespace: backup.metadata.namespace ?? '', name: volume.snapshotName ?? '' },
  };

  return { id: volumeOperationID(backup, volume.name), owner: ownerOf(backup), engine, repository, task };
}

/** The commit: the document goes in last, and with it the backup begins to exist. */
export function documentOperation(backup: VMBackup, document: string, engine: BackupEngine, repository: BackupRepository, clusterID: string): Operation {
  const volumes = (backup.status?.volumes ?? []).map(({ name, snapshotID = '', digestsID = '' }) => ({ name, snapshotID, digestsID }));

  return { id: documentOperationID(backup), owner: ownerOf(backup), engine, repository, task: { type: 'backup-document', identity: identityOf(backup, clusterID), document, volumes } };
}

/** Reading everything back; each verification is work of its own, told apart by its start. */
export function verifyOperation(backup: VMBackup, startedAt: string, engine: BackupEngine, repository: BackupRepository): Operation {
  return { id: verifyOperationID(backup, startedAt), owner: ownerOf(backup), engine, repository, task: { type: 'verify', documentID: backup.status?.documentID ?? '' } };
}

/** The removal of everything that the backup put into the repository. */
export function removeOperation(backup: VMBackup, engine: BackupEngine, repository: BackupRepository): Operation {
  return { id: removeOperationID(backup), owner: ownerOf(backup), engine, repository, task: { type: 'remove', backupUID: uidOf(backup) } };
}
