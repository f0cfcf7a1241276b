import { z } from 'zod';
import type { ObjectMeta } from './kubernetes.ts';
import { ACCESS_MODES, VOLUME_MODES, bytes, instant, objectName, progressSchema } from './common.ts';
import { runStatusFields } from './run-status.ts';

/** Phases of a VMRestore in the order of a good run, then the bad ends. Their transitions are in `domain/phases.ts`. */
export const RESTORE_PHASES = ['Pending', 'Planning', 'AwaitingApproval', 'Queued', 'RestoringVolumes', 'CreatingVM', 'Starting', 'Completed', 'RollingBack', 'Failed', 'Cancelled'] as const;
export type RestorePhase = (typeof RESTORE_PHASES)[number];

/** `Recorded`: the run strategy that the VM had when it was backed up. */
export const START_POLICIES = ['Recorded', 'Start', 'Halted'] as const;

export const RESTORE_VOLUME_PHASES = ['Pending', 'Writing', 'HandingOver', 'Completed', 'Failed'] as const;

/** What becomes of one disk. */
export const volumeMappingSchema = z.object({
  /** The volume's name in the VM. */
  name: z.string().min(1),
  storageClassName: objectName.optional(),
  accessMode: z.enum(ACCESS_MODES).optional(),
  volumeMode: z.enum(VOLUME_MODES).optional(),
  /** Size of the disk that the guest sees; never smaller than the backed-up one. */
  sizeBytes: bytes.optional(),
});
export type VolumeMapping = z.infer<typeof volumeMappingSchema>;

export const vmRestoreSpec = z.object({
  source: z.object({
    /** A completed VMBackup; its namespace may differ from the restore's. */
    backup: z.object({ namespace: objectName, name: objectName }),
  }),
  /** The restored VM, in the namespace of this object. */
  target: z.object({ name: objectName }),
  /** Disks that are not named keep their class and modes. */
  volumes: z.array(volumeMappingSchema).optional(),
  start: z.enum(START_POLICIES).default('Recorded'),
  /** MAC addresses: new ones, unless the source VM is gone and they are wanted. */
  keepMacAddresses: z.boolean().default(false),
  /** Hash of the plan in status that the person approved. */
  approvedPlan: z.string().optional(),
  /** Run the first plan without a failed check at once. */
  autoApprove: z.boolean().optional(),
  /** Set to stop a running restore; what it made is rolled back. Cannot be taken back. */
  cancel: z.boolean().optional(),
});

/** One check of the plan with the facts that it used. */
export const planCheckSchema = z.object({
  id: z.string(),
  verdict: z.enum(['Pass', 'Warn', 'Fail']),
  message: z.string(),
  /** Volume or object that it is about. */
  subject: z.string().optional(),
  /** What to do about a Warn or Fail. */
  remedy: z.string().optional(),
});
export type PlanCheck = z.infer<typeof planCheckSchema>;

export const planVolumeSchema = z.object({
  name: z.string(),
  claimName: z.string(),
  storageClassName: z.string(),
  accessMode: z.enum(ACCESS_MODES),
  volumeMode: z.enum(VOLUME_MODES),
  /** Of the PVC. */
  sizeBytes: bytes,
  /** Of the disk that the guest sees: the PVC itself, or the image file in it. */
  imageBytes: bytes,
  sourceBytes: bytes,
  snapshotID: z.string(),
  rootDigest: z.string(),
  sourceStorageClassName: z.string(),
});
export type PlanVolume = z.infer<typeof planVolumeSchema>;

/** Everything that the restore will do. Pure data, without secrets; `hash` is what a person approves. */
export const planSchema = z.object({
  hash: z.string(),
  volumes: z.array(planVolumeSchema),
  /** Every object that will be created, in order. */
  objects: z.array(z.object({ kind: z.string(), namespace: z.string(), name: z.string() })),
  checks: z.array(planCheckSchema),
  /** Changes to the manifest that a person should know, in words. */
  changes: z.array(z.string()),
  runStrategy: z.string(),
  /** Logical bytes to be read from the repository. */
  predictedBytes: bytes,
  plannedAt: instant,
});
export type RestorePlan = z.infer<typeof planSchema>;

export const restoreVolumeSchema = z.object({
  name: z.string(),
  claimName: z.string(),
  phase: z.enum(RESTORE_VOLUME_PHASES),
  progress: progressSchema.optional(),
  attempts: z.number().int().optional(),
  rootDigest: z.string().optional(),
  bytesWritten: bytes.optional(),
  message: z.string().optional(),
});
export type RestoreVolume = z.infer<typeof restoreVolumeSchema>;

export const vmRestoreStatus = z.object({
  phase: z.enum(RESTORE_PHASES),
  observedGeneration: z.number().int().optional(),
  /** The backup as it was found when the plan was made. */
  backup: z.object({ uid: z.string(), vmName: z.string(), vmUID: z.string(), documentID: z.string(), repository: z.string() }).optional(),
  plan: planSchema.optional(),
  volumes: z.array(restoreVolumeSchema).optional(),
  /** What this restore created for good so far; roll-back removes just these, by UID. */
  created: z.array(z.object({ kind: z.string(), namespace: z.string(), name: z.string(), uid: z.string() })).optional(),
  ...runStatusFields,
});
export type VMRestoreStatus = z.infer<typeof vmRestoreStatus>;

/** One restore of one backup. */
export interface VMRestore {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec: z.infer<typeof vmRestoreSpec>;
  status?: VMRestoreStatus;
}
