import type { PlanCheck, PlanVolume, VMRestore } from '../../contract/vm-restore.ts';
import { formatTable, type Column } from './table.ts';
import { bytesText } from './words.ts';

const OBJECTS: Column<{ kind: string; namespace: string; name: string }>[] = [
  { heading: 'OBJECT', value: ({ kind }) => kind },
  { heading: 'NAMESPACE', value: ({ namespace }) => namespace },
  { heading: 'NAME', value: ({ name }) => name },
];

const DISKS: Column<PlanVolume>[] = [
  { heading: 'DISK', value: ({ name }) => name },
  { heading: 'FROM CLASS', value: (volume) => volume.sourceStorageClassName },
  { heading: 'TO CLASS', value: ({ storageClassName }) => storageClassName },
  { heading: 'ACCESS', value: ({ accessMode }) => accessMode },
  { heading: 'MODE', value: ({ volumeMode }) => volumeMode },
  { heading: 'SIZE', value: ({ sizeBytes }) => bytesText(sizeBytes) },
];

const CHECKS: Column<PlanCheck>[] = [
  { heading: 'CHECK', value: ({ id }) => id },
  { heading: 'VERDICT', value: ({ verdict }) => verdict },
  { heading: 'WHAT', value: ({ subject, message }) => (subject === undefined ? message : `${subject}: ${message}`) },
  { heading: 'TO DO', value: ({ remedy }) => remedy },
];

/** The plan of a restore for a person who is to approve it: what will be there, what was checked, how much is read, and the hash. */
export function formatPlan(restore: VMRestore): string {
  const plan = restore.status?.plan;

  if (!plan) return '';
  return [
    formatTable(OBJECTS, plan.objects),
    formatTable(DISKS, plan.volumes),
    formatTable(CHECKS, plan.checks),
    ...(plan.changes.length > 0 ? [`Changes to the VM:\n${plan.changes.map((change) => `  - ${change}\n`).join('')}`] : []),
    formatTable([{ heading: 'RESTORE', value: () => restore.metadata.name }, { heading: 'RUN STRATEGY', value: () => plan.runStrategy }, { heading: 'TO READ', value: () => bytesText(plan.predictedBytes) }, { heading: 'PLAN HASH', value: () => plan.hash }], [plan]),
  ].join('\n');
}
