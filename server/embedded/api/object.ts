/** Small helpers on plain JSON values. */
import type { JsonObject, KubeObject } from './types.ts';

/** True for an object that is neither null nor an array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Deep copy of a JSON value; faster than structuredClone for plain data. */
export function cloneJson<T>(value: T): T {
  if (Array.isArray(value)) return value.map((item: unknown) => cloneJson(item)) as T;
  if (!isObject(value)) return value;
  const copy: JsonObject = {};
  for (const field of Object.keys(value)) setField(copy, field, cloneJson(value[field]));
  return copy as T;
}

/** Sets an own property even for `__proto__`, so that hostile JSON can't reach prototypes. */
export function setField(target: JsonObject, field: string, value: unknown): void {
  if (field === '__proto__') Object.defineProperty(target, field, { value, enumerable: true, configurable: true, writable: true });
  else target[field] = value;
}

/** Own property or undefined: never an inherited one such as `constructor`. */
export function getField(target: JsonObject, field: string): unknown {
  return Object.hasOwn(target, field) ? target[field] : undefined;
}

/** Value at a path of fields, undefined where something on the way is no object. */
export function getPath(value: unknown, path: readonly string[]): unknown {
  let current = value;
  for (const field of path) {
    if (!isObject(current)) return undefined;
    current = getField(current, field);
  }
  return current;
}

/** Deep equality of JSON values; the order of fields does not matter, fields that are undefined count as absent. */
export function deepEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, index) => deepEqual(item, b[index]));
  if (!isObject(a) || !isObject(b)) return false;
  const fieldsA = Object.keys(a).filter((field) => a[field] !== undefined);
  const fieldsB = Object.keys(b).filter((field) => b[field] !== undefined);
  return fieldsA.length === fieldsB.length && fieldsA.every((field) => Object.hasOwn(b, field) && deepEqual(a[field], b[field]));
}

/** Copy of an object without the named fields. */
export function omit(value: JsonObject, fields: readonly string[]): JsonObject {
  const copy: JsonObject = {};
  for (const field of Object.keys(value)) if (!fields.includes(field)) setField(copy, field, value[field]);
  return copy;
}

/** Storage key of an object in its resource: `namespace/name`, or `name` for cluster scope. */
export function objectKey(namespace: string | undefined, name: string): string {
  return namespace ? `${namespace}/${name}` : name;
}

/** Storage key of a stored object. */
export function keyOf(object: KubeObject): string {
  return objectKey(object.metadata.namespace, object.metadata.name);
}

/** RFC 3339 in seconds, as Kubernetes writes times. */
export function formatTime(milliseconds: number): string {
  return `${new Date(Math.floor(milliseconds / 1000) * 1000).toISOString().slice(0, 19)}Z`;
}

/** Splits `group/version`; the core group is ''. */
export function splitApiVersion(apiVersion: string): { group: string; version: string } {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? { group: '', version: apiVersion } : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}

/** Joins group and version as in `apiVersion`. */
export function joinApiVersion(group: string, version: string): string {
  return group === '' ? version : `${group}/${version}`;
}
