/** Deleting objects: preconditions, propagation policy, grace, finalizers. */
import type { Core } from './core.ts';
import type { JsonObject, KubeObject } from './types.ts';
import type { ResourceType } from './resource-type.ts';
import { badRequest, conflict, forbidden, invalid, unsupportedValue } from './status.ts';
import { formatTime, getPath, isObject, keyOf } from './object.ts';
import { CRD_FINALIZER } from './crd.ts';
import { isReleased, storeChanged } from './write.ts';
import { kindName, resourceName } from './identity.ts';
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
    throw invalid({ group: 'meta.k8s.io', name: 'DeleteOptions' }, '', [unsupportedValue('propagationPolicy', policy, ['Foreground', 'Background', 'Orphan', 'nil'])]);
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

function isCrd(type: ResourceType): boolean {
  return type.group === 'apiextensions.k8s.io' && type.plural === 'customresourcedefinitions';
}

function isPod(type: ResourceType): boolean {
  return type.group === '' && type.plural === 'pods';
}

/** Seconds that a pod gets to stop: only one that runs on a node gets any. */
function gracePeriod(type: ResourceType, object: KubeObject, wanted: number | undefined): number {
  if (!isPod(type)) return 0;
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
  if (current.length !== kept.length) return [...current];
  return type.orphanByDefault ? [...kept, ORPHAN_FINALIZER] : [...current];
}

/** The admission plugin NamespaceLifecycle keeps these. */
const IMMORTAL = new Set(['default', 'kube-system', 'kube-public']);

/** What became of the object: gone, or waiting for finalizers or its grace period. */
export interface DeleteResult {
  object: KubeObject;
  removed: boolean;
}

/** Deletes an object or marks it as being deleted. Throws 409 where a precondition fails. */
export function deleteObject(core: Core, type: ResourceType, object: KubeObject, options: DeleteOptions): DeleteResult {
  const { metadata } = object;
  if (options.uid !== undefined && options.uid !== metadata.uid) {
    throw conflict(kindName(type), metadata.name, `the UID in the precondition (${options.uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`);
  }
  if (options.resourceVersion !== undefined && options.resourceVersion !== metadata.resourceVersion) {
    throw conflict(kindName(type), metadata.name, `the ResourceVersion in the precondition (${options.resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`);
  }
  if (type.group === '' && type.plural === 'namespaces' && IMMORTAL.has(metadata.name)) throw forbidden(resourceName(type), metadata.name, 'this namespace may not be deleted');
  const next = markDeleted(core, type, object, options);
  if (options.dryRun) return { object: next, removed: isReleased(type, next) };
  if (isReleased(type, next)) {
    const last = core.store.remove(storageKey(type), keyOf(object)) ?? object;
    // Of a pod, which is deleted in steps, the last step is shown.
    return { object: isPod(type) ? { ...next, metadata: { ...next.metadata, resourceVersion: last.metadata.resourceVersion } } : last, removed: true };
  }
  if (metadata.deletionTimestamp && JSON.stringify(next.metadata) === JSON.stringify(metadata)) return { object, removed: false };
  return { object: storeChanged(core, type, next), removed: false };
}

function markDeleted(core: Core, type: ResourceType, object: KubeObject, options: DeleteOptions): KubeObject {
  const { metadata } = object;
  const wanted = gracePeriod(type, object, options.gracePeriodSeconds);
  // A second delete can only shorten the time that is left.
  const grace = metadata.deletionTimestamp ? Math.min(wanted, metadata.deletionGracePeriodSeconds ?? 0) : wanted;
  const finalizers = finalizersFor(type, object, options.propagationPolicy);
  // The objects of a CRD go before it.
  if (isCrd(type) && !metadata.deletionTimestamp) finalizers.push(CRD_FINALIZER);
  const isNamespace = type.group === '' && type.plural === 'namespaces';
  const first = !metadata.deletionTimestamp;
  const next: KubeObject = {
    ...object,
    metadata: {
      ...metadata,
      deletionTimestamp: first ? formatTime(core.clock.now() + grace * 1000) : metadata.deletionTimestamp ?? '',
      ...(isNamespace ? {} : { deletionGracePeriodSeconds: grace }),
      ...(first && metadata.generation !== undefined ? { generation: metadata.generation + 1 } : {}),
    },
  };
  if (finalizers.length > 0) next.metadata.finalizers = finalizers;
  else delete next.metadata.finalizers;
  if (first && isNamespace) next.status = { ...(isObject(object.status) ? object.status : {}), phase: 'Terminating' };
  return next;
}
