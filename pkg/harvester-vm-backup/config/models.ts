import type { RouteLocationRaw } from 'vue-router';
import type { BackupEngine } from '../../../server/contract/backup-engine.ts';
import type { BackupRepository } from '../../../server/contract/backup-repository.ts';
import type { StorageClass, VirtualMachine } from '../../../server/contract/kubernetes.ts';
import type { VMBackup } from '../../../server/contract/vm-backup.ts';
import type { VMRestore } from '../../../server/contract/vm-restore.ts';
import type { Tone } from '../domain/tone';

/** What the shell adds to every object of the API. */
interface Model {
  /** `namespace/name`, or just the name. */
  id: string;
  type: string;
  nameDisplay: string;
  stateDisplay: string;
  stateBackground: string;
  detailLocation: RouteLocationRaw;
  canUpdate: boolean;
  canDelete: boolean;
  remove: () => Promise<unknown>;
}

/** What our own models add: see `model-kit/phased-model.ts`. */
interface Phased extends Model { phase: string; tone: Tone }

export type VMBackupObject = VMBackup & Phased & { vmName: string; isRestorable: boolean; mayRestore: boolean; isRunning: boolean; canCancel: boolean; canRetry: boolean; canVerify: boolean; restore: () => void; verify: () => Promise<void>; cancel: () => Promise<void>; retry: () => Promise<void> };
export type VMRestoreObject = VMRestore & Phased & { targetName: string; backupId: string; isRunning: boolean; canCancel: boolean; cancel: () => Promise<void>; approve: (hash: string) => Promise<void> };
export type RepositoryObject = BackupRepository & Phased & { targetDisplay: string };
export type EngineObject = BackupEngine & Model;
export type VMObject = VirtualMachine & Model;
export type StorageClassObject = StorageClass & Model;
