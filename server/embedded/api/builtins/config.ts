/** Secrets and ConfigMaps. */
import type { TypeStrategy } from '../resource-type.ts';
import type { KubeObject } from '../types.ts';
import type { FieldError } from '../status.ts';
import { badRequest, forbiddenField, invalidValue, tooLong } from '../status.ts';
import { deepEqual, isObject } from '../object.ts';

const MAX_BYTES = 1024 * 1024;
const KEY = /^[-._a-zA-Z0-9]{1,253}$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const KEY_TEXT = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

function entries(value: unknown): Array<[string, unknown]> {
  return isObject(value) ? Object.entries(value) : [];
}

function validateKeys(object: KubeObject, fields: readonly string[]): FieldError[] {
  return fields.flatMap((field) => entries(object[field])
    .filter(([key]) => !KEY.test(key)).map(([key]) => invalidValue(`${field}[${key}]`, key, KEY_TEXT)));
}

function validateImmutable(object: KubeObject, old: KubeObject, fields: readonly string[]): FieldError[] {
  if (old.immutable !== true) return [];
  const errors: FieldError[] = [];
  if (object.immutable !== true) errors.push(forbiddenField('immutable', 'field is immutable when `immutable` is set'));
  for (const field of fields) {
    if (!deepEqual(object[field], old[field])) errors.push(forbiddenField(field, 'field is immutable when `immutable` is set'));
  }
  return errors;
}

/** Refuses data that is no base64, without quoting any of it. */
function checkBase64(secret: KubeObject): void {
  for (const [, value] of entries(secret.data)) {
    if (value === null || (typeof value === 'string' && BASE64.test(value))) continue;
    const wrong = typeof value === 'string' ? value.search(/[^A-Za-z0-9+/]/) : 0;
    throw badRequest(`Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte ${wrong < 0 ? String(value).length : wrong}`);
  }
}

/** The typed decoder of the real server takes texts only, and writes no empty maps. */
function checkTexts(object: KubeObject, fields: readonly string[]): void {
  for (const field of fields) {
    const wrong = entries(object[field]).find(([, value]) => typeof value !== 'string' && value !== null)?.[1];
    if (wrong !== undefined) throw badRequest(`${object.kind} in version "v1" cannot be handled as a ${object.kind}: json: cannot unmarshal ${Array.isArray(wrong) ? 'array' : typeof wrong === 'boolean' ? 'bool' : typeof wrong} into Go struct field ${object.kind}.${field} of type string`);
    if (isObject(object[field]) && Object.keys(object[field]).length === 0) delete object[field];
  }
}

/** `stringData` is write-only: it becomes base64 in `data`. */
function moveStringData(secret: KubeObject): void {
  if (!isObject(secret.stringData)) return;
  const data = isObject(secret.data) ? { ...secret.data } : {};
  for (const [key, value] of Object.entries(secret.stringData)) data[key] = Buffer.from(String(value)).toString('base64');
  secret.data = data;
  delete secret.stringData;
}

export const secretStrategy: TypeStrategy = {
  prepareCreate(secret) {
    checkTexts(secret, ['stringData']);
    checkBase64(secret);
    moveStringData(secret);
    if (entries(secret.data).length === 0) delete secret.data;
    secret.type ??= 'Opaque';
  },
  prepareUpdate(secret, old) {
    checkTexts(secret, ['stringData']);
    checkBase64(secret);
    moveStringData(secret);
    if (entries(secret.data).length === 0) delete secret.data;
    secret.type ??= old.type;
  },
  validate(secret) {
    const errors = validateKeys(secret, ['data']);
    const size = entries(secret.data).reduce((sum, [, value]) => sum + Buffer.byteLength(String(value), 'base64'), 0);
    if (size > MAX_BYTES) errors.push(tooLong('data', MAX_BYTES));
    return errors;
  },
  validateUpdate(secret, old) {
    const errors = validateImmutable(secret, old, ['data']);
    if (secret.type !== old.type) errors.push(invalidValue('type', secret.type, 'field is immutable'));
    return errors;
  },
};

const prepareConfigMap = (configMap: KubeObject): void => checkTexts(configMap, ['data', 'binaryData']);

export const configMapStrategy: TypeStrategy = {
  prepareCreate: prepareConfigMap,
  prepareUpdate: prepareConfigMap,
  validate(configMap) {
    const errors = validateKeys(configMap, ['data', 'binaryData']);
    let size = 0;
    for (const [, value] of entries(configMap.data)) size += Buffer.byteLength(String(value));
    for (const [, value] of entries(configMap.binaryData)) size += Buffer.byteLength(String(value), 'base64');
    if (size > MAX_BYTES) errors.push(tooLong('', MAX_BYTES));
    return errors;
  },
  validateUpdate: (configMap, old) => validateImmutable(configMap, old, ['data', 'binaryData']),
};
