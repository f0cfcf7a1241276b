/** CustomResourceDefinitions as resource types. */
import type { JsonObject, KubeObject } from './types.ts';
import type { PrinterColumn, ResourceType, TypeSchema } from './resource-type.ts';
import type { FieldError } from './status.ts';
import { deepEqual, getPath, isObject } from './object.ts';
import { applyDefaults } from './schema/defaults.ts';
import { compileRules, evaluateRules } from './schema/cel.ts';
import { prune, unknownFields } from './schema/prune.ts';
import { validateSchema } from './schema/validate.ts';

/** Added when a CRD is deleted, so that its objects go before it. */
export const CRD_FINALIZER = 'customresourcecleanup.apiextensions.k8s.io';

/** `spec` of a definition. */
export function specOf(crd: KubeObject): JsonObject {
  return isObject(crd.spec) ? crd.spec : {};
}

/** `spec.versions` of a definition. */
export function versionsOf(crd: KubeObject): JsonObject[] {
  const { versions } = specOf(crd);
  return Array.isArray(versions) ? versions.filter(isObject) : [];
}

/** The texts in a list. */
export function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

/** With such errors CEL rules could fail for the wrong reason, so they are not evaluated. */
const BLOCKING = new Set(['FieldValueNotSupported', 'FieldValueRequired', 'FieldValueTooLong', 'FieldValueTooMany', 'FieldValueTypeInvalid']);
const UNCHECKED: FieldError = {
  field: '<nil>', reason: 'FieldValueInvalid', text: 'Invalid value: "null": some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
};

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
      if (!rules) return errors;
      return errors.some(({ reason }) => BLOCKING.has(reason)) ? [...errors, UNCHECKED] : [...errors, ...evaluateRules(rules, object, old)];
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
      status: isObject(getPath(version, ['subresources', 'status'])), generation: true, custom: true, versionRequired: true, returnsDeleted: false, orphanByDefault: false,
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
