import { AGE, NAME, NAMESPACE, STATE } from '@shell/config/table-headers';
import type { VMBackupObject } from '../../config/models';

const text = (key: string): string => `harvesterVmBackup.backups.column.${ key }`;

/** Columns of the list of backups. The progress cell is a slot of the page. */
export const BACKUP_COLUMNS: object[] = [
  // “Freezing and cutting” is longer than the shell's states.
  { ...STATE, width: 150 },
  NAME,
  NAMESPACE,
  { name: 'vm', labelKey: text('vm'), value: 'vmName', sort: ['vmName', 'nameSort'] },
  { name: 'repository', labelKey: text('repository'), value: 'repositoryName', sort: ['repositoryName', 'nameSort'] },
  { name: 'consistency', labelKey: text('consistency'), value: 'status.consistency.level', sort: ['status.consistency.level', 'nameSort'] },
  { name: 'progress', labelKey: text('progress'), value: 'status.progress.bytesTotal', sort: ['status.progress.bytesTotal'], search: false },
  { name: 'uploaded', labelKey: text('uploaded'), value: (row: VMBackupObject) => row.status?.progress?.bytesUploaded, sort: ['status.progress.bytesUploaded'], search: false },
  AGE,
];
