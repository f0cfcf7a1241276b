/** Requests and answers of the operator API. `/openapi.json` is generated from these; `docs/operator-api.md` explains them. */
import { z } from 'zod';
import { REPOSITORY_PHASES } from './backup-repository.ts';
import { bytes, instant, objectName, progressSchema, timingSchema } from './common.ts';
import { failureSchema } from './failures.ts';
import { BACKUP_PHASES, CONSISTENCY_LEVELS, VERIFICATION_STATES, vmBackupSpec } from './vm-backup.ts';
import { RESTORE_PHASES, vmRestoreSpec } from './vm-restore.ts';

/** Name of the Service in the system namespace, and of its port. */
export const HTTP_SERVICE = { name: 'harvester-vm-backup', port: 'http' } as const;
/**
 * The service as `services/proxy` names it: the literal segment of the URL, and what `resourceNames` of a role must be.
 * Whoever may `get` this may read everything here, through the service proxy or directly with a token.
 */
export const HTTP_SERVICE_PROXY_NAME = `http:${HTTP_SERVICE.name}:${HTTP_SERVICE.port}`;

/** Largest request body (bytes). */
export const MAX_BODY_BYTES = 1024 * 1024;
/** Objects on a page: unless told, and at most. */
export const PAGE_LIMIT = { default: 100, max: 500 } as const;

/** Query of every list. */
export const pageQuery = z.object({
  /** Objects on the page. */
  limit: z.coerce.number().int().min(1).max(PAGE_LIMIT.max).default(PAGE_LIMIT.default),
  /** Where the next page begins: from the answer of the page before. */
  continue: z.string().max(2048).optional(),
});

/** A page of a list. Lists are live: what changes between two pages is seen or missed once, never twice. */
export const pageOf = <T extends z.ZodType>(item: T) => z.object({
  items: z.array(item),
  /** Present when there is more. */
  continue: z.string().optional(),
});

/** The object that an action made or changed. */
export const objectReferenceSchema = z.object({ apiVersion: z.string(), kind: z.string(), namespace: z.string(), name: z.string(), uid: z.string() });

/** A backup or restore that has not come to its end. */
export const activitySchema = z.object({
  kind: z.enum(['VMBackup', 'VMRestore']),
  namespace: z.string(),
  name: z.string(),
  uid: z.string(),
  /** The VM that is backed up, or the one that is made. */
  vm: z.string(),
  repository: z.string().optional(),
  phase: z.enum([...BACKUP_PHASES, ...RESTORE_PHASES]),
  /** What it waits for. */
  message: z.string().optional(),
  requestedBy: z.string().optional(),
  createdAt: instant,
  progress: progressSchema.optional(),
  timings: z.array(timingSchema),
});
export type Activity = z.infer<typeof activitySchema>;

/** A repository with what the last probe found. */
export const repositorySummarySchema = z.object({
  name: z.string(),
  engine: z.string(),
  /** Where it is, in words. */
  target: z.string(),
  phase: z.enum(REPOSITORY_PHASES),
  ready: z.boolean(),
  /** As the engine counted at the last probe; backups of other clusters included. */
  backups: z.number().int().optional(),
  sizeBytes: bytes.optional(),
  lastProbeAt: instant.optional(),
  /** VMBackups of this cluster that name it and have their document in it. */
  backupsHere: z.number().int(),
  failure: failureSchema.optional(),
});
export type RepositorySummary = z.infer<typeof repositorySummarySchema>;

/** What this cluster's objects say lies in a repository. The repository itself is not opened for this. */
export const repositoryContentSchema = z.object({
  namespace: z.string(),
  name: z.string(),
  uid: z.string(),
  vm: z.object({ name: z.string(), uid: z.string().optional() }),
  /** False: data of a backup that has no document (yet), so it is no backup. */
  complete: z.boolean(),
  phase: z.enum(BACKUP_PHASES),
  createdAt: instant,
  completedAt: instant.optional(),
  consistency: z.enum(CONSISTENCY_LEVELS).optional(),
  deletionPolicy: z.enum(['Delete', 'Retain']),
  /** Of the last verification, when there was one. */
  verification: z.enum(VERIFICATION_STATES).optional(),
  /** The engine's id of the backup document. */
  documentID: z.string().optional(),
  /** Of the VM's disks. */
  sizeBytes: bytes,
  /** New bytes that it cost. */
  bytesUploaded: bytes,
  volumes: z.array(z.object({ name: z.string(), sizeBytes: bytes, snapshotID: z.string().optional(), digestsID: z.string().optional(), rootDigest: z.string().optional() })),
});
export type RepositoryContent = z.infer<typeof repositoryContentSchema>;

/** How a VM stands. A VM that was never backed up has its row too, and one that is gone while its backups are there. */
export const vmReportSchema = z.object({
  namespace: z.string(),
  vm: z.string(),
  uid: z.string().optional(),
  /** False: the VM is gone. */
  exists: z.boolean(),
  lastGood: z.object({
    name: z.string(),
    repository: z.string(),
    completedAt: instant,
    consistency: z.enum(CONSISTENCY_LEVELS).optional(),
    sizeBytes: bytes,
    bytesUploaded: bytes,
    ageSeconds: z.number().int().nonnegative(),
    /** Of its last verification, when there was one. */
    verification: z.enum(VERIFICATION_STATES).optional(),
  }).optional(),
  /** Complete, not being deleted, and not found damaged by a verification. */
  goodBackups: z.number().int(),
  /** Complete, but found damaged. */
  damagedBackups: z.number().int(),
  /** Backups that failed since the last good one, or ever. */
  failuresSince: z.number().int(),
  lastFailure: z.object({ name: z.string(), code: z.string(), message: z.string(), at: instant }).optional(),
  /** Not yet at their end. */
  running: z.number().int(),
});
export type VMReport = z.infer<typeof vmReportSchema>;

/** Query of the report. CSV has every row, whatever the page. */
export const reportQuery = pageQuery.extend({ namespace: objectName.optional(), format: z.enum(['json', 'csv']).default('json') });
export const activityQuery = pageQuery.extend({ namespace: objectName.optional() });

/** Answer of /version. */
export const versionSchema = z.object({ version: z.string(), node: z.string(), apiVersion: z.string() });
/** Answer of /healthz. */
export const healthSchema = z.object({ status: z.literal('ok') });
/** Answer of /readyz. */
export const readinessSchema = z.object({ status: z.literal('ready'), leading: z.boolean() });

/** Body that asks for a backup: a VMBackup's spec with a name, which is made up when it is absent. */
export const createBackupSchema = z.strictObject({ name: objectName.optional(), spec: z.strictObject(vmBackupSpec.omit({ cancel: true }).shape) });
/** Body that asks for a restore in the namespace of the path. @see createBackupSchema */
export const createRestoreSchema = z.strictObject({ name: objectName.optional(), spec: z.strictObject(vmRestoreSpec.omit({ cancel: true, approvedPlan: true }).shape) });
/** Body that approves a plan: the hash that was looked at. */
export const approveSchema = z.strictObject({ planHash: z.string().min(1) });
/** Body of an action that needs no words. */
export const emptySchema = z.strictObject({});
