import type { BackupEngine } from '../../contract/backup-engine.ts';
import type { BackupRepository } from '../../contract/backup-repository.ts';
import type { VMBackup } from '../../contract/vm-backup.ts';
import type { VMRestore } from '../../contract/vm-restore.ts';
import type { Column } from './table.ts';
import { ageText, bytesText } from './words.ts';

interface Named { metadata: { name: string; namespace?: string; creationTimestamp?: string } }

const nameOf: Column<Named> = { heading: 'NAME', value: ({ metadata }) => metadata.name };
const namespaceOf: Column<Named> = { heading: 'NAMESPACE', value: ({ metadata }) => metadata.namespace };
const ageOf = (now: Date): Column<Named> => ({ heading: 'AGE', value: ({ metadata }) => ageText(metadata.creationTimestamp, now) });

/** Columns of backups; `namespaced` puts the namespace first. */
export function backupColumns(now: Date, namespaced = false): Column<VMBackup>[] {
  return [
    ...(namespaced ? [namespaceOf] : []), nameOf,
    { heading: 'VM', value: ({ spec }) => spec.source.name },
    { heading: 'PHASE', value: ({ status }) => status?.phase ?? 'Pending' },
    { heading: 'CONSISTENCY', value: ({ status }) => status?.consistency?.level },
    { heading: 'SIZE', value: ({ status }) => bytesText(status?.progress?.bytesTotal) },
    { heading: 'REPOSITORY', value: ({ spec }) => spec.repository },
    { heading: 'VERIFIED', value: ({ status }) => status?.verification?.state },
    { heading: 'FAILURE', value: ({ status }) => status?.failure?.code },
    ageOf(now),
  ];
}

/** @see backupColumns */
export function restoreColumns(now: Date, namespaced = false): Column<VMRestore>[] {
  return [
    ...(namespaced ? [namespaceOf] : []), nameOf,
    { heading: 'TARGET', value: ({ spec }) => spec.target.name },
    { heading: 'PHASE', value: ({ status }) => status?.phase ?? 'Pending' },
    { heading: 'BACKUP', value: ({ spec: { source: { backup } } }) => `${backup.namespace}/${backup.name}` },
    { heading: 'SIZE', value: ({ status }) => bytesText(status?.progress?.bytesTotal ?? status?.plan?.predictedBytes) },
    { heading: 'FAILURE', value: ({ status }) => status?.failure?.code },
    ageOf(now),
  ];
}

/** Columns of repositories. */
export function repositoryColumns(now: Date): Column<BackupRepository>[] {
  return [
    nameOf,
    { heading: 'PHASE', value: ({ status }) => status?.phase ?? 'Pending' },
    { heading: 'ENGINE', value: ({ spec }) => spec.engine },
    { heading: 'BACKUPS', value: ({ status }) => status?.backups },
    { heading: 'SIZE', value: ({ status }) => bytesText(status?.sizeBytes) },
    { heading: 'PROBED', value: ({ status }) => ageText(status?.lastProbeAt, now) },
    { heading: 'FAILURE', value: ({ status }) => status?.failure?.code },
    ageOf(now),
  ];
}

/** Columns of engines. */
export function engineColumns(now: Date): Column<BackupEngine>[] {
  return [
    nameOf,
    { heading: 'PHASE', value: ({ status }) => status?.phase ?? 'Pending' },
    { heading: 'VERSION', value: ({ status }) => status?.capabilities?.version },
    { heading: 'FAILURE', value: ({ status }) => status?.failure?.code },
    ageOf(now),
  ];
}
