/** Pruning: fields that a structural schema does not name are dropped. */
import type { JsonObject } from '../types.ts';
import { isObject, setField } from '../object.ts';

const ENVELOPE = ['apiVersion', 'kind', 'metadata'];

/** Copy of `value` without fields unknown to `schema`. At the root and in embedded resources apiVersion, kind and metadata stay. */
export function prune(schema: JsonObject | undefined, value: unknown, isRoot = false, preserve = false): unknown {
  const keep = preserve || schema?.['x-kubernetes-preserve-unknown-fields'] === true;
  if (Array.isArray(value)) {
    const items = isObject(schema?.items) ? schema.items : undefined;
    return value.map((item: unknown) => prune(items, item, false, items ? false : keep));
  }
  if (!isObject(value)) return value;
  const properties = isObject(schema?.properties) ? schema.properties : {};
  const additional = schema?.additionalProperties;
  const result: JsonObject = {};
  for (const field of Object.keys(value)) {
    const child = Object.hasOwn(properties, field) ? properties[field] : undefined;
    if ((isRoot || schema?.['x-kubernetes-embedded-resource'] === true) && ENVELOPE.includes(field)) setField(result, field, value[field]);
    else if (isObject(child)) setField(result, field, prune(child, value[field]));
    else if (isObject(additional)) setField(result, field, prune(additional, value[field]));
    else if (additional === true || keep) setField(result, field, prune(undefined, value[field], false, true));
  }
  return result;
}
