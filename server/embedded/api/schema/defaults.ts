/** Defaulting from a structural schema. */
import type { JsonObject } from '../types.ts';
import { cloneJson, isObject, setField } from '../object.ts';

/** Fills defaults into `value`, in place. A null where null is not allowed counts as absent. */
export function applyDefaults(schema: JsonObject | undefined, value: unknown): void {
  if (!schema) return;
  if (Array.isArray(value)) {
    if (isObject(schema.items)) for (const item of value) applyDefaults(schema.items, item);
    return;
  }
  if (!isObject(value)) return;
  const properties = isObject(schema.properties) ? schema.properties : {};
  for (const [field, child] of Object.entries(properties)) {
    if (!isObject(child)) continue;
    const current = Object.hasOwn(value, field) ? value[field] : undefined;
    const isNull = current === null && child.nullable !== true;
    if (child.default !== undefined && (current === undefined || isNull)) setField(value, field, cloneJson(child.default));
    else if (isNull) delete value[field];
    if (Object.hasOwn(value, field)) applyDefaults(child, value[field]);
  }
  if (!isObject(schema.additionalProperties)) return;
  for (const field of Object.keys(value)) if (!Object.hasOwn(properties, field)) applyDefaults(schema.additionalProperties, value[field]);
}
