/** Server-side apply: the applied fields become the manager's; fields it applied before and no one else owns go away. */
import type { Core } from '../core.ts';
import type { KubeObject, ManagedFieldsEntry } from '../types.ts';
import type { ResourceType } from '../resource-type.ts';
import type { PathSet } from './fields.ts';
import type { UpdateOptions } from '../write.ts';
import { ApiError, badRequest, notFound } from '../status.ts';
import { checkManager } from '../options.ts';
import { resourceName } from '../identity.ts';
import { createObject, updateObject } from '../write.ts';
import { deepEqual, formatTime, isObject, joinApiVersion, objectKey } from '../object.ts';
import { fromManaged, leaves, showPath, toManaged } from './fields.ts';
import { mergeApplied, removePaths } from './merge.ts';
import { readObject } from '../intake.ts';
import { sortManaged } from './track.ts';
import { storageKey } from '../resource-type.ts';

/** An apply request. */
export interface ApplyRequest {
  namespace: string | undefined;
  name: string;
  body: unknown;
  manager: string;
  force: boolean;
  options: UpdateOptions;
}

function conflictError(conflicts: ReadonlyMap<string, ManagedFieldsEntry>): ApiError {
  const causes = [...conflicts].map(([path, entry]) => ({
    reason: 'FieldManagerConflict', field: showPath(path),
    message: `conflict with ${JSON.stringify(entry.manager)}${entry.subresource ? ` with subresource ${JSON.stringify(entry.subresource)}` : ''}${entry.operation === 'Update' ? ` using ${entry.apiVersion}` : ''}`,
  }));
  const list = causes.map((cause) => `${cause.message}: ${cause.field}`);
  const text = list.length === 1 ? `Apply failed with 1 conflict: ${String(list[0])}` : `Apply failed with ${list.length} conflicts: ${list.map((line) => `\n- ${line}`).join('')}`;
  return new ApiError(409, 'Conflict', text, { causes });
}

/** Managed fields before this apply; an object that was never applied belongs to its earlier writers as a whole. */
function entriesOf(type: ResourceType, old: KubeObject): ManagedFieldsEntry[] {
  if (old.metadata.managedFields) return old.metadata.managedFields;
  return [{
    manager: 'before-first-apply', operation: 'Update', apiVersion: old.apiVersion, time: old.metadata.creationTimestamp ?? '',
    fieldsType: 'FieldsV1', fieldsV1: toManaged(new Set(leaves(type, old).keys())),
  }];
}

function isOwn(entry: ManagedFieldsEntry, request: ApplyRequest): boolean {
  return entry.operation === 'Apply' && entry.manager === request.manager && (entry.subresource ?? '') === request.options.subresource;
}

function findConflicts(others: readonly ManagedFieldsEntry[], applied: ReadonlyMap<string, unknown>, live: ReadonlyMap<string, unknown>): Map<string, ManagedFieldsEntry> {
  const conflicts = new Map<string, ManagedFieldsEntry>();
  for (const entry of others) {
    for (const path of fromManaged(entry.fieldsV1)) {
      if (applied.has(path) && live.has(path) && !deepEqual(applied.get(path), live.get(path))) conflicts.set(path, entry);
    }
  }
  return conflicts;
}

function ownEntry(request: ApplyRequest, apiVersion: string, paths: PathSet, time: string): ManagedFieldsEntry {
  return {
    manager: request.manager, operation: 'Apply', apiVersion, time, fieldsType: 'FieldsV1', fieldsV1: toManaged(paths),
    ...(request.options.subresource ? { subresource: request.options.subresource } : {}),
  };
}

function readApplied(type: ResourceType, request: ApplyRequest): KubeObject {
  checkManager(request.manager);
  const { kind, apiVersion } = isObject(request.body) ? request.body : {};
  if (!kind || !apiVersion) throw badRequest(`invalid object type: ${apiVersion ? String(apiVersion) : '/'}, Kind=${kind ? String(kind) : ''}`);
  const applied = readObject(type, request.body);
  const [unknown] = type.schema?.unknownFields(applied) ?? [];
  if (unknown) throw new ApiError(500, '', `failed to create typed patch object (${applied.metadata.namespace ?? ''}/${request.name}; ${String(apiVersion)}, Kind=${type.kind}): .${unknown}: field not declared in schema`);
  if (applied.metadata.managedFields) throw badRequest('metadata.managedFields must be nil');
  if (applied.metadata.name && applied.metadata.name !== request.name) throw badRequest(`the name of the object (${applied.metadata.name}) does not match the name on the URL (${request.name})`);
  applied.metadata.name = request.name;
  return applied;
}

/** Applies; creates the object when it is not there. Throws 409 with the conflicts unless `force`. */
export function apply(core: Core, type: ResourceType, request: ApplyRequest): { object: KubeObject; created: boolean } {
  const applied = readApplied(type, request);
  const { options } = request;
  const time = formatTime(core.clock.now());
  const shown = joinApiVersion(type.group, type.version);
  const appliedLeaves = leaves(type, applied);
  const old = core.store.get(storageKey(type), objectKey(type.namespaced ? request.namespace : undefined, request.name));
  if (!old) {
    if (options.subresource) throw notFound(resourceName(type), request.name);
    applied.metadata.managedFields = [ownEntry(request, shown, new Set(appliedLeaves.keys()), time)];
    return { object: createObject(core, type, applied, request.namespace, options), created: true };
  }
  const entries = entriesOf(type, old);
  const others = entries.filter((entry) => !isOwn(entry, request));
  const conflicts = findConflicts(others, appliedLeaves, leaves(type, old));
  if (conflicts.size > 0 && !request.force) throw conflictError(conflicts);
  const keptOthers = others.flatMap((entry) => {
    const paths = fromManaged(entry.fieldsV1);
    for (const path of conflicts.keys()) paths.delete(path);
    return paths.size === 0 ? [] : [{ ...entry, fieldsV1: toManaged(paths) }];
  });
  const merged = mergeApplied(type, old, applied);
  const pruned = removePaths(type, merged, givenUp(entries, keptOthers, request, new Set(appliedLeaves.keys())));
  const previous = entries.find((entry) => isOwn(entry, request));
  const mine = ownEntry(request, shown, new Set(appliedLeaves.keys()), time);
  // Applying the same again must store nothing, so an unchanged entry keeps its time.
  const own = previous && deepEqual(previous.fieldsV1, mine.fieldsV1) && deepEqual({ ...pruned, metadata: { ...pruned.metadata, managedFields: old.metadata.managedFields } }, old) ? previous : mine;
  // A manager that applies nothing any more is none.
  const managedFields = sortManaged(appliedLeaves.size === 0 ? keptOthers : [...keptOthers, own]);
  pruned.metadata = { ...pruned.metadata, managedFields };
  if (managedFields.length === 0) delete pruned.metadata.managedFields;
  if (applied.metadata.resourceVersion) pruned.metadata.resourceVersion = applied.metadata.resourceVersion;
  return { object: updateObject(core, type, old, pruned, { ...options, keepManagedFields: true }), created: false };
}

/** Paths that this manager applied before, does not any more, and nobody else owns. */
function givenUp(entries: readonly ManagedFieldsEntry[], others: readonly ManagedFieldsEntry[], request: ApplyRequest, applied: PathSet): PathSet {
  const own = entries.find((entry) => isOwn(entry, request));
  const owned = new Set(others.flatMap((entry) => [...fromManaged(entry.fieldsV1)]));
  return new Set(own ? [...fromManaged(own.fieldsV1)].filter((path) => !applied.has(path) && !owned.has(path)) : []);
}
