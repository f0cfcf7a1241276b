/** CustomResourceDefinitions: validation, compilation into resource types. */
import type { JsonObject, KubeObject } from './types.ts';
import type { PrinterColumn, ResourceType, TypeSchema, TypeStrategy } from './resource-type.ts';
import type { FieldError } from './status.ts';
import { invalidValue, required, unsupportedValue } from './status.ts';
import { cloneJson, deepEqual, getPath, isObject } from './object.ts';
import { applyDefaults } from './schema/defaults.ts';
import { compileRules, evaluateRules } from './schema/cel.ts';
import { prune, unknownFields } from './schema/prune.ts';
import { validateSchema } from './schema/validate.ts';

/** Added while a CRD is served, so that its objects go before it. */
export const CRD_FINALIZER = 'customresourcecleanup.apiextensions.k8s.io';

function specOf(crd: KubeObject): JsonObject {
  return isObject(crd.spec) ? crd.spec : {};
}

function versionsOf(crd: KubeObject): JsonObject[] {
  const { versions } = specOf(crd);
  return Array.isArray(versions) ? versions.filter(isObject) : [];
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

/** Compiled schema of one version. Throws an Error where a CEL rule does not compile. */
export function compileSchema(openApi: JsonObject): TypeSchema {
  // metadata is validated as for every object; apiVersion and kind are known to be right.
  const rules = compileRules(openApi);
  return {
    openApi,
    prune: (object) => prune(openApi, object, true) as KubeObject,
    unknownFields: (object) => unknownFields(openApi, object),
    applyDefaults: (object) => applyDefaults(openApi, object),
    validate(object, old) {
      const errors = validateSchema(openApi, object, '');
      return errors.length > 0 ? errors : evaluateRules(rules, object, old);
    },
  };
}

function readColumns(version: JsonObject): PrinterColumn[] {
  const columns = Array.isArray(version.additionalPrinterColumns) ? version.additionalPrinterColumns.filter(isObject) : [];
  if (columns.length === 0) return [{ name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }];
  return columns.map((column) => ({
    name: String(column.name), type: String(column.type), jsonPath: String(column.jsonPath),
    ...(typeof column.format === 'string' ? { format: column.format } : {}),
    ...(typeof column.description === 'string' ? { description: column.description } : {}),
    ...(typeof column.priority === 'number' ? { priority: column.priority } : {}),
  }));
}

function selectableFields(version: JsonObject): Record<string, readonly string[]> {
  const fields: Record<string, readonly string[]> = {};
  for (const field of Array.isArray(version.selectableFields) ? version.selectableFields.filter(isObject) : []) {
    const path = String(field.jsonPath).replace(/^\./, '');
    fields[path] = path.split('.');
  }
  return fields;
}

/** The served versions of a valid CRD as resource types. */
export function compileCrd(crd: KubeObject): ResourceType[] {
  const spec = specOf(crd);
  const names = isObject(spec.names) ? spec.names : {};
  const storage = versionsOf(crd).find((version) => version.storage === true) ?? {};
  return versionsOf(crd).filter((version) => version.served === true).map((version): ResourceType => {
    const openApi = getPath(version, ['schema', 'openAPIV3Schema']);
    return {
      group: String(spec.group), version: String(version.name), storageVersion: String(storage.name), kind: String(names.kind),
      listKind: String(names.listKind ?? `${String(names.kind)}List`), plural: String(names.plural), singular: String(names.singular ?? String(names.kind).toLowerCase()),
      shortNames: strings(names.shortNames), categories: strings(names.categories), namespaced: spec.scope === 'Namespaced',
      status: isObject(getPath(version, ['subresources', 'status'])), generation: true, custom: true, returnsDeleted: false, orphanByDefault: false,
      selectableFields: selectableFields(version), printerColumns: readColumns(version), strategy: {},
      ...(isObject(openApi) ? { schema: compileSchema(openApi) } : {}),
    };
  });
}

/** The status that the real controllers write for an accepted CRD; undefined when it stands there already. */
export function establishedStatus(crd: KubeObject, now: string): JsonObject | undefined {
  const names = specOf(crd).names;
  const status = isObject(crd.status) ? crd.status : {};
  const storage = versionsOf(crd).find((version) => version.storage === true);
  const storedVersions = [...new Set([...strings(status.storedVersions), String(storage?.name)])];
  const conditions = Array.isArray(status.conditions) && status.conditions.length > 0 ? status.conditions : [
    { type: 'NamesAccepted', status: 'True', lastTransitionTime: now, reason: 'NoConflicts', message: 'no conflicts found' },
    { type: 'Established', status: 'True', lastTransitionTime: now, reason: 'InitialNamesAccepted', message: 'the initial names have been accepted' },
  ];
  const wanted = { ...status, acceptedNames: names, storedVersions, conditions };
  return deepEqual(wanted, status) ? undefined : wanted;
}

function validateVersion(version: JsonObject, at: string): FieldError[] {
  const errors: FieldError[] = [];
  if (typeof version.name !== 'string' || !/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(version.name)) errors.push(invalidValue(`${at}.name`, version.name, 'a DNS-1035 label must consist of lower case alphanumeric characters or \'-\''));
  const schema = getPath(version, ['schema', 'openAPIV3Schema']);
  if (!isObject(schema)) return [...errors, required(`${at}.schema.openAPIV3Schema`, 'schemas are required')];
  const path = `${at}.schema.openAPIV3Schema`;
  if (schema.type !== 'object') errors.push(invalidValue(`${path}.type`, schema.type, 'must be object at the root'));
  errors.push(...validateStructure(schema, path));
  try {
    compileRules(schema, path);
  } catch (error) {
    errors.push({ field: `${path}.x-kubernetes-validations`, reason: 'FieldValueInvalid', text: `Invalid value: compilation failed: ${(error as Error).message}` });
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
  return [...errors, ...versions.flatMap((version, index) => validateVersion(version, `spec.versions[${index}]`))];
}

/** Fills names and status of new CRDs and refuses what could not be served. */
export const crdStrategy: TypeStrategy = {
  prepareCreate(crd) {
    defaultCrd(crd);
    crd.status = { conditions: [], acceptedNames: { kind: '', plural: '' }, storedVersions: [] };
    crd.metadata.finalizers = [...new Set([...(crd.metadata.finalizers ?? []), CRD_FINALIZER])];
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
