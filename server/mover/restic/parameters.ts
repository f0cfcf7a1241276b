import { z } from 'zod';
import { MoverError } from '../errors.ts';

/** restic's settings that a BackupEngine may choose. */
const parametersSchema = z.strictObject({
  /** restic 0.14 knows auto, off and max; `fastest` and `better` came with 0.17. */
  compression: z.enum(['auto', 'off', 'fastest', 'better', 'max']).optional(),
  /** Size of a pack file in MiB. */
  packSize: z.string().regex(/^\d+$/).transform(Number).pipe(z.number().min(4).max(128)).optional(),
});

/** Checks engine parameters and gives them as restic's environment. Throws `HVB-REQUEST-INVALID` naming the wrong one. */
export function parametersToEnv(parameters: Readonly<Record<string, string>> = {}): Record<string, string> {
  const parsed = parametersSchema.safeParse(parameters);
  if (!parsed.success) throw new MoverError('HVB-REQUEST-INVALID', `Engine parameters for restic: ${z.prettifyError(parsed.error)}`);
  const { compression, packSize } = parsed.data;
  return {
    ...(compression === undefined ? {} : { RESTIC_COMPRESSION: compression }),
    ...(packSize === undefined ? {} : { RESTIC_PACK_SIZE: String(packSize) }),
  };
}
