/** Creating and changing objects. Everything between reading the old object and storing the new one is synchronous, so nothing can come between. */
import type { Core } from './core.ts';
import type { KubeObject, ObjectMeta } from './types.ts';
import type { Admit } from './admission/index.ts';
import type { ResourceType } from './resource-type.ts';
import type { FieldError } from './status.ts';
import { generateName, newUid } from './core.ts';
import { ApiError, alreadyExists, badRequest, forbidden, invalid, notFound, required } from './status.ts';
import { checkIdentity, finalizerErrors, identityErrors, kindName, limitToSubresource, resourceName, type IdentityRules, type WritableSubresource } from './identity.ts';
import { deepEqual, formatTime, isObject, keyOf, objectKey, omit } from './object.ts';
import { storageKey } from './resource-type.ts';
import { validateMetadata } from './names.ts';
import { trackUpdate } from './apply/track.ts';

const GENERATE_ATTEMPTS = 8;

/** Options of a write. */
export interface WriteOptions {
  dryRun: boolean;
  /** Field manager, from the query or the user agent. */
  manager: string;
  /** Asked when the object is valid, before it is stored; absent for the server's own writes. */
  admit?: Admit;
}

function fail(type: ResourceType, name: string, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalid(kindName(type), name, errors);
}

/** Refuses new objects in a namespace that is absent (404) or going away (403). */
function requireNamespace(core: Core, type: ResourceType, object: KubeObject): void {
  const name = object.metadata.namespace ?? '';
  const namespace = core.store.get('/namespaces', name);
  if (!namespace) throw notFound({ group: '', name: 'namespaces' }, name);
  if (!namespace.metadata.deletionTimestamp) return;
  throw forbidden(resourceName(type), object.metadata.name, `unable to create new content in namespace ${name} because it is being terminated`,
    [{ reason: 'NamespaceTerminating', message: `namespace ${name} is being terminated`, field: 'metadata.namespace' }]);
}

/** Puts the URL's namespace into the object; throws 400 when the object names another. */
export function placeInNamespace(type: ResourceType, object: KubeObject, namespace: string | undefined): void {
  if (!type.namespaced) {
    delete object.metadata.namespace;
    return;
  }
  if (object.metadata.namespace !== undefined && object.metadata.namespace !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  if (namespace) object.metadata.namespace = namespace;
}

/** kube-apiserver checks metadata as of a new and as of a changed object, and again by the type's own rules. All is told. */
function metadataErrors(type: ResourceType, old: KubeObject, proposed: KubeObject, next: KubeObject): FieldError[] {
  const metadata = validateMetadata(type.group, type.plural, next, !type.custom);
  const errors = [...identityErrors(old, proposed), ...finalizerErrors(old, next), ...metadata, ...metadata];
  return [...errors, ...(type.custom ? metadata : errors)];
}

function validate(type: ResourceType, object: KubeObject, old: KubeObject | undefined): FieldError[] {
  return [
    ...(old ? [] : validateMetadata(type.group, type.plural, object, !type.custom)),
    ...(type.strategy.validate?.(object) ?? []),
    ...(old ? type.strategy.validateUpdate?.(object, old) ?? [] : []),
    ...(type.schema?.validate(object, old) ?? []),
  ];
}

/** Stores a new object that `readObject` made. Throws 404, 403, 409, 422. */
export function createObject(core: Core, type: ResourceType, input: KubeObject, namespace: string | undefined, options: WriteOptions): KubeObject {
  placeInNamespace(type, input, namespace);
  if (input.metadata.resourceVersion && input.metadata.resourceVersion !== '0') {
    throw new ApiError(500, '', 'resourceVersion should not be set on objects to be created');
  }
  if (type.namespaced) requireNamespace(core, type, input);
  const resource = storageKey(type);
  const generated = !input.metadata.name && !!input.metadata.generateName;
  for (let attempt = 1; ; attempt++) {
    const name = generated ? generateName(core, input.metadata.generateName ?? '') : input.metadata.name;
    if (!name) throw invalid(kindName(type), '', [required('metadata.name', 'name or generateName is required')]);
    if (generated && attempt < GENERATE_ATTEMPTS && core.store.get(resource, objectKey(input.metadata.namespace, name))) continue;
    return storeNew(core, type, input, name, options);
  }
}

function storeNew(core: Core, type: ResourceType, input: KubeObject, name: string, options: WriteOptions): KubeObject {
  const metadata: ObjectMeta = {
    ...input.metadata, name, uid: newUid(core), creationTimestamp: formatTime(core.clock.now()), ...(type.generation ? { generation: 1 } : {}),
  };
  delete metadata.resourceVersion;
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  let object: KubeObject = { ...input, metadata };
  if (type.status && type.custom) delete object.status;
  if (type.schema) {
    object = type.schema.prune(object);
    type.schema.applyDefaults(object);
  }
  type.strategy.prepareCreate?.(object, core.strategyContext);
  fail(type, name, validate(type, object, undefined));
  options.admit?.({ operation: 'CREATE', object, dryRun: options.dryRun });
  // Only now, as in the real server: what is not allowed or wrong is told first.
  const there = core.store.get(storageKey(type), keyOf(object));
  if (there) throw alreadyExists(resourceName(type), name, there.metadata.deletionTimestamp !== undefined);
  if (options.dryRun) return object;
  return core.store.put(storageKey(type), object);
}

/** How a changed object relates to the stored one. */
export interface UpdateOptions extends WriteOptions, IdentityRules {
  subresource: WritableSubresource;
  /** Managed fields are already right (server-side apply). */
  keepManagedFields?: boolean;
}

function contentChanged(type: ResourceType, old: KubeObject, next: KubeObject): boolean {
  const ignored = ['metadata', ...(type.status ? ['status'] : [])];
  return !deepEqual(omit(old, ignored), omit(next, ignored));
}

/**
 * Replaces `old` by `proposed` (made by `readObject` or a patch) under the rules of main writes and subresources.
 * A write that changes nothing stores nothing. Gives the object as stored, or its last state when the write removed its last finalizer.
 */
export function updateObject(core: Core, type: ResourceType, old: KubeObject, proposed: KubeObject, options: UpdateOptions): KubeObject {
  checkIdentity(type, old, proposed, options);
  const name = old.metadata.name;
  let next = limitToSubresource(type, old, proposed, options.subresource);
  if (type.schema) {
    next = type.schema.prune(next);
    type.schema.applyDefaults(next);
  }
  if (options.subresource === '') type.strategy.prepareUpdate?.(next, old);
  if (options.subresource === 'status') type.strategy.prepareStatus?.(next, old, formatTime(core.clock.now()));
  if (!options.keepManagedFields) trackUpdate(type, old, next, options, formatTime(core.clock.now()));
  fail(type, name, [...metadataErrors(type, old, proposed, next), ...validate(type, next, old)]);
  options.admit?.({ operation: 'UPDATE', object: next, oldObject: old, dryRun: options.dryRun });
  if (type.generation && contentChanged(type, old, next)) {
    next = { ...next, metadata: { ...next.metadata, generation: (old.metadata.generation ?? 0) + 1 } };
  }
  if (options.dryRun || deepEqual(old, next)) return next;
  return storeChanged(core, type, next);
}

/** Stores a changed object, or removes it when it is being deleted and nothing holds it any more. */
export function storeChanged(core: Core, type: ResourceType, next: KubeObject): KubeObject {
  const resource = storageKey(type);
  if (!isReleased(type, next)) return core.store.put(resource, next);
  // As in the real server the change itself is not stored: watchers see DELETED with the last stored state.
  core.store.remove(resource, keyOf(next));
  return next;
}

/** Whether an object is being deleted and has neither finalizers nor a grace period left. */
export function isReleased(type: ResourceType, object: KubeObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds, finalizers } = object.metadata;
  if (!deletionTimestamp || (deletionGracePeriodSeconds ?? 0) > 0 || (finalizers ?? []).length > 0) return false;
  if (type.group !== '' || type.plural !== 'namespaces') return true;
  return !isObject(object.spec) || !Array.isArray(object.spec.finalizers) || object.spec.finalizers.length === 0;
}

