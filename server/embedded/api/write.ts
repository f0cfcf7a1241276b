/** Creating and changing objects. Everything between reading the old object and storing the new one is synchronous, so nothing can come between. */
import type { Core } from './core.ts';
import type { KubeObject, ObjectMeta } from './types.ts';
import type { Admit } from './admission/index.ts';
import type { ResourceType } from './resource-type.ts';
import type { FieldError, GroupName } from './status.ts';
import { generateName, newUid } from './core.ts';
import { ApiError, alreadyExists, badRequest, conflict, forbidden, forbiddenField, invalid, notFound, required } from './status.ts';
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

/** Group and plural, for errors about an instance. */
export function resourceName(type: ResourceType): GroupName {
  return { group: type.group, name: type.plural };
}

/** Group and kind, for validation errors. */
export function kindName(type: ResourceType): GroupName {
  return { group: type.group, name: type.kind };
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

function validate(type: ResourceType, object: KubeObject, old: KubeObject | undefined): FieldError[] {
  return [
    ...validateMetadata(type.group, type.plural, object),
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
    if (core.store.get(resource, objectKey(input.metadata.namespace, name))) {
      if (generated && attempt < GENERATE_ATTEMPTS) continue;
      throw alreadyExists(resourceName(type), name);
    }
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
  if (!type.generation) delete metadata.generation;
  let object: KubeObject = { ...input, metadata };
  if (type.status && type.custom) delete object.status;
  if (type.schema) {
    object = type.schema.prune(object);
    type.schema.applyDefaults(object);
  }
  type.strategy.prepareCreate?.(object, core.strategyContext);
  fail(type, name, validate(type, object, undefined));
  options.admit?.({ operation: 'CREATE', object, dryRun: options.dryRun });
  if (options.dryRun) return object;
  return core.store.put(storageKey(type), object);
}

/** How a changed object relates to the stored one. */
export interface UpdateOptions extends WriteOptions {
  subresource: '' | 'status' | 'finalize';
  /** A full replacement of a custom resource must name the version it replaces. */
  requireVersion: boolean;
  /** Managed fields are already right (server-side apply). */
  keepManagedFields?: boolean;
}

/** Takes server-owned metadata from the stored object. */
function mergeMetadata(old: ObjectMeta, next: ObjectMeta): ObjectMeta {
  const metadata: ObjectMeta = { ...next, name: old.name };
  for (const field of ['namespace', 'uid', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'generation', 'generateName', 'resourceVersion'] as const) {
    if (old[field] === undefined) delete metadata[field];
    else Object.assign(metadata, { [field]: old[field] });
  }
  return metadata;
}

function checkIdentity(type: ResourceType, old: KubeObject, next: KubeObject, requireVersion: boolean): void {
  const { name, uid, resourceVersion } = old.metadata;
  if (next.metadata.name !== name) {
    throw badRequest(`the name of the object (${next.metadata.name}) does not match the name on the URL (${name})`);
  }
  const version = next.metadata.resourceVersion;
  if (requireVersion && (!version || version === '0')) {
    throw invalid(kindName(type), name, [{ field: 'metadata.resourceVersion', reason: 'FieldValueInvalid', text: 'Invalid value: 0x0: must be specified for an update' }]);
  }
  if (version && version !== '0' && version !== resourceVersion) throw conflict(resourceName(type), name);
  if (next.metadata.uid && next.metadata.uid !== uid) {
    throw conflict(resourceName(type), name, `Precondition failed: UID in precondition: ${next.metadata.uid}, UID in object meta: ${uid}`);
  }
}

/** The proposed object with the parts that this subresource may not change taken from the old one. */
function limitToSubresource(type: ResourceType, old: KubeObject, next: KubeObject, subresource: UpdateOptions['subresource']): KubeObject {
  if (subresource === 'status') {
    const limited: KubeObject = { ...old, metadata: { ...old.metadata } };
    if (next.metadata.managedFields) limited.metadata.managedFields = next.metadata.managedFields;
    if (next.status === undefined) delete limited.status;
    else limited.status = next.status;
    return limited;
  }
  if (subresource === 'finalize') return { ...old, spec: { ...(isObject(old.spec) ? old.spec : {}), finalizers: isObject(next.spec) ? next.spec.finalizers : [] } };
  const limited: KubeObject = { ...next, metadata: mergeMetadata(old.metadata, next.metadata) };
  if (!type.status) return limited;
  if (old.status === undefined) delete limited.status;
  else limited.status = old.status;
  return limited;
}

function finalizerErrors(old: KubeObject, next: KubeObject): FieldError[] {
  if (!old.metadata.deletionTimestamp) return [];
  const added = (next.metadata.finalizers ?? []).filter((finalizer) => !(old.metadata.finalizers ?? []).includes(finalizer));
  if (added.length === 0) return [];
  return [forbiddenField('metadata.finalizers', `no new finalizers can be added if the object is being deleted, found new finalizers []string{${added.map((name) => JSON.stringify(name)).join(', ')}}`)];
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
  checkIdentity(type, old, proposed, options.requireVersion);
  const name = old.metadata.name;
  let next = limitToSubresource(type, old, proposed, options.subresource);
  if (type.schema) {
    next = type.schema.prune(next);
    type.schema.applyDefaults(next);
  }
  if (options.subresource === '') type.strategy.prepareUpdate?.(next, old);
  if (!options.keepManagedFields) trackUpdate(type, old, next, options, formatTime(core.clock.now()));
  fail(type, name, [...finalizerErrors(old, next), ...validate(type, next, old)]);
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

