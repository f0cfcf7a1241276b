/** Merging an applied configuration into the live object, and taking paths out of it. */
import type { JsonObject, KubeObject } from '../types.ts';
import type { ResourceType } from '../resource-type.ts';
import type { PathSet } from './fields.ts';
import { childSchema, itemSchema, itemSegment, listKind } from './fields.ts';
import { cloneJson, isObject, setField } from '../object.ts';

const ENVELOPE = new Set(['apiVersion', 'kind', 'metadata']);
const METADATA = ['labels', 'annotations', 'finalizers', 'ownerReferences'] as const;

function mergeValue(field: string, live: unknown, applied: unknown, schema: JsonObject | undefined, builtin: boolean): unknown {
  if (Array.isArray(applied)) {
    const kind = listKind(field, schema, builtin);
    if (kind.kind === 'atomic' || !Array.isArray(live)) return cloneJson(applied);
    const result: unknown[] = [...live as unknown[]];
    for (const item of applied) {
      const segment = itemSegment(item, kind);
      const index = result.findIndex((known) => itemSegment(known, kind) === segment);
      if (index < 0) result.push(cloneJson(item));
      else result[index] = mergeValue('', result[index], item, itemSchema(schema), builtin);
    }
    return result;
  }
  if (!isObject(applied) || schema?.['x-kubernetes-map-type'] === 'atomic') return cloneJson(applied);
  const result: JsonObject = isObject(live) ? { ...live } : {};
  for (const name of Object.keys(applied)) setField(result, name, mergeValue(name, result[name], applied[name], childSchema(schema, name), builtin));
  return result;
}

/** The live object with every applied field set; a copy. */
export function mergeApplied(type: ResourceType, live: KubeObject, applied: KubeObject): KubeObject {
  const result: KubeObject = { ...cloneJson(live) };
  for (const field of Object.keys(applied)) {
    if (!ENVELOPE.has(field)) result[field] = mergeValue(field, result[field], applied[field], childSchema(type.schema?.openApi, field), !type.custom);
  }
  for (const field of METADATA) {
    const value = applied.metadata[field];
    if (value !== undefined) Object.assign(result.metadata, { [field]: mergeValue(field, result.metadata[field], value, undefined, !type.custom) });
  }
  return result;
}

function walk(value: unknown, field: string, schema: JsonObject | undefined, builtin: boolean, path: string, gone: PathSet): unknown {
  if (Array.isArray(value)) {
    const kind = listKind(field, schema, builtin);
    if (kind.kind === 'atomic') return value;
    return value.flatMap((item: unknown): unknown[] => {
      const at = `${path}\u0000${itemSegment(item, kind)}`;
      return gone.has(at) ? [] : [kind.kind === 'map' ? walk(item, '', itemSchema(schema), builtin, at, gone) : item];
    });
  }
  if (!isObject(value)) return value;
  const result: JsonObject = {};
  for (const name of Object.keys(value)) {
    const at = path === '' ? `f:${name}` : `${path}\u0000f:${name}`;
    if (gone.has(at)) continue;
    const before = value[name];
    const after = walk(before, name, childSchema(schema, name), builtin, at, gone);
    // A container goes with the last field that was taken out of it.
    const emptied = isObject(after) ? Object.keys(after).length === 0 && Object.keys(before as JsonObject).length > 0 : Array.isArray(after) && after.length === 0 && (before as unknown[]).length > 0;
    if (!emptied) setField(result, name, after);
  }
  return result;
}

/** A copy of the object without the given paths. */
export function removePaths(type: ResourceType, object: KubeObject, gone: PathSet): KubeObject {
  if (gone.size === 0) return object;
  return walk(object, '', type.schema?.openApi, !type.custom, '', gone) as KubeObject;
}
