/** JSON merge patch (RFC 7396), JSON patch (RFC 6902) and strategic merge patch. All are pure: they give a new value. */
import type { JsonObject } from './types.ts';
import { ApiError, badRequest } from './status.ts';
import { cloneJson, deepEqual, getField, isObject, setField } from './object.ts';

/** Applies a JSON merge patch: null removes, objects merge, everything else replaces. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return cloneJson(patch);
  const result: JsonObject = isObject(target) ? { ...target } : {};
  for (const field of Object.keys(patch)) {
    const value = getField(patch, field);
    if (value === null) delete result[field];
    else setField(result, field, mergePatch(getField(result, field), value));
  }
  return result;
}

interface Operation {
  op: string;
  path: string;
  from?: string;
  value?: unknown;
}

/** The real server does not say what is wrong with an operation either. */
function failed(): ApiError {
  return new ApiError(422, 'Invalid', 'the server rejected our request due to an error in our request', {});
}

function pointer(text: string): string[] {
  if (text === '') return [];
  if (!text.startsWith('/')) throw failed();
  return text.slice(1).split('/').map((part) => part.replace(/~1/g, '/').replace(/~0/g, '~'));
}

function indexIn(list: readonly unknown[], token: string, insert: boolean): number {
  if (token === '-' && insert) return list.length;
  if (!/^(0|[1-9]\d*)$/.test(token)) throw failed();
  const index = Number(token);
  if (index > list.length - (insert ? 0 : 1)) throw failed();
  return index;
}

function read(document: unknown, path: readonly string[]): unknown {
  let current = document;
  for (const token of path) {
    if (Array.isArray(current)) current = current[indexIn(current, token, false)];
    else if (isObject(current) && Object.hasOwn(current, token)) current = getField(current, token);
    else throw failed();
  }
  return current;
}

/** Copy of `document` in which the container at the parent of `path` was changed by `change`. */
function changeAt(document: unknown, path: readonly string[], change: (container: unknown[] | JsonObject, token: string) => void): unknown {
  const copy = cloneJson(document);
  const container = read(copy, path.slice(0, -1));
  if (!Array.isArray(container) && !isObject(container)) throw failed();
  change(container, path[path.length - 1] as string);
  return copy;
}

function add(document: unknown, path: readonly string[], value: unknown): unknown {
  if (path.length === 0) return cloneJson(value);
  return changeAt(document, path, (container, token) => {
    if (Array.isArray(container)) container.splice(indexIn(container, token, true), 0, cloneJson(value));
    else setField(container, token, cloneJson(value));
  });
}

function remove(document: unknown, path: readonly string[]): unknown {
  read(document, path);
  if (path.length === 0) return undefined;
  return changeAt(document, path, (container, token) => {
    if (Array.isArray(container)) container.splice(indexIn(container, token, false), 1);
    else delete container[token];
  });
}

function applyOperation(document: unknown, operation: Operation): unknown {
  const path = pointer(operation.path);
  const from = (): string[] => pointer(operation.from ?? '');
  switch (operation.op) {
    case 'add': return add(document, path, operation.value);
    case 'remove': return remove(document, path);
    case 'replace':
      // What is not there is added: so does the library that the real server uses.
      return path.length === 0 ? cloneJson(operation.value) : changeAt(document, path, (container, token) => {
        if (Array.isArray(container)) container[indexIn(container, token, false)] = cloneJson(operation.value);
        else setField(container, token, cloneJson(operation.value));
      });
    case 'move': {
      const value = read(document, from());
      return add(remove(document, from()), path, value);
    }
    case 'copy': return add(document, path, read(document, from()));
    case 'test': {
      if (deepEqual(read(document, path), operation.value)) return document;
      throw failed();
    }
    default: throw failed();
  }
}

/** Applies a JSON patch. Throws 400 for a malformed patch, 422 where an operation does not apply; then nothing is changed. */
export function jsonPatch(target: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw badRequest('error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp');
  let document = target;
  for (const operation of patch) {
    if (!isObject(operation) || typeof operation.op !== 'string' || typeof operation.path !== 'string') throw badRequest('error decoding patch: each operation needs op and path');
    document = applyOperation(document, operation as unknown as Operation);
  }
  return document;
}

/** Merge keys of the lists that built-in types merge by key; lists that are not here are replaced. */
const MERGE_KEYS: Readonly<Record<string, string>> = {
  containers: 'name', initContainers: 'name', ephemeralContainers: 'name', volumes: 'name', env: 'name', imagePullSecrets: 'name',
  volumeMounts: 'mountPath', volumeDevices: 'devicePath', ownerReferences: 'uid', conditions: 'type', ports: 'containerPort', addresses: 'type', secrets: 'name',
};
const PRIMITIVE_SETS = new Set(['finalizers']);
const DIRECTIVE = '$patch';

/** The key by which a built-in list named `field` is merged; undefined for an atomic list. */
export function mergeKeyOf(field: string): string | undefined {
  return MERGE_KEYS[field];
}

function isDirective(field: string): boolean {
  return field === DIRECTIVE || field === '$retainKeys' || field.startsWith('$deleteFromPrimitiveList/') || field.startsWith('$setElementOrder/');
}

function mergeList(target: readonly unknown[], patch: readonly unknown[], key: string): unknown[] {
  if (patch.some((item) => isObject(item) && item[DIRECTIVE] === 'replace')) return cloneJson(patch.filter((item) => !isObject(item) || item[DIRECTIVE] === undefined));
  let result = [...target];
  for (const item of patch) {
    if (!isObject(item)) throw badRequest(`strategic merge patch: expected an object with merge key ${JSON.stringify(key)}`);
    const value = item[key];
    if (value === undefined) throw badRequest(`map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`);
    const index = result.findIndex((known) => isObject(known) && known[key] === value);
    if (item[DIRECTIVE] === 'delete') result = result.filter((_known, position) => position !== index);
    else if (index < 0) result.push(strategicPatch({}, item));
    else result[index] = strategicPatch(result[index], item);
  }
  return result;
}

/** Applies a strategic merge patch with the merge keys of built-in types, `$patch: delete|replace`, `$retainKeys` and `$deleteFromPrimitiveList`. */
export function strategicPatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return cloneJson(patch);
  if (patch[DIRECTIVE] === 'replace') return cloneJson(Object.fromEntries(Object.entries(patch).filter(([field]) => field !== DIRECTIVE)));
  if (patch[DIRECTIVE] === 'delete') return {};
  let result: JsonObject = isObject(target) ? { ...target } : {};
  const retain = patch.$retainKeys;
  if (Array.isArray(retain)) result = Object.fromEntries(Object.entries(result).filter(([field]) => retain.includes(field)));
  for (const field of Object.keys(patch)) {
    const value = getField(patch, field);
    if (field.startsWith('$deleteFromPrimitiveList/') && Array.isArray(value)) {
      const list = field.slice('$deleteFromPrimitiveList/'.length);
      const current = getField(result, list);
      if (Array.isArray(current)) setField(result, list, current.filter((item) => !value.includes(item)));
    }
    if (isDirective(field)) continue;
    const current = getField(result, field);
    const key = mergeKeyOf(field);
    if (value === null) delete result[field];
    else if (Array.isArray(value) && key && value.every(isObject)) setField(result, field, mergeList(Array.isArray(current) ? current : [], value, key));
    else if (Array.isArray(value) && PRIMITIVE_SETS.has(field)) setField(result, field, [...new Set<unknown>([...value as unknown[], ...(Array.isArray(current) ? current as unknown[] : [])])]);
    else setField(result, field, strategicPatch(current, value));
  }
  return result;
}
