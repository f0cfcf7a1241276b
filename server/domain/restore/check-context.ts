import type { BackupDocument } from '../../contract/backup-document.ts';
import type { VirtualMachine } from '../../contract/kubernetes.ts';
import type { PlanCheck, PlanVolume, VMRestore } from '../../contract/vm-restore.ts';
import type { StorageClassFacts } from './abilities.ts';
import type { RestoreFacts } from './facts.ts';
import type { DocumentVolume } from './mapping.ts';

/** The part of a VMRestore's spec that the plan follows. */
export type RestoreRequest = Pick<VMRestore['spec'], 'target' | 'volumes' | 'start' | 'keepMacAddresses'>;

/** Every check of a plan. Each gives at least one entry in every plan, so that none is left out unseen. */
export const CHECK_IDS = [
  'namespace', 'vm-name', 'claim-names', 'secret-names', 'mapping', 'storage-class', 'volume-size', 'volume-modes', 'volume-conversion',
  'volume-content', 'volume-binding', 'node-bound', 'networks', 'mac-addresses', 'references', 'consistency', 'excluded-volumes', 'firmware-state',
] as const;
export type CheckID = (typeof CHECK_IDS)[number];

/** A planned disk beside what it comes from. */
export interface PlannedDisk { plan: PlanVolume; source: DocumentVolume; storageClass: StorageClassFacts | undefined }

/** What a check looks at. */
export interface CheckContext {
  document: BackupDocument;
  request: RestoreRequest;
  facts: RestoreFacts;
  disks: readonly PlannedDisk[];
  secretNames: ReadonlyMap<string, string>;
  /** The VM is to run when the restore is done; what would stop it from starting is then a failure. */
  starts: boolean;
}

/** A rule of the plan. */
export type Check = (context: CheckContext) => PlanCheck[];

/** Entry of a check that found nothing wrong. */
export const pass = (id: CheckID, message: string, subject?: string): PlanCheck => ({ id, verdict: 'Pass', message, ...(subject === undefined ? {} : { subject }) });
/** Entry of a check that a person should know of. */
export const warn = (id: CheckID, message: string, remedy: string, subject?: string): PlanCheck => ({ id, verdict: 'Warn', message, remedy, ...(subject === undefined ? {} : { subject }) });
/** Entry of a check that forbids the restore. */
export const fail = (id: CheckID, message: string, remedy: string, subject?: string): PlanCheck => ({ id, verdict: 'Fail', message, remedy, ...(subject === undefined ? {} : { subject }) });

/** One entry per disk; a VM without disks gives one entry that says so. */
export function perDisk(id: CheckID, context: CheckContext, rule: (disk: PlannedDisk) => PlanCheck): PlanCheck[] {
  return context.disks.length === 0 ? [pass(id, 'The backup has no disks.')] : context.disks.map(rule);
}

/** The backed-up VM's spec; the document's schema leaves it open. */
export const specOf = (document: BackupDocument): VirtualMachine['spec'] => document.vm.spec as VirtualMachine['spec'];

/** Bytes for people: `1.5 GiB`. */
export function inWords(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));

  return `${Math.round((bytes / 1024 ** power) * 100) / 100} ${units[power]}`;
}
