/** Pruning: fields that a structural schema does not name are dropped. */
import type { JsonObject } from '../types.ts';
import { isObject, setField } from '../object.ts';

const ENVELOPE = ['apiVersion', 'kind', 'metadata'];

/** Copy of `value` without fields unknown to `schema`. At the root and in embedded resources apiVersion, kind and metadata stay. */
export function prune(schema: JsonObject | undefined, value: unknown, isRoot = false): unknown {
  return walk({ schema, value, isRoot, preserve: false, at: '' }, () => undefined);
}

/** Paths of the fields that pruning would drop, e.g. `spec.parts[0].junk`. */
export function unknownFields(schema: JsonObject, value: unknown): string[] {
  const found: string[] = [];
  walk({ schema, value, isRoot: true, preserve: false, at: '' }, (path) => found.push(path));
  return found.sort();
}

interface Position {
  schema: JsonObject | undefined;
  value: unknown;
  isRoot: boolean;
  /** Inside a value whose unknown fields are kept. */
  preserve: boolean;
  at: string;
}

function walk({ schema, value, isRoot, preserve, at }: Position, drop: (path: string) => void): unknown {
  const keep = preserve || schema?.['x-kubernetes-preserve-unknown-fields'] === true;
  if (Array.isArray(value)) {
    const items = isObject(schema?.items) ? schema.items : undefined;
    return value.map((item: unknown, index) => walk({ schema: items, value: item, isRoot: false, preserve: items ? false : keep, at: `${at}[${index}]` }, drop));
  }
  if (!isObject(value)) return value;
  const properties = isObject(schema?.properties) ? schema.properties : {};
  const additional = schema?.additionalProperties;
  const result: JsonObject = {};
  for (const field of Object.keys(value)) {
    const child = Object.hasOwn(properties, field) ? properties[field] : undefined;
    const path = at === '' ? field : `${at}.${field}`;
    const below = (next: JsonObject | undefined, kept: boolean): unknown => walk({ schema: next, value: value[field], isRoot: false, preserve: kept, at: path }, drop);
    if ((isRoot || schema?.['x-kubernetes-embedded-resource'] === true) && ENVELOPE.includes(field)) setField(result, field, value[field]);
    else if (isObject(child)) setField(result, field, below(child, false));
    else if (isObject(additional)) setField(result, field, below(additional, false));
    else if (additional === true || keep) setField(result, field, below(undefined, true));
    else drop(path);
  }
  return result;
}
