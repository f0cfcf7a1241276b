import { z } from 'zod';

/** DNS-1123 label or subdomain, as Kubernetes names objects. */
export const objectName = z.string().min(1).max(253).regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/);
/** RFC 3339 instant. */
export const instant = z.string();
/** Bytes; Kubernetes integers are int64, JavaScript is exact up to 8 PiB. */
export const bytes = z.number().int().nonnegative();

export const conditionSchema = z.object({
  type: z.string(),
  status: z.enum(['True', 'False', 'Unknown']),
  reason: z.string().optional(),
  message: z.string().optional(),
  lastTransitionTime: instant.optional(),
  observedGeneration: z.number().int().optional(),
});

/** How far a transfer is. All in bytes of the volume's logical size, but `bytesUploaded` (new bytes sent to the repository). */
export const progressSchema = z.object({
  bytesTotal: bytes,
  bytesDone: bytes,
  bytesUploaded: bytes.optional(),
  bytesPerSecond: bytes.optional(),
  etaSeconds: z.number().int().nonnegative().optional(),
});
export type Progress = z.infer<typeof progressSchema>;

/** When a phase was entered and left. */
export const timingSchema = z.object({ phase: z.string(), startedAt: instant, finishedAt: instant.optional() });
export type Timing = z.infer<typeof timingSchema>;

export const VOLUME_MODES = ['Block', 'Filesystem'] as const;
export const ACCESS_MODES = ['ReadWriteOnce', 'ReadWriteMany', 'ReadOnlyMany', 'ReadWriteOncePod'] as const;
