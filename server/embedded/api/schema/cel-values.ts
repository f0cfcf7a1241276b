/** JSON values as CEL sees them: integers as int, date-times as timestamp, field names escaped. */
import type { JsonObject } from '../types.ts';
import { isObject } from '../object.ts';

const RESERVED = new Set(['true', 'false', 'null', 'in', 'as', 'break', 'const', 'continue', 'else', 'for', 'function', 'if', 'import', 'let', 'loop', 'package', 'namespace', 'return', 'var', 'void', 'while']);

/** CEL name of a property, with the escapes of Kubernetes (`__dash__`, `__namespace__`, …). */
export function escapeField(field: string): string {
  if (RESERVED.has(field)) return `__${field}__`;
  return field.replaceAll('__', '__underscores__').replaceAll('.', '__dot__').replaceAll('-', '__dash__').replaceAll('/', '__slash__');
}

function scalar(schema: JsonObject | undefined, value: unknown): unknown {
  if (typeof value === 'number') {
    if (schema?.type === 'number') return value;
    return Number.isInteger(value) ? BigInt(value) : value;
  }
  if (typeof value === 'string' && (schema?.format === 'date-time' || schema?.format === 'date')) {
    const time = Date.parse(value);
    return Number.isNaN(time) ? value : new Date(time);
  }
  return value;
}

/** Converts a value for evaluation; `schema` tells int from double and names from map keys. */
export function toCel(schema: JsonObject | undefined, value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = isObject(schema?.items) ? schema.items : undefined;
    return value.map((item: unknown) => toCel(items, item));
  }
  if (!isObject(value)) return scalar(schema, value);
  const properties = isObject(schema?.properties) ? schema.properties : {};
  const additional = isObject(schema?.additionalProperties) ? schema.additionalProperties : undefined;
  // No prototype: `has(self.constructor)` must be false.
  const result = Object.create(null) as JsonObject;
  for (const field of Object.keys(value)) {
    const child = Object.hasOwn(properties, field) ? properties[field] : undefined;
    if (isObject(child)) result[escapeField(field)] = toCel(child, value[field]);
    else result[additional ? field : escapeField(field)] = toCel(additional, value[field]);
  }
  return result;
}
