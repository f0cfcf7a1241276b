const text = (key: string): string => `harvesterVmBackup.vms.column.${ key }`;

/** Columns of our own list of VMs; every cell is a slot of the page. */
export const VM_COLUMNS: object[] = [
  { name: 'state', labelKey: 'tableHeaders.state', value: 'stateDisplay', sort: ['stateDisplay', 'nameDisplay'], width: 110, formatter: 'BadgeStateFormatter' },
  { name: 'name', labelKey: 'tableHeaders.name', value: 'nameDisplay', sort: ['nameDisplay'] },
  { name: 'namespace', labelKey: 'tableHeaders.namespace', value: 'metadata.namespace', sort: ['metadata.namespace', 'nameDisplay'] },
  { name: 'protection', labelKey: text('protection'), value: 'protectionText', sort: ['lastGood', 'nameDisplay'] },
  { name: 'consistency', labelKey: text('consistency'), value: 'protection.lastGood.status.consistency.level', sort: ['protection.lastGood.status.consistency.level'] },
  { name: 'backups', labelKey: text('backups'), value: 'protection.good', sort: ['protection.good', 'nameDisplay'], search: false, width: 100 },
  { name: 'backUp', label: ' ', value: 'id', sort: false, search: false, align: 'right', width: 130 },
];
