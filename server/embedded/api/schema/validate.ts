/** Validation against a structural schema, with the texts of kube-apiserver. */
import type { JsonObject } from '../types.ts';
import type { FieldError } from '../status.ts';
import { duplicateValue, invalidValue, required, tooLong, tooMany, unsupportedValue } from '../status.ts';
import { deepEqual, isObject } from '../object.ts';
import { hasFormat } from './formats.ts';

function typeOf(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function typeError(at: string, expected: string, actual: string): FieldError {
  return { field: at, reason: 'FieldValueTypeInvalid', text: `Invalid value: ${JSON.stringify(actual)}: ${at} in body must be of type ${expected}: ${JSON.stringify(actual)}` };
}

function hasType(schema: JsonObject, value: unknown): boolean {
  const actual = typeOf(value);
  if (schema['x-kubernetes-int-or-string'] === true) return actual === 'integer' || actual === 'string';
  const { type } = schema;
  return typeof type !== 'string' || type === actual || (type === 'number' && actual === 'integer');
}

/** Errors of `value` at the field path `at`; empty when it is valid. */
export function validateSchema(schema: JsonObject | undefined, value: unknown, at: string): FieldError[] {
  if (!schema) return [];
  if (value === null && schema.nullable === true) return [];
  if (!hasType(schema, value)) return [typeError(at, schema['x-kubernetes-int-or-string'] === true ? 'integer,string' : String(schema.type), typeOf(value))];
  const errors: FieldError[] = [];
  if (Array.isArray(schema.enum) && !schema.enum.some((allowed) => deepEqual(allowed, value))) errors.push(unsupportedValue(at, value, schema.enum));
  if (typeof value === 'string') errors.push(...validateString(schema, value, at));
  if (typeof value === 'number') errors.push(...validateNumber(schema, value, at));
  if (Array.isArray(value)) errors.push(...validateArray(schema, value, at));
  if (isObject(value)) errors.push(...validateObject(schema, value, at));
  errors.push(...validateCombinations(schema, value, at));
  return errors;
}

function validateString(schema: JsonObject, value: string, at: string): FieldError[] {
  const errors: FieldError[] = [];
  const length = [...value].length;
  // The first of these three is told.
  if (typeof schema.maxLength === 'number' && length > schema.maxLength) errors.push(tooLong(at, schema.maxLength));
  else if (typeof schema.minLength === 'number' && length < schema.minLength) errors.push(invalidValue(at, value, `${at} in body should be at least ${schema.minLength} chars long`));
  else if (typeof schema.pattern === 'string' && !compilePattern(schema.pattern).test(value)) errors.push(invalidValue(at, value, `${at} in body should match '${schema.pattern}'`));
  if (typeof schema.format === 'string' && !hasFormat(schema.format, value)) errors.push(typeError(at, schema.format, value));
  return errors;
}

const patterns = new Map<string, RegExp>();

/** A compiled pattern; patterns come from CRDs, so there are few. */
function compilePattern(pattern: string): RegExp {
  let compiled = patterns.get(pattern);
  if (!compiled) patterns.set(pattern, compiled = new RegExp(pattern, 'u'));
  return compiled;
}

function validateNumber(schema: JsonObject, value: number, at: string): FieldError[] {
  const errors: FieldError[] = [];
  const { minimum, maximum, multipleOf } = schema;
  if (typeof minimum === 'number' && (schema.exclusiveMinimum === true ? value <= minimum : value < minimum)) {
    errors.push(invalidValue(at, value, `${at} in body should be greater than ${schema.exclusiveMinimum === true ? '' : 'or equal to '}${minimum}`));
  }
  if (typeof maximum === 'number' && (schema.exclusiveMaximum === true ? value >= maximum : value > maximum)) {
    errors.push(invalidValue(at, value, `${at} in body should be less than ${schema.exclusiveMaximum === true ? '' : 'or equal to '}${maximum}`));
  }
  if (typeof multipleOf === 'number' && !Number.isInteger(value / multipleOf)) errors.push(invalidValue(at, value, `${at} in body should be a multiple of ${multipleOf}`));
  return errors;
}

function validateArray(schema: JsonObject, value: readonly unknown[], at: string): FieldError[] {
  const errors: FieldError[] = [];
  if (typeof schema.minItems === 'number' && value.length < schema.minItems) errors.push(invalidValue(at, value.length, `${at} in body should have at least ${schema.minItems} items`));
  if (typeof schema.maxItems === 'number' && value.length > schema.maxItems) errors.push(tooMany(at, value.length, schema.maxItems));
  if (isObject(schema.items)) {
    const items = schema.items;
    value.forEach((item, index) => errors.push(...validateSchema(items, item, `${at}[${index}]`)));
  }
  return [...errors, ...validateUnique(schema, value, at)];
}

function validateUnique(schema: JsonObject, value: readonly unknown[], at: string): FieldError[] {
  const listType = schema['x-kubernetes-list-type'];
  const keys = Array.isArray(schema['x-kubernetes-list-map-keys']) ? schema['x-kubernetes-list-map-keys'].map(String) : [];
  if (listType !== 'set' && listType !== 'map') return [];
  const seen = new Set<string>();
  const errors: FieldError[] = [];
  value.forEach((item, index) => {
    const identity = listType === 'set' ? item : Object.fromEntries(keys.map((key) => [key, isObject(item) ? item[key] : undefined]));
    const text = JSON.stringify(identity);
    if (seen.has(text)) errors.push(listType === 'set' ? duplicateValue(`${at}[${index}]`, item) : { field: `${at}[${index}]`, reason: 'FieldValueDuplicate', text: `Duplicate value: map[string]interface {}${text}` });
    seen.add(text);
  });
  return errors;
}

function validateObject(schema: JsonObject, value: JsonObject, at: string): FieldError[] {
  const errors: FieldError[] = [];
  const join = (field: string): string => (at === '' ? field : `${at}.${field}`);
  const properties = isObject(schema.properties) ? schema.properties : {};
  const count = Object.keys(value).length;
  if (typeof schema.minProperties === 'number' && count < schema.minProperties) errors.push(invalidValue(at, count, `${at} in body should have at least ${schema.minProperties} properties`));
  if (typeof schema.maxProperties === 'number' && count > schema.maxProperties) errors.push(tooMany(at, count, schema.maxProperties));
  for (const field of Array.isArray(schema.required) ? schema.required.map(String) : []) {
    if (!Object.hasOwn(value, field)) errors.push(required(join(field)));
  }
  for (const field of Object.keys(value)) {
    const child = Object.hasOwn(properties, field) ? properties[field] : schema.additionalProperties;
    if (isObject(child) && value[field] !== undefined) errors.push(...validateSchema(child, value[field], join(field)));
  }
  return errors;
}

function validateCombinations(schema: JsonObject, value: unknown, at: string): FieldError[] {
  const valid = (branch: unknown): boolean => !isObject(branch) || validateSchema(branch, value, at).length === 0;
  const fail = (text: string): FieldError => ({ field: at || '<nil>', reason: 'FieldValueInvalid', text: `Invalid value: ${JSON.stringify(isObject(value) ? '' : value)}: ${JSON.stringify(at)} must ${text}` });
  const errors: FieldError[] = [];
  if (Array.isArray(schema.allOf)) for (const branch of schema.allOf) if (isObject(branch)) errors.push(...validateSchema(branch, value, at));
  if (Array.isArray(schema.anyOf) && !schema.anyOf.some(valid)) errors.push(fail('validate at least one schema (anyOf)'));
  if (Array.isArray(schema.oneOf)) {
    const matching = schema.oneOf.filter(valid).length;
    if (matching === 0) errors.push(fail('validate one and only one schema (oneOf). Found none valid'));
    if (matching > 1) errors.push(fail(`validate one and only one schema (oneOf). Found ${matching} valid alternatives`));
  }
  if (isObject(schema.not) && valid(schema.not)) errors.push(fail('not validate the schema (not)'));
  return errors;
}
