import { AGE, NAME, STATE } from '@shell/config/table-headers';

const text = (key: string): string => `harvesterVmBackup.repositories.column.${ key }`;

/** Columns of the list of repositories. */
export const REPOSITORY_COLUMNS: object[] = [
  STATE,
  NAME,
  { name: 'engine', labelKey: text('engine'), value: 'engineName', sort: ['engineName', 'nameSort'] },
  { name: 'target', labelKey: text('target'), value: 'targetDisplay', sort: ['targetDisplay', 'nameSort'] },
  { name: 'backups', labelKey: text('backups'), value: 'status.backups', sort: ['status.backups'], search: false, dashIfEmpty: true },
  { name: 'size', labelKey: text('size'), value: 'status.sizeBytes', sort: ['status.sizeBytes'], search: false },
  { name: 'probed', labelKey: text('probed'), value: 'status.lastProbeAt', sort: ['status.lastProbeAt'], search: false, formatter: 'LiveDate', formatterOpts: { addSuffix: true } },
  AGE,
];
