import { z } from 'zod';
import { ACCESS_MODES, VOLUME_MODES, bytes, instant } from './common.ts';
import { backupIdentitySchema } from './mover-protocol.ts';
import { consistencySchema } from './vm-backup.ts';

/** Format version of the backup document. */
export const DOCUMENT_VERSION = 1;

/**
 * The backup document: written into the repository last, encrypted by the engine. A backup without it does not exist.
 * It has the values of the VM's Secrets, so it never leaves the repository but sealed.
 */
export const backupDocumentSchema = z.object({
  version: z.literal(DOCUMENT_VERSION),
  identity: backupIdentitySchema,
  createdAt: instant,
  /** The VirtualMachine as it was at acceptance: metadata without server fields, and the whole spec. */
  vm: z.object({
    apiVersion: z.string(),
    kind: z.string(),
    metadata: z.object({ name: z.string(), namespace: z.string(), labels: z.record(z.string(), z.string()).optional(), annotations: z.record(z.string(), z.string()).optional() }),
    spec: z.record(z.string(), z.unknown()),
  }),
  /** Secrets that the VM refers to; `data` is base64 as in Kubernetes. */
  secrets: z.array(z.object({ name: z.string(), type: z.string().optional(), data: z.record(z.string(), z.string()) })),
  volumes: z.array(z.object({
    name: z.string(),
    claimName: z.string(),
    sizeBytes: bytes,
    volumeMode: z.enum(VOLUME_MODES),
    accessModes: z.array(z.enum(ACCESS_MODES)),
    storageClassName: z.string(),
    snapshotID: z.string(),
    rootDigest: z.string(),
    labels: z.record(z.string(), z.string()).optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  })),
  excluded: z.array(z.object({ name: z.string(), reason: z.string() })),
  consistency: consistencySchema,
});
export type BackupDocument = z.infer<typeof backupDocumentSchema>;
