import type { Activity } from '../../contract/http.ts';
import { ANNOTATION_REQUESTED_BY } from '../../contract/names.ts';
import type { VMBackup } from '../../contract/vm-backup.ts';
import type { VMRestore } from '../../contract/vm-restore.ts';
import { isBackupTerminal, isRestoreTerminal } from '../phases.ts';
import { newestFirst } from './order.ts';

/** Backups and restores that have not come to their end, newest first. */
export function activityOf(backups: readonly VMBackup[], restores: readonly VMRestore[]): Activity[] {
  const running = [
    ...backups.filter(({ status }) => !isBackupTerminal(status?.phase ?? 'Pending')).map(ofBackup),
    ...restores.filter(({ status }) => !isRestoreTerminal(status?.phase ?? 'Pending')).map(ofRestore),
  ];

  return running.sort(newestFirst);
}

function ofBackup({ metadata, spec, status }: VMBackup): Activity {
  return { kind: 'VMBackup', ...common(metadata, status), vm: spec.source.name, repository: spec.repository, phase: status?.phase ?? 'Pending' };
}

function ofRestore({ metadata, spec, status }: VMRestore): Activity {
  const repository = status?.backup?.repository;

  return { kind: 'VMRestore', ...common(metadata, status), vm: spec.target.name, ...(repository ? { repository } : {}), phase: status?.phase ?? 'Pending' };
}

function common({ namespace = '', name, uid = '', creationTimestamp = '', annotations }: VMBackup['metadata'], status: VMBackup['status'] | VMRestore['status']): Omit<Activity, 'kind' | 'vm' | 'phase'> {
  const requestedBy = annotations?.[ANNOTATION_REQUESTED_BY];

  return {
    namespace, name, uid, createdAt: creationTimestamp, timings: status?.timings ?? [],
    ...(requestedBy ? { requestedBy } : {}), ...(status?.message ? { message: status.message } : {}), ...(status?.progress ? { progress: status.progress } : {}),
  };
}
