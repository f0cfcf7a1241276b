import type { BackupRepository } from '../../contract/backup-repository.ts';
import type { RepositoryContent, RepositorySummary } from '../../contract/http.ts';
import type { VMBackup } from '../../contract/vm-backup.ts';
import { newestFirst } from './order.ts';

/** A repository in one row. `backups` are those of the cluster. */
export function summaryOf({ metadata, spec, status }: BackupRepository, backups: readonly VMBackup[]): RepositorySummary {
  const { claimName, path } = spec.target.filesystem;
  const { phase = 'Pending', backups: counted, sizeBytes, lastProbeAt, failure } = status ?? {};

  return {
    name: metadata.name, engine: spec.engine, target: `folder ${path} on claim ${claimName}`, phase, ready: phase === 'Ready',
    backupsHere: backups.filter((backup) => backup.spec.repository === metadata.name && isComplete(backup)).length,
    ...(counted === undefined ? {} : { backups: counted }), ...(sizeBytes === undefined ? {} : { sizeBytes }),
    ...(lastProbeAt ? { lastProbeAt } : {}), ...(failure ? { failure } : {}),
  };
}

/** Backups of this cluster with data in the repository, as far as their objects know; newest first. */
export function contentsOf(repository: string, backups: readonly VMBackup[]): RepositoryContent[] {
  return backups
    .filter(({ spec, status }) => spec.repository === repository && status?.dataRemovedAt === undefined && (status?.documentID !== undefined || status?.volumes?.some(({ snapshotID }) => snapshotID !== undefined)))
    .map(contentOf)
    .sort(newestFirst);
}

/** Does the repository hold its document? Without it there is no backup. */
function isComplete({ status }: VMBackup): boolean {
  return status?.documentID !== undefined && status.dataRemovedAt === undefined;
}

function contentOf(backup: VMBackup): RepositoryContent {
  const { metadata: { namespace = '', name, uid = '', creationTimestamp = '' }, spec, status } = backup;
  const volumes = status?.volumes ?? [];

  return {
    namespace, name, uid, createdAt: creationTimestamp, complete: isComplete(backup), phase: status?.phase ?? 'Pending', deletionPolicy: spec.deletionPolicy,
    vm: { name: status?.vm?.name ?? spec.source.name, ...(status?.vm ? { uid: status.vm.uid } : {}) },
    sizeBytes: sum(volumes.map((volume) => volume.sizeBytes)), bytesUploaded: sum(volumes.map((volume) => volume.bytesUploaded ?? 0)),
    ...(status?.completedAt ? { completedAt: status.completedAt } : {}), ...(status?.consistency ? { consistency: status.consistency.level } : {}),
    ...(status?.documentID ? { documentID: status.documentID } : {}), ...(status?.verification ? { verification: status.verification.state } : {}),
    volumes: volumes.map(({ name: volume, sizeBytes, snapshotID, digestsID, rootDigest }) => ({
      name: volume, sizeBytes, ...(snapshotID ? { snapshotID } : {}), ...(digestsID ? { digestsID } : {}), ...(rootDigest ? { rootDigest } : {}),
    })),
  };
}

/** Sum of byte counts. */
export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
