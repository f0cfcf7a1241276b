import { z } from 'zod';
import type { ObjectMeta } from './kubernetes.ts';
import { bytes, conditionSchema, instant, objectName } from './common.ts';
import { failureSchema } from './failures.ts';

/** Phases of a BackupRepository. */
export const REPOSITORY_PHASES = ['Pending', 'Initializing', 'Ready', 'Failed'] as const;
export type RepositoryPhase = (typeof REPOSITORY_PHASES)[number];

/** Key of the encryption Secret that holds the repository's password. */
export const KEY_SECRET_ENTRY = 'password';

export const backupRepositorySpec = z.object({
  /** Name of a BackupEngine. */
  engine: objectName,
  target: z.object({
    /** A folder on a PVC of the system namespace. */
    filesystem: z.object({
      claimName: objectName,
      /** Folder on the PVC, relative, without `..`. */
      path: z.string().max(1024).regex(/^[A-Za-z0-9_][A-Za-z0-9._-]*(\/[A-Za-z0-9_][A-Za-z0-9._-]*)*$/),
    }),
  }),
  encryption: z.object({
    /** Secret in the system namespace with the entry `password`. */
    secretRef: z.object({ name: objectName }),
  }),
  limits: z.object({
    /** How many movers may work on the repository at once. */
    parallelMovers: z.number().int().min(1).max(64).default(2),
  }).optional(),
});

export const backupRepositoryStatus = z.object({
  phase: z.enum(REPOSITORY_PHASES),
  observedGeneration: z.number().int().optional(),
  /** The engine's own id of the repository, fixed once it is initialised: another id at the same place is a failure. */
  repositoryID: z.string().optional(),
  /** `resourceVersion` of the key Secret that opened the repository. */
  keyVersion: z.string().optional(),
  backups: z.number().int().optional(),
  sizeBytes: bytes.optional(),
  /** When the last probe that has ended began: what happened since is not in these figures. */
  lastProbeAt: instant.optional(),
  /** When the probe began that runs now. */
  probingSince: instant.optional(),
  /** Probes and initialisations that came to an end, good or bad: each has its own operation. */
  operations: z.number().int().optional(),
  /** Those that failed in a row. */
  failedProbes: z.number().int().optional(),
  conditions: z.array(conditionSchema).optional(),
  failure: failureSchema.optional(),
});

/** Engine + place + key: where backups are kept. */
export interface BackupRepository {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec: z.infer<typeof backupRepositorySpec>;
  status?: z.infer<typeof backupRepositoryStatus>;
}
