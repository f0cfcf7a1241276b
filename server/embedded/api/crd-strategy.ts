/** Rules of CustomResourceDefinitions: what could not be served is refused. */
import type { JsonObject, KubeObject } from './types.ts';
import type { TypeStrategy } from './resource-type.ts';
import type { FieldError } from './status.ts';
import { invalidValue, required, unsupportedValue } from './status.ts';
import { cloneJson, deepEqual, getPath, isObject } from './object.ts';
import { applyDefaults } from './schema/defaults.ts';
import { RuleError, compileRules } from './schema/cel.ts';
import { specOf, strings, versionsOf } from './crd.ts';
import { validateSchema } from './schema/validate.ts';

/** Errors of a version at `at`; `path` is where its schema is. */
function validateVersion(version: JsonObject, at: string, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (typeof version.name !== 'string' || !/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(version.name)) errors.push(invalidValue(`${at}.name`, version.name, 'a DNS-1035 label must consist of lower case alphanumeric characters or \'-\''));
  const schema = getPath(version, ['schema', 'openAPIV3Schema']);
  if (!isObject(schema)) return [...errors, required(`${at}.schema.openAPIV3Schema`, 'schemas are required')];
  if (schema.type !== 'object') errors.push(invalidValue(`${path}.type`, schema.type, 'must be object at the root'));
  errors.push(...validateStructure(schema, path));
  try {
    compileRules(schema, path);
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    errors.push({ field: error.field, reason: 'FieldValueInvalid', text: `Invalid value: compilation failed: ${error.message}` });
  }
  return errors;
}

/** The rules of structural schemas: every node has a type, patterns compile, keyed lists name their keys, defaults are valid. */
function validateStructure(schema: JsonObject, at: string): FieldError[] {
  const errors: FieldError[] = [];
  if (typeof schema.type !== 'string' && schema['x-kubernetes-int-or-string'] !== true && schema['x-kubernetes-preserve-unknown-fields'] !== true) errors.push(required(`${at}.type`, 'must not be empty for specified object fields'));
  if (typeof schema.pattern === 'string') {
    try {
      new RegExp(schema.pattern, 'u');
    } catch (error) {
      errors.push(invalidValue(`${at}.pattern`, schema.pattern, `must be a valid regular expression, but isn't: ${(error as Error).message}`));
    }
  }
  if (isObject(schema.properties) && schema.additionalProperties !== undefined) errors.push({ field: `${at}.additionalProperties`, reason: 'FieldValueForbidden', text: 'Forbidden: additionalProperties and properties are mutual exclusive' });
  if (schema.uniqueItems === true) errors.push({ field: `${at}.uniqueItems`, reason: 'FieldValueForbidden', text: 'Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic' });
  if (schema['x-kubernetes-list-type'] === 'map' && strings(schema['x-kubernetes-list-map-keys']).length === 0) errors.push(required(`${at}.x-kubernetes-list-map-keys`, 'must not be empty if x-kubernetes-list-type is map'));
  if (schema.type === 'array' && !isObject(schema.items)) errors.push(required(`${at}.items`, 'must be specified'));
  if (schema.default !== undefined) {
    const value = cloneJson(schema.default);
    applyDefaults(schema, value);
    errors.push(...validateSchema(schema, value, `${at}.default`));
  }
  for (const [field, child] of Object.entries(isObject(schema.properties) ? schema.properties : {})) {
    if (isObject(child)) errors.push(...validateStructure(child, `${at}.properties[${field}]`));
  }
  if (isObject(schema.items)) errors.push(...validateStructure(schema.items, `${at}.items`));
  if (isObject(schema.additionalProperties)) errors.push(...validateStructure(schema.additionalProperties, `${at}.additionalProperties`));
  return errors;
}

function validateCrd(crd: KubeObject): FieldError[] {
  const spec = specOf(crd);
  const names = isObject(spec.names) ? spec.names : {};
  const errors: FieldError[] = [];
  for (const field of ['plural', 'kind']) if (!names[field]) errors.push(required(`spec.names.${field}`));
  if (!spec.group) errors.push(required('spec.group'));
  if (spec.scope !== 'Namespaced' && spec.scope !== 'Cluster') errors.push(unsupportedValue('spec.scope', spec.scope, ['Cluster', 'Namespaced']));
  const expected = `${String(names.plural)}.${String(spec.group)}`;
  if (crd.metadata.name !== expected) errors.push(invalidValue('metadata.name', crd.metadata.name, 'must be spec.names.plural+"."+spec.group'));
  const versions = versionsOf(crd);
  const stored = versions.filter((version) => version.storage === true).length;
  if (stored !== 1) errors.push(invalidValue('spec.versions', versions.map((version) => version.name), 'must have exactly one version marked as storage version'));
  if (stored !== 1 && strings(getPath(crd, ['status', 'storedVersions'])).length === 0) errors.push(invalidValue('status.storedVersions', [], 'must have at least one stored version'));
  // A schema that all versions share is told at a place of its own.
  const shared = versions.every(({ schema }) => deepEqual(schema, versions[0]?.schema));
  return [...errors, ...versions.flatMap((version, index) => validateVersion(version, `spec.versions[${index}]`, shared ? 'spec.validation.openAPIV3Schema' : `spec.versions[${index}].schema.openAPIV3Schema`))];
}

/** Fills names and status of new CRDs and refuses what could not be served. */
export const crdStrategy: TypeStrategy = {
  prepareCreate(crd) {
    defaultCrd(crd);
    const stored = versionsOf(crd).filter((version) => version.storage === true).map((version) => String(version.name));
    crd.status = { conditions: null, acceptedNames: { kind: '', plural: '' }, storedVersions: stored };
  },
  prepareUpdate: defaultCrd,
  validate: validateCrd,
  validateUpdate(crd, old) {
    return ['group', 'scope'].filter((field) => specOf(crd)[field] !== specOf(old)[field]).map((field) => invalidValue(`spec.${field}`, specOf(crd)[field], 'field is immutable'));
  },
};

function defaultCrd(crd: KubeObject): void {
  const spec = specOf(crd);
  const names = isObject(spec.names) ? spec.names : {};
  crd.spec = {
    ...spec, conversion: spec.conversion ?? { strategy: 'None' },
    names: { ...names, singular: names.singular ?? String(names.kind ?? '').toLowerCase(), listKind: names.listKind ?? `${String(names.kind)}List` },
  };
}
