/** From a request body to an object with clean metadata. */
import type { JsonObject, KubeObject, ObjectMeta } from './types.ts';
import type { ResourceType } from './resource-type.ts';
import { badRequest, invalid, invalidValue } from './status.ts';
import { cloneJson, isObject, joinApiVersion } from './object.ts';

const STRINGS = ['name', 'generateName', 'namespace', 'uid', 'resourceVersion', 'creationTimestamp', 'deletionTimestamp'] as const;
const NUMBERS = ['generation', 'deletionGracePeriodSeconds'] as const;
const STRING_MAPS = ['labels', 'annotations'] as const;

function jsonType(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

function decodeError(type: ResourceType, field: string, value: unknown, goType: string): Error {
  return badRequest(`${type.kind} in version ${JSON.stringify(type.version)} cannot be handled as a ${type.kind}: json: cannot unmarshal ${jsonType(value)} into Go struct field ObjectMeta.${type.custom ? '' : 'metadata.'}${field} of type ${goType}`);
}

/** Known metadata fields with the right types; others are dropped as the typed struct in the real server does. */
function readMetadata(type: ResourceType, source: JsonObject): ObjectMeta {
  const metadata: JsonObject = {};
  for (const field of STRINGS) {
    const value = source[field];
    if (value === undefined || value === null || value === '') continue;
    if (typeof value !== 'string') throw decodeError(type, field, value, 'string');
    metadata[field] = value;
  }
  for (const field of NUMBERS) {
    const value = source[field];
    if (value === undefined || value === null) continue;
    if (typeof value !== 'number') throw decodeError(type, field, value, 'int64');
    metadata[field] = value;
  }
  for (const field of STRING_MAPS) {
    const value = source[field];
    if (value === undefined || value === null) continue;
    if (!isObject(value)) throw decodeError(type, field, value, 'map[string]string');
    const map: JsonObject = {};
    for (const [key, text] of Object.entries(value)) {
      if (text === null) map[key] = '';
      else if (typeof text !== 'string') throw decodeError(type, field, text, 'string');
      else map[key] = text;
    }
    if (Object.keys(map).length > 0) metadata[field] = map;
  }
  readList(type, source, metadata, 'finalizers', (item) => typeof item === 'string', '[]string');
  readList(type, source, metadata, 'ownerReferences', isObject, '[]v1.OwnerReference');
  readList(type, source, metadata, 'managedFields', isObject, '[]v1.ManagedFieldsEntry');
  return { name: '', ...metadata };
}

function readList(type: ResourceType, source: JsonObject, metadata: JsonObject, field: string, accepts: (item: unknown) => boolean, goType: string): void {
  const value = source[field];
  if (value === undefined || value === null) return;
  if (!Array.isArray(value) || !value.every(accepts)) throw decodeError(type, field, value, goType);
  if (value.length > 0) metadata[field] = cloneJson(value);
}

const METADATA = new Set<string>([...STRINGS, ...NUMBERS, ...STRING_MAPS, 'selfLink', 'finalizers', 'ownerReferences', 'managedFields']);

/** Paths of the fields of metadata that no object has. */
export function unknownMetadata(body: unknown): string[] {
  const metadata = isObject(body) ? body.metadata : undefined;
  return isObject(metadata) ? Object.keys(metadata).filter((field) => !METADATA.has(field)).map((field) => `metadata.${field}`) : [];
}

function requireKind(type: ResourceType, body: JsonObject): void {
  for (const [field, name] of [['kind', 'Kind'], ['apiVersion', 'apiVersion']] as const) {
    if (typeof body[field] === 'string' && body[field] !== '') continue;
    throw badRequest(`the object provided is unrecognized (must be of type ${type.kind}): Object '${name}' is missing`);
  }
}

/**
 * The object in `body` as one of `type`, a private copy. Checks apiVersion and kind (built-in types may leave them out),
 * and the types of metadata fields; throws an ApiError with 400, or with 422 for a custom object of another kind.
 */
export function readObject(type: ResourceType, body: unknown): KubeObject {
  if (!isObject(body)) throw badRequest(`the object provided is unrecognized (must be of type ${type.kind}): expected a JSON object`);
  const apiVersion = joinApiVersion(type.group, type.version);
  if (type.custom) requireKind(type, body);
  const filled: JsonObject = { ...body, apiVersion: body.apiVersion || apiVersion, kind: body.kind || type.kind };
  if (filled.apiVersion !== apiVersion) {
    throw badRequest(`the API version in the data (${String(filled.apiVersion)}) does not match the expected API version (${apiVersion})`);
  }
  if (filled.kind !== type.kind && type.custom) {
    const name = isObject(filled.metadata) && typeof filled.metadata.name === 'string' ? filled.metadata.name : '';
    throw invalid({ group: type.group, name: String(filled.kind) }, name, [invalidValue('kind', filled.kind, `must be ${type.kind}`)]);
  }
  if (filled.kind !== type.kind) throw badRequest(`the kind in the data (${String(filled.kind)}) does not match the expected kind (${type.kind})`);
  const metadata = filled.metadata ?? {};
  if (!isObject(metadata)) throw badRequest(`${type.kind} in version ${JSON.stringify(type.version)} cannot be handled as a ${type.kind}: metadata must be an object`);
  const object = cloneJson(filled);
  return { ...object, apiVersion: joinApiVersion(type.group, type.storageVersion), kind: type.kind, metadata: readMetadata(type, metadata) };
}

/** The object as it is shown in the version of `type`. */
export function inVersion(type: ResourceType, object: KubeObject): KubeObject {
  return type.version === type.storageVersion ? object : { ...object, apiVersion: joinApiVersion(type.group, type.version) };
}
