/** What an update may change: who the object is stays, and a subresource touches only its own part. */
import type { KubeObject, ObjectMeta } from './types.ts';
import type { ResourceType } from './resource-type.ts';
import { type ApiError, badRequest, conflict, forbiddenField, invalid, type FieldError, type GroupName } from './status.ts';
import { isObject, objectKey } from './object.ts';

/** `status` and `finalize` are written through paths of their own. */
export type WritableSubresource = '' | 'status' | 'finalize';

/** Group and plural, for errors about an instance. */
export function resourceName(type: ResourceType): GroupName {
  return { group: type.group, name: type.plural };
}

/** Group and kind, for validation errors. */
export function kindName(type: ResourceType): GroupName {
  return { group: type.group, name: type.kind };
}

const OWNED_BY_SERVER = ['namespace', 'uid', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'generation', 'generateName', 'resourceVersion'] as const;

/** Takes server-owned metadata from the stored object. */
function mergeMetadata(old: ObjectMeta, next: ObjectMeta): ObjectMeta {
  const metadata: ObjectMeta = { ...next, name: old.name };
  for (const field of OWNED_BY_SERVER) {
    if (old[field] === undefined) delete metadata[field];
    else Object.assign(metadata, { [field]: old[field] });
  }
  return metadata;
}

/** How etcd's layer words a UID that is another object's. */
function storageConflict(type: ResourceType, old: KubeObject, uid: string): ApiError {
  const key = `/registry/${type.group ? `${type.group}/` : ''}${type.plural}/${objectKey(old.metadata.namespace, old.metadata.name)}`;
  return conflict(resourceName(type), old.metadata.name, `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid}`);
}

/** How a write is sent. */
export interface IdentityRules {
  /** A full replacement of a custom resource must name the version it replaces. */
  requireVersion: boolean;
  /** A patch is compared with the object that it was made from, a replacement with the stored one. */
  patch: boolean;
}

/** Refuses a write of another object, or of an outdated state of this one. Throws 400, 409 and 422. */
export function checkIdentity(type: ResourceType, old: KubeObject, next: KubeObject, { requireVersion, patch }: IdentityRules): void {
  const { name, uid, resourceVersion } = old.metadata;
  if (next.metadata.name !== name) {
    throw badRequest(`the name of the object (${next.metadata.name}) does not match the name on the URL (${name})`);
  }
  const version = next.metadata.resourceVersion;
  if (requireVersion && (!version || version === '0')) {
    throw invalid(resourceName(type), name, [{ field: 'metadata.resourceVersion', reason: 'FieldValueInvalid', text: 'Invalid value: 0x0: must be specified for an update' }]);
  }
  if (!patch && next.metadata.uid && next.metadata.uid !== uid) throw storageConflict(type, old, next.metadata.uid);
  if (version && version !== '0' && version !== resourceVersion) throw conflict(resourceName(type), name);
}

/** Errors for server-owned fields that the proposed object changes. */
export function identityErrors(old: KubeObject, proposed: KubeObject): FieldError[] {
  const { uid, deletionTimestamp } = proposed.metadata;
  const errors: FieldError[] = [];
  if (uid && uid !== old.metadata.uid) errors.push({ field: 'metadata.uid', reason: 'FieldValueInvalid', text: `Invalid value: ${JSON.stringify(uid)}: field is immutable` });
  if (deletionTimestamp && deletionTimestamp !== old.metadata.deletionTimestamp) {
    // Go prints a time, not JSON.
    errors.push({ field: 'metadata.deletionTimestamp', reason: 'FieldValueInvalid', text: `Invalid value: ${deletionTimestamp.replace('T', ' ').replace('Z', '')} +0000 UTC: field is immutable` });
  }
  return errors;
}

/** The proposed object with the parts that this subresource may not change taken from the old one. */
export function limitToSubresource(type: ResourceType, old: KubeObject, next: KubeObject, subresource: WritableSubresource): KubeObject {
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

/** An object that is being deleted takes no new finalizers. */
export function finalizerErrors(old: KubeObject, next: KubeObject): FieldError[] {
  if (!old.metadata.deletionTimestamp) return [];
  const added = (next.metadata.finalizers ?? []).filter((finalizer) => !(old.metadata.finalizers ?? []).includes(finalizer));
  if (added.length === 0) return [];
  return [forbiddenField('metadata.finalizers', `no new finalizers can be added if the object is being deleted, found new finalizers []string{${added.map((name) => JSON.stringify(name)).join(', ')}}`)];
}
