import { z } from 'zod';
import type { ObjectMeta } from './kubernetes.ts';
import { ACCESS_MODES, VOLUME_MODES, bytes, instant, objectName, progressSchema } from './common.ts';
import { failureSchema } from './failures.ts';
import { runStatusFields } from './run-status.ts';

/** What to do about the guest's filesystems before the cut. */
export const QUIESCE_POLICIES = ['Required', 'BestEffort', 'Skip'] as const;
export type QuiescePolicy = (typeof QUIESCE_POLICIES)[number];

/** `Filesystem`: guest filesystems were frozen over the cut of every disk. `Stopped`: the VM was off. `Crash`: as after a power cut. fsfreeze is never application consistency. */
export const CONSISTENCY_LEVELS = ['Crash', 'Filesystem', 'Stopped'] as const;
export type ConsistencyLevel = (typeof CONSISTENCY_LEVELS)[number];

/** Phases of a VMBackup in the order of a good run, then the bad ends. Their transitions are in `domain/phases.ts`. */
export const BACKUP_PHASES = ['Pending', 'Queued', 'Quiescing', 'Moving', 'Committing', 'Cleaning', 'Completed', 'Failed', 'Cancelled', 'Deleting'] as const;
export type BackupPhase = (typeof BACKUP_PHASES)[number];

export const VOLUME_PHASES = ['Pending', 'Exposing', 'Moving', 'Completed', 'Failed'] as const;
export type VolumePhase = (typeof VOLUME_PHASES)[number];

export const vmBackupSpec = z.object({
  /** The VM (kubevirt.io) of this namespace. */
  source: z.object({ name: objectName }),
  /** Name of a BackupRepository. */
  repository: objectName,
  quiesce: z.object({
    policy: z.enum(QUIESCE_POLICIES).default('BestEffort'),
    /** The guest thaws by itself after so long, whatever happens to us. At least 1 (0 would arm no timer in KubeVirt). */
    deadlineSeconds: z.number().int().min(1).max(300).default(30),
  }).default({ policy: 'BestEffort', deadlineSeconds: 30 }),
  /** What deleting this object does to the data in the repository. May be changed to Retain later, so that an unreachable repository never holds an object for ever. */
  deletionPolicy: z.enum(['Delete', 'Retain']).default('Delete'),
  /** Set to stop a running backup. Cannot be taken back. */
  cancel: z.boolean().optional(),
});

/** One disk of the VM in this backup. */
export const backupVolumeSchema = z.object({
  /** The volume's name in the VM. */
  name: z.string(),
  claimName: z.string(),
  claimUID: z.string(),
  sizeBytes: bytes,
  volumeMode: z.enum(VOLUME_MODES),
  accessModes: z.array(z.enum(ACCESS_MODES)),
  storageClassName: z.string(),
  phase: z.enum(VOLUME_PHASES),
  /** Name of the VolumeSnapshot while it exists. */
  snapshotName: z.string().optional(),
  /** When the disk was cut. */
  cutAt: instant.optional(),
  progress: progressSchema.optional(),
  /** Tries of the data transfer so far. */
  attempts: z.number().int().optional(),
  /** Engine's id of the data. */
  snapshotID: z.string().optional(),
  digestsID: z.string().optional(),
  rootDigest: z.string().optional(),
  bytesRead: bytes.optional(),
  bytesZero: bytes.optional(),
  bytesUploaded: bytes.optional(),
  /** Why it waits, in words. */
  message: z.string().optional(),
});
export type BackupVolume = z.infer<typeof backupVolumeSchema>;

/** The record of the freeze window: what was really reached. */
export const consistencySchema = z.object({
  policy: z.enum(QUIESCE_POLICIES),
  level: z.enum(CONSISTENCY_LEVELS),
  /** Why it is not more, or that all is well. */
  reason: z.string(),
  agentConnected: z.boolean(),
  frozenAt: instant.optional(),
  thawedAt: instant.optional(),
  /** From the freeze call's start to the thaw call's end. */
  windowMilliseconds: z.number().int().nonnegative().optional(),
  /** Between the first and the last disk's cut, as the API's clock has it. */
  spreadMilliseconds: z.number().int().nonnegative().optional(),
});
export type ConsistencyRecord = z.infer<typeof consistencySchema>;

/** States of a verification: it runs, or how the last one ended. */
export const VERIFICATION_STATES = ['Running', 'Passed', 'Failed'] as const;

/** Reading every byte of a completed backup back and comparing it with the digests in its document; the last one counts. */
export const verificationSchema = z.object({
  /** `Failed` says what the failure says: damage when its category is Data or Repository, else that nothing was proved. */
  state: z.enum(VERIFICATION_STATES),
  /** The request that it answers, as it was written. */
  requestedAt: instant.optional(),
  startedAt: instant,
  /** While it still runs: the result is known, and what it left in the cluster is being removed. */
  finishedAt: instant.optional(),
  /** Logical bytes that were read and found equal; while it runs, so far. */
  bytesRead: bytes.optional(),
  /** Tries so far; one whose mover was killed proves nothing, and is repeated. */
  attempts: z.number().int().optional(),
  /** What it waits for, in words. */
  message: z.string().optional(),
  failure: failureSchema.optional(),
});
export type Verification = z.infer<typeof verificationSchema>;

export const vmBackupStatus = z.object({
  phase: z.enum(BACKUP_PHASES),
  observedGeneration: z.number().int().optional(),
  /** The VM as it was accepted; its UID tells it from a later one of the same name. */
  vm: z.object({ name: z.string(), uid: z.string() }).optional(),
  volumes: z.array(backupVolumeSchema).optional(),
  /** Volumes that are not in the backup, each with its reason. */
  excluded: z.array(z.object({ name: z.string(), reason: z.string() })).optional(),
  /** Tries of the freeze window so far. */
  quiesceAttempts: z.number().int().optional(),
  consistency: consistencySchema.optional(),
  /** Engine's id of the backup document; without it there is no backup. */
  documentID: z.string().optional(),
  ...runStatusFields,
  verification: verificationSchema.optional(),
  /** While deleting: when the data was gone from the repository. Only clean-up is left then. */
  dataRemovedAt: instant.optional(),
});
export type VMBackupStatus = z.infer<typeof vmBackupStatus>;

/** One backup of one VM. */
export interface VMBackup {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec: z.infer<typeof vmBackupSpec>;
  status?: VMBackupStatus;
}
