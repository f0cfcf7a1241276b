import { createHash } from 'node:crypto';
import type { Condition, KubeObject, OwnerReference } from '../contract/kubernetes.ts';

const MAX_NAME = 63;
const HASH_LENGTH = 10;

/** Reference to an owner in the same namespace (or cluster-scoped). Throws for an object that was not read from the API (no UID). */
export function ownerReference(owner: KubeObject, { controller = true }: { controller?: boolean } = {}): OwnerReference {
  if (!owner.metadata.uid) {
    throw new Error(`${owner.kind} ${owner.metadata.name} has no UID: only an object read from the API can be an owner`);
  }

  return { apiVersion: owner.apiVersion, kind: owner.kind, name: owner.metadata.name, uid: owner.metadata.uid, controller, blockOwnerDeletion: controller };
}

/** True when `object` names `owner` among its owners, by UID. */
export function isOwnedBy(object: KubeObject, owner: KubeObject): boolean {
  return owner.metadata.uid !== undefined && (object.metadata.ownerReferences ?? []).some((reference) => reference.uid === owner.metadata.uid);
}

/** `a=1,b=2`, for objects that have all of these labels. */
export function labelSelector(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels).map(([name, value]) => `${name}=${value}`).join(',');
}

/** True when the object has all of these labels. */
export function hasLabels(object: KubeObject, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(labels).every(([name, value]) => object.metadata.labels?.[name] === value);
}

/** The condition of that type. */
export function findCondition(conditions: readonly Condition[] | undefined, type: string): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

/**
 * A copy with the condition put in its place. `lastTransitionTime` moves only when `status` changes, as Kubernetes has it.
 * Gives the same array back when nothing changes, so that a caller can tell whether to write.
 */
export function setCondition(conditions: readonly Condition[] | undefined, next: Omit<Condition, 'lastTransitionTime'>, now: Date): Condition[] {
  const all = (conditions ?? []) as Condition[];
  const old = findCondition(all, next.type);
  const same = old !== undefined && (Object.keys(next) as (keyof typeof next)[]).every((field) => old[field] === next[field]);

  if (same) {
    return all;
  }
  const lastTransitionTime = old?.status === next.status && old.lastTransitionTime ? old.lastTransitionTime : now.toISOString();
  const condition: Condition = { ...next, lastTransitionTime };

  return old ? all.map((each) => (each === old ? condition : each)) : [...all, condition];
}

/**
 * A DNS-1123 label of at most 63 characters out of readable parts: characters that are not allowed become `-`. A hash of
 * the exact parts stands at the end, so that different parts never give the same name, and the same always the same.
 */
export function hashedName(...parts: readonly string[]): string {
  const hash = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, HASH_LENGTH);
  const readable = parts.join('-').toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^[^a-z]+/, '').slice(0, MAX_NAME - HASH_LENGTH - 1).replace(/-+$/, '');

  return readable === '' ? `x-${hash}` : `${readable}-${hash}`;
}
