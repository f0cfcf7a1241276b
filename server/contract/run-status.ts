import { z } from 'zod';
import { conditionSchema, instant, progressSchema, timingSchema } from './common.ts';
import { failureSchema } from './failures.ts';

/** What the status of everything that runs from a beginning to an end has: backups and restores alike. */
export const runStatusFields = {
  progress: progressSchema.optional(),
  timings: z.array(timingSchema).optional(),
  conditions: z.array(conditionSchema).optional(),
  failure: failureSchema.optional(),
  /** What it waits for, in words. */
  message: z.string().optional(),
  completedAt: instant.optional(),
};
