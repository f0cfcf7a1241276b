import type { BackupEngine } from '../contract/backup-engine.ts';
import type { BackupRepository } from '../contract/backup-repository.ts';
import type { Progress } from '../contract/common.ts';
import type { Failure } from '../contract/failures.ts';
import type { AccessMode, VolumeMode } from '../contract/kubernetes.ts';
import type { BackupIdentity, MoverResult } from '../contract/mover-protocol.ts';

/** Who an operation works for; its temporary objects carry these as labels. */
export interface OperationOwner { kind: 'BackupEngine' | 'BackupRepository' | 'VMBackup' | 'VMRestore'; uid: string; namespace?: string; name: string }

/** A volume to be written: a new PVC, filled in the system namespace and then handed over to its own. */
export interface TargetVolume {
  namespace: string;
  claimName: string;
  storageClassName: string;
  accessMode: AccessMode;
  volumeMode: VolumeMode;
  /** Of the PVC. */
  sizeBytes: number;
  /** Of the disk in it: the same for a Block volume, less for the image file in a Filesystem volume. */
  imageBytes: number;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

/** What an engine is asked to do. Everything needed to begin again after a restart is in it or in the cluster. */
export type Task =
  | { type: 'describe' }
  | { type: 'init' }
  | { type: 'probe' }
  | { type: 'backup-volume'; identity: BackupIdentity; volume: { name: string; sizeBytes: number }; snapshot: { namespace: string; name: string } }
  | { type: 'backup-document'; identity: BackupIdentity; document: string; volumes: { name: string; snapshotID: string; digestsID: string }[] }
  | { type: 'restore-volume'; documentID: string; snapshotID: string; sourceName: string; sourceBytes: number; target: TargetVolume }
  | { type: 'restore-document'; documentID: string }
  | { type: 'verify'; documentID: string }
  | { type: 'remove'; backupUID: string };

/** One operation. The same `id` always means the same work: starting it twice is starting it once. */
export interface Operation { id: string; owner: OperationOwner; engine: BackupEngine; repository?: BackupRepository; task: Task }

/** What can be seen of an operation. */
export type Observation =
  | { phase: 'Absent' }
  /** Not at work yet; `step` names what is waited for, `message` says why. */
  | { phase: 'Preparing'; step: string; message: string }
  | { phase: 'Running'; progress?: Progress }
  /** `document`: the opened text of a `restore-document`; keep it in memory only. */
  | { phase: 'Succeeded'; result: MoverResult; document?: string }
  | { phase: 'Failed'; failure: Failure };

/**
 * A data engine. All calls are level-triggered and idempotent: a caller that was killed calls again with the same operation.
 * `advance` does the next step (at most a few API calls), and reports; the caller calls it until it is Succeeded or Failed,
 * then `release`s what the operation left in the cluster. Longhorn drives CSI objects behind it, mover engines a Job.
 */
export interface Engine {
  advance(operation: Operation): Promise<Observation>;
  /** Asks running work to stop. True when nothing runs any more. */
  cancel(operation: Operation): Promise<boolean>;
  /** Removes every temporary object of the operation; true when nothing is left. What was handed over to a user stays. */
  release(operation: Pick<Operation, 'id' | 'owner'>): Promise<boolean>;
}
