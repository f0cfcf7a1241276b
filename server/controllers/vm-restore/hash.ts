import { createHash } from 'node:crypto';
import type { Hasher } from '../../domain/restore/canonical.ts';

/** The hasher of the server. */
export const sha256: Hasher = (text) => createHash('sha256').update(text).digest('hex');
