import { TYPE } from './types';

/** Entries of the side navigation that both products show, in order of weight. */
export const NAV_ENTRIES = [
  { type: TYPE.vmBackup, labelKey: 'harvesterVmBackup.nav.backups', weight: 90, namespaced: true },
  { type: TYPE.vmRestore, labelKey: 'harvesterVmBackup.nav.restores', weight: 80, namespaced: true },
  { type: TYPE.repository, labelKey: 'harvesterVmBackup.nav.repositories', weight: 70, namespaced: false },
] as const;
