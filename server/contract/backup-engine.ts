import { z } from 'zod';
import type { ObjectMeta } from './kubernetes.ts';
import { conditionSchema } from './common.ts';
import { failureSchema } from './failures.ts';
import { capabilitiesSchema } from './mover-protocol.ts';

/** Phases of a BackupEngine: what the mover said of itself, or that it could not be asked. */
export const ENGINE_PHASES = ['Pending', 'Ready', 'Unavailable'] as const;
export type EnginePhase = (typeof ENGINE_PHASES)[number];

export const backupEngineSpec = z.object({
  /** The mover's container image, and its command where it differs from the image's entry point. */
  mover: z.object({ image: z.string().min(1), command: z.array(z.string()).optional() }),
  /** Handed to the mover in every request. */
  parameters: z.record(z.string(), z.string()).optional(),
});

export const backupEngineStatus = z.object({
  phase: z.enum(ENGINE_PHASES),
  observedGeneration: z.number().int().optional(),
  capabilities: capabilitiesSchema.optional(),
  conditions: z.array(conditionSchema).optional(),
  failure: failureSchema.optional(),
});

/** A data engine that is available in this cluster. */
export interface BackupEngine {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec: z.infer<typeof backupEngineSpec>;
  status?: z.infer<typeof backupEngineStatus>;
}
