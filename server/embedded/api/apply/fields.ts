/**
 * Sets of field paths. In memory a path is its FieldsV1 segments (`f:spec`, `k:{"name":"a"}`, `v:"x"`) joined by NUL;
 * on the wire it is the FieldsV1 tree.
 */
import type { JsonObject } from '../types.ts';
import type { KubeObject } from '../types.ts';
import type { ResourceType } from '../resource-type.ts';
import { deepEqual, isObject } from '../object.ts';
import { mergeKeyOf } from '../patch.ts';

const SEPARATOR = '\u0000';

/** Field paths of an object. */
export type PathSet = Set<string>;

/** How a list is merged: as one value, by the value of key fields, or as a set of scalars. */
export type ListKind = { kind: 'atomic' } | { kind: 'map'; keys: readonly string[] } | { kind: 'set' };

/** Schema node for the value of a field, where the type has a schema. */
export function childSchema(schema: JsonObject | undefined, field: string): JsonObject | undefined {
  if (!schema) return undefined;
  const properties = schema.properties;
  if (isObject(properties) && isObject(properties[field])) return properties[field];
  return isObject(schema.additionalProperties) ? schema.additionalProperties : undefined;
}

/** Schema of a list's items. */
export function itemSchema(schema: JsonObject | undefined): JsonObject | undefined {
  return isObject(schema?.items) ? schema.items : undefined;
}

/** The merge rule of a list field: from the schema, for metadata and built-in types from the known merge keys. */
export function listKind(field: string, schema: JsonObject | undefined, builtin: boolean): ListKind {
  const declared = schema?.['x-kubernetes-list-type'];
  if (declared === 'set') return { kind: 'set' };
  if (declared === 'map' && Array.isArray(schema?.['x-kubernetes-list-map-keys'])) return { kind: 'map', keys: schema['x-kubernetes-list-map-keys'].map(String) };
  if (field === 'finalizers') return { kind: 'set' };
  const key = builtin || field === 'ownerReferences' ? mergeKeyOf(field) : undefined;
  return key ? { kind: 'map', keys: [key] } : { kind: 'atomic' };
}

/** FieldsV1 segment of an item of a keyed list. */
export function itemSegment(item: unknown, kind: ListKind): string {
  if (kind.kind === 'set') return `v:${JSON.stringify(item)}`;
  const keys = kind.kind === 'map' && isObject(item) ? Object.fromEntries([...kind.keys].sort().filter((key) => item[key] !== undefined).map((key) => [key, item[key]])) : {};
  return `k:${JSON.stringify(keys)}`;
}

const SYSTEM_FIELDS = new Set(['apiVersion', 'kind']);
const SYSTEM_METADATA = new Set([
  'name', 'namespace', 'uid', 'resourceVersion', 'generation', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'managedFields', 'generateName',
]);

/** Visits every owned leaf of an object: scalars, atomic lists, empty objects; items of keyed lists are leaves too. */
export function leaves(type: ResourceType, object: KubeObject): Map<string, unknown> {
  const found = new Map<string, unknown>();
  const builtin = !type.custom;
  const visit = (value: unknown, field: string, schema: JsonObject | undefined, path: string): void => {
    if (Array.isArray(value)) {
      const kind = listKind(field, schema, builtin);
      if (kind.kind === 'atomic') found.set(path, value);
      else {
        for (const item of value) {
          const at = path + SEPARATOR + itemSegment(item, kind);
          found.set(at, kind.kind === 'set' ? item : {});
          if (kind.kind === 'map') visit(item, '', itemSchema(schema), at);
        }
      }
      return;
    }
    if (!isObject(value) || schema?.['x-kubernetes-map-type'] === 'atomic') {
      found.set(path, value);
      return;
    }
    const fields = Object.keys(value);
    if (fields.length === 0) found.set(path, value);
    for (const name of fields) visit(value[name], name, childSchema(schema, name), `${path}${SEPARATOR}f:${name}`);
  };
  for (const field of Object.keys(object)) {
    if (SYSTEM_FIELDS.has(field)) continue;
    if (field !== 'metadata') {
      visit(object[field], field, childSchema(type.schema?.openApi, field), `f:${field}`);
      continue;
    }
    const metadata = object.metadata as unknown as JsonObject;
    for (const name of Object.keys(metadata)) if (!SYSTEM_METADATA.has(name)) visit(metadata[name], name, undefined, `f:metadata${SEPARATOR}f:${name}`);
  }
  return found;
}

/** Paths whose value was set or changed, and paths that are gone. */
export function changedPaths(type: ResourceType, old: KubeObject, next: KubeObject): { set: PathSet; removed: PathSet } {
  const before = leaves(type, old);
  const after = leaves(type, next);
  const set: PathSet = new Set();
  const removed: PathSet = new Set();
  for (const [path, value] of after) if (!before.has(path) || !deepEqual(before.get(path), value)) set.add(path);
  for (const path of before.keys()) if (!after.has(path)) removed.add(path);
  return { set, removed };
}

/** FieldsV1 tree → paths. */
export function fromManaged(tree: JsonObject): PathSet {
  const paths: PathSet = new Set();
  const visit = (node: JsonObject, path: string): void => {
    const segments = Object.keys(node);
    if (path !== '' && (segments.length === 0 || '.' in node)) paths.add(path);
    for (const segment of segments) {
      const child = node[segment];
      if (segment !== '.' && isObject(child)) visit(child, path === '' ? segment : path + SEPARATOR + segment);
    }
  };
  visit(tree, '');
  return paths;
}

/** Paths → FieldsV1 tree. */
export function toManaged(paths: PathSet): JsonObject {
  const tree: JsonObject = {};
  for (const path of [...paths].sort()) {
    let node = tree;
    for (const segment of path.split(SEPARATOR)) {
      node[segment] ??= {};
      node = node[segment] as JsonObject;
    }
  }
  for (const path of paths) {
    let node: JsonObject = tree;
    for (const segment of path.split(SEPARATOR)) node = node[segment] as JsonObject;
    if (Object.keys(node).length > 0) node['.'] = {};
  }
  return tree;
}

/** A path as error texts show it: `.spec.items[name="a"].value`. */
export function showPath(path: string): string {
  return path.split(SEPARATOR).map((segment) => {
    if (segment.startsWith('f:')) return `.${segment.slice(2)}`;
    if (segment.startsWith('v:')) return `[=${segment.slice(2)}]`;
    const keys = JSON.parse(segment.slice(2)) as Record<string, unknown>;
    return `[${Object.entries(keys).map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}]`;
  }).join('');
}
