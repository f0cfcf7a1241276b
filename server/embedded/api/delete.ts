/** Deleting objects: preconditions, propagation policy, grace, finalizers. */
import type { Core } from './core.ts';
import type { JsonObject, KubeObject } from './types.ts';
import type { ResourceType } from './resource-type.ts';
import { badRequest, conflict, invalid, unsupportedValue } from './status.ts';
import { formatTime, getPath, isObject, keyOf } from './object.ts';
import { isReleased, resourceName, storeChanged } from './write.ts';
import { storageKey } from './resource-type.ts';

export const ORPHAN_FINALIZER = 'orphan';
export const FOREGROUND_FINALIZER = 'foregroundDeletion';

/** `DeleteOptions` as this server understands them. */
export interface DeleteOptions {
  uid?: string;
  resourceVersion?: string;
  propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
  /** Seconds. */
  gracePeriodSeconds?: number;
  dryRun: boolean;
}

/** Reads delete options from the body, where there is one, else from the query. Throws 400 and 422. */
export function readDeleteOptions(body: unknown, query: URLSearchParams): DeleteOptions {
  if (body !== undefined && !isObject(body)) throw badRequest('the body of a delete must be a DeleteOptions object');
  const source: JsonObject = isObject(body) ? body : {};
  const preconditions = isObject(source.preconditions) ? source.preconditions : {};
  const policy = source.propagationPolicy ?? query.get('propagationPolicy') ?? (source.orphanDependents === true ? 'Orphan' : undefined);
  if (policy !== undefined && policy !== 'Background' && policy !== 'Foreground' && policy !== 'Orphan') {
    throw invalid({ group: '', name: 'DeleteOptions' }, '', [unsupportedValue('propagationPolicy', policy, ['Foreground', 'Background', 'Orphan', 'nil'])]);
  }
  const grace = source.gracePeriodSeconds ?? (query.has('gracePeriodSeconds') ? Number(query.get('gracePeriodSeconds')) : undefined);
  if (grace !== undefined && (typeof grace !== 'number' || !Number.isInteger(grace))) throw badRequest('gracePeriodSeconds must be an integer');
  return {
    ...(typeof preconditions.uid === 'string' ? { uid: preconditions.uid } : {}),
    ...(typeof preconditions.resourceVersion === 'string' ? { resourceVersion: preconditions.resourceVersion } : {}),
    ...(policy ? { propagationPolicy: policy } : {}),
    ...(grace === undefined ? {} : { gracePeriodSeconds: grace }),
    dryRun: query.getAll('dryRun').includes('All') || (Array.isArray(source.dryRun) && source.dryRun.includes('All')),
  };
}

/** Seconds that a pod gets to stop: only one that runs on a node gets any. */
function gracePeriod(type: ResourceType, object: KubeObject, wanted: number | undefined): number {
  if (type.group !== '' || type.plural !== 'pods') return 0;
  const phase = getPath(object, ['status', 'phase']);
  if (!getPath(object, ['spec', 'nodeName']) || phase === 'Succeeded' || phase === 'Failed') return 0;
  const own = getPath(object, ['spec', 'terminationGracePeriodSeconds']);
  const seconds = wanted ?? (typeof own === 'number' ? own : 30);
  return seconds < 0 ? 1 : seconds;
}

function finalizersFor(type: ResourceType, object: KubeObject, policy: DeleteOptions['propagationPolicy']): string[] {
  const current = object.metadata.finalizers ?? [];
  const kept = current.filter((finalizer) => finalizer !== ORPHAN_FINALIZER && finalizer !== FOREGROUND_FINALIZER);
  if (policy === 'Orphan') return [...kept, ORPHAN_FINALIZER];
  if (policy === 'Foreground') return [...kept, FOREGROUND_FINALIZER];
  if (policy === 'Background') return kept;
  if (current.length !== kept.length) return current;
  return type.orphanByDefault ? [...kept, ORPHAN_FINALIZER] : current;
}

/** What became of the object: gone, or waiting for finalizers or its grace period. */
export interface DeleteResult {
  object: KubeObject;
  removed: boolean;
}

/** Deletes an object or marks it as being deleted. Throws 409 where a precondition fails. */
export function deleteObject(core: Core, type: ResourceType, object: KubeObject, options: DeleteOptions): DeleteResult {
  const { metadata } = object;
  if (options.uid !== undefined && options.uid !== metadata.uid) {
    throw conflict(resourceName(type), metadata.name, `Precondition failed: UID in precondition: ${options.uid}, UID in object meta: ${metadata.uid}`);
  }
  if (options.resourceVersion !== undefined && options.resourceVersion !== metadata.resourceVersion) {
    throw conflict(resourceName(type), metadata.name, `Precondition failed: ResourceVersion in precondition: ${options.resourceVersion}, ResourceVersion in object meta: ${metadata.resourceVersion}`);
  }
  const next = markDeleted(core, type, object, options);
  if (options.dryRun) return { object: next, removed: isReleased(type, next) };
  if (isReleased(type, next)) return { object: core.store.remove(storageKey(type), keyOf(object)) ?? object, removed: true };
  if (metadata.deletionTimestamp && JSON.stringify(next.metadata) === JSON.stringify(metadata)) return { object, removed: false };
  return { object: storeChanged(core, type, next), removed: false };
}

function markDeleted(core: Core, type: ResourceType, object: KubeObject, options: DeleteOptions): KubeObject {
  const { metadata } = object;
  const wanted = gracePeriod(type, object, options.gracePeriodSeconds);
  // A second delete can only shorten the time that is left.
  const grace = metadata.deletionTimestamp ? Math.min(wanted, metadata.deletionGracePeriodSeconds ?? 0) : wanted;
  const finalizers = finalizersFor(type, object, options.propagationPolicy);
  const first = !metadata.deletionTimestamp;
  const next: KubeObject = {
    ...object,
    metadata: {
      ...metadata,
      deletionTimestamp: first ? formatTime(core.clock.now() + grace * 1000) : metadata.deletionTimestamp ?? '',
      deletionGracePeriodSeconds: grace,
      ...(first && metadata.generation !== undefined ? { generation: metadata.generation + 1 } : {}),
    },
  };
  if (finalizers.length > 0) next.metadata.finalizers = finalizers;
  else delete next.metadata.finalizers;
  if (first && type.group === '' && type.plural === 'namespaces') next.status = { ...(isObject(object.status) ? object.status : {}), phase: 'Terminating' };
  return next;
}
