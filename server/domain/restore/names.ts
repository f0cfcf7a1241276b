import type { Hasher } from './canonical.ts';

const MAX_LABEL = 63;
const MAX_NAME = 253;
const HASH_LENGTH = 8;

/** `readable` shortened so that the whole fits into `max`, with a part of the hash of `exact` at the end. */
function withHash(readable: string, exact: readonly string[], max: number, hash: Hasher): string {
  const suffix = hash(JSON.stringify(exact)).slice(0, HASH_LENGTH);
  const stem = readable.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-+/, '').slice(0, max - HASH_LENGTH - 1).replace(/-+$/, '');

  return `${stem === '' ? 'volume' : stem}-${suffix}`;
}

/**
 * Name of the new PVC of a volume: readable, at most 63 characters, and always the same for the same restore and volume, so
 * that it is found again after a restart. Never the source's name: Harvester refuses another class under a known name.
 */
export function restoredClaimName(restoreUID: string, target: string, volume: string, hash: Hasher): string {
  return withHash(`${target}-${volume}`, [restoreUID, volume], MAX_LABEL, hash);
}

/**
 * Names of the new Secrets by the names in the backup. A name that is free is kept; a taken one gets the VM's name in front,
 * as Harvester does. A name that is taken even then is still given, for a check to point at.
 */
export function restoredSecretNames(target: string, names: readonly string[], taken: readonly string[], hash: Hasher): Map<string, string> {
  const used = new Set(taken);
  const result = new Map<string, string>();

  for (const name of names) {
    const prefixed = `${target}-${name}`;
    const chosen = !used.has(name) ? name : prefixed.length <= MAX_NAME ? prefixed : withHash(prefixed, [target, name], MAX_NAME, hash);

    used.add(chosen);
    result.set(name, chosen);
  }
  return result;
}
