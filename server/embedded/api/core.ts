/** What the parts of the server share. */
import type { ApiClock, ApiLog } from './types.ts';
import type { Store } from './store.ts';
import type { TypeRegistry } from './registry.ts';
import type { StrategyContext } from './resource-type.ts';

/** State and tools that every request handler gets. */
export interface Core {
  store: Store;
  types: TypeRegistry;
  clock: ApiClock;
  randomBytes: (size: number) => Uint8Array;
  log: ApiLog;
  strategyContext: StrategyContext;
}

const NAME_LETTERS = 'bcdfghjklmnpqrstvwxz2456789';

/** Random version 4 UUID. */
export function newUid(core: Pick<Core, 'randomBytes'>): string {
  const bytes = Buffer.from(core.randomBytes(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** `generateName` with five letters behind it, 63 characters at most. */
export function generateName(core: Pick<Core, 'randomBytes'>, base: string): string {
  let suffix = '';
  for (const byte of core.randomBytes(5)) suffix += NAME_LETTERS[byte % NAME_LETTERS.length];
  return base.slice(0, 58) + suffix;
}
