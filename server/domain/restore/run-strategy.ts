import type { BackupDocument } from '../../contract/backup-document.ts';
import type { RunStrategy } from '../../contract/kubernetes.ts';
import type { START_POLICIES } from '../../contract/vm-restore.ts';

/** Harvester keeps a VM's last strategy other than Halted here, and its webhook puts that back when the VM leaves Halted. */
export const ANNOTATION_RUN_STRATEGY = 'harvesterhci.io/vmRunStrategy';
/** Harvester's own choice for a VM of which nothing else is known. */
const FALLBACK: RunStrategy = 'RerunOnFailure';
const RESUMABLE: readonly string[] = ['Always', 'Manual', 'RerunOnFailure', 'Once'] satisfies RunStrategy[];

type StartPolicy = (typeof START_POLICIES)[number];
type DocumentVM = BackupDocument['vm'];

const isResumable = (value: unknown): value is RunStrategy => typeof value === 'string' && RESUMABLE.includes(value);

/** The strategy that the VM had when it was backed up; the deprecated `running` is understood. A migration's receiver counts as Halted. */
export function recordedRunStrategy(vm: DocumentVM): RunStrategy {
  const { runStrategy, running } = vm.spec;

  if (isResumable(runStrategy)) return runStrategy;
  return runStrategy === undefined && running === true ? 'Always' : 'Halted';
}

/** The strategy with which the VM runs whenever it is started: what it had, else what Harvester remembered, else Harvester's own default. */
export function resumedRunStrategy(vm: DocumentVM): RunStrategy {
  const recorded = recordedRunStrategy(vm);
  const remembered = vm.metadata.annotations?.[ANNOTATION_RUN_STRATEGY];

  return recorded !== 'Halted' ? recorded : isResumable(remembered) ? remembered : FALLBACK;
}

/** The strategy that the restored VM ends with. */
export function finalRunStrategy(vm: DocumentVM, start: StartPolicy): RunStrategy {
  if (start === 'Halted') return 'Halted';
  return start === 'Start' ? resumedRunStrategy(vm) : recordedRunStrategy(vm);
}

/** How the restored VM gets to run. `Call`: its strategy leaves starting to people, and the person asked for a start. */
export function startBy(runStrategy: string, start: StartPolicy): 'Strategy' | 'Call' | 'None' {
  if (runStrategy === 'Manual') return start === 'Start' ? 'Call' : 'None';
  return runStrategy === 'Halted' ? 'None' : 'Strategy';
}
