import { AGE, NAME, NAMESPACE, STATE } from '@shell/config/table-headers';

const text = (key: string): string => `harvesterVmBackup.restores.column.${ key }`;

/** Columns of the list of restores. The progress cell is a slot of the page. */
export const RESTORE_COLUMNS: object[] = [
  // “Waiting for approval” is longer than the shell's states.
  { ...STATE, width: 160 },
  NAME,
  NAMESPACE,
  { name: 'target', labelKey: text('target'), value: 'targetName', sort: ['targetName', 'nameSort'] },
  { name: 'backup', labelKey: text('backup'), value: 'backupId', sort: ['backupId', 'nameSort'] },
  { name: 'progress', labelKey: text('progress'), value: 'status.progress.bytesTotal', sort: ['status.progress.bytesTotal'], search: false },
  AGE,
];
