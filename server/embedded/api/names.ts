/** Rules for names, labels and annotations, with kube-apiserver's texts. */
import type { FieldError } from './status.ts';
import { invalidValue, tooLong } from './status.ts';
import type { KubeObject } from './types.ts';

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const QUALIFIED = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const ANNOTATION_BYTES = 256 * 1024;

const SUBDOMAIN_TEXT = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL_TEXT = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const QUALIFIED_TEXT = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const VALUE_TEXT = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

/** What is wrong with a DNS-1123 subdomain, undefined when nothing is. */
export function subdomainProblem(name: string): string | undefined {
  if (name.length > 253) return 'must be no more than 253 characters';
  return SUBDOMAIN.test(name) ? undefined : SUBDOMAIN_TEXT;
}

/** What is wrong with a DNS-1123 label, undefined when nothing is. */
export function labelNameProblem(name: string): string | undefined {
  if (name.length > 63) return 'must be no more than 63 characters';
  if (LABEL.test(name)) return undefined;
  return SUBDOMAIN.test(name) ? 'must not contain dots' : LABEL_TEXT;
}

function pathSegmentProblem(name: string): string | undefined {
  if (name === '.' || name === '..') return `may not be '${name}'`;
  return /[/%]/.test(name) ? "may not contain '/' or '%'" : undefined;
}

/** What is wrong with a label or annotation key, undefined when nothing is. */
export function labelKeyProblem(key: string): string | undefined {
  const slash = key.indexOf('/');
  const name = key.slice(slash + 1);
  if (slash === 0) return 'prefix part must be non-empty';
  if (slash > 0) {
    const problem = subdomainProblem(key.slice(0, slash));
    if (problem) return `prefix part ${problem}`;
  }
  if (name === '') return 'name part must be non-empty';
  if (name.length > 63) return 'name part must be no more than 63 characters';
  return QUALIFIED.test(name) ? undefined : QUALIFIED_TEXT;
}

/** What is wrong with a label value, undefined when nothing is. */
export function labelValueProblem(value: string): string | undefined {
  if (value.length > 63) return 'must be no more than 63 characters';
  return LABEL_VALUE.test(value) ? undefined : VALUE_TEXT;
}

/** Which rule a type's names follow. */
export function nameProblem(group: string, plural: string, name: string): string | undefined {
  if (group === 'rbac.authorization.k8s.io') return pathSegmentProblem(name);
  if (group === '' && (plural === 'namespaces' || plural === 'services')) return labelNameProblem(name);
  return subdomainProblem(name);
}

/** Finalizers that need no domain. */
const STANDARD_FINALIZERS = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);

/** What is wrong with a finalizer: built-in types take no undomained names beside the standard ones. */
function finalizerProblem(finalizer: string, builtin: boolean): string | undefined {
  const problem = labelKeyProblem(finalizer);
  if (problem || !builtin || finalizer.includes('/') || STANDARD_FINALIZERS.has(finalizer)) return problem;
  return 'name is neither a standard finalizer name nor is it fully qualified';
}

/** What a client is told about finalizers of custom types that have no domain. */
export function finalizerWarnings({ metadata }: KubeObject): string[] {
  return (metadata.finalizers ?? []).filter((finalizer) => !finalizer.includes('/') && !STANDARD_FINALIZERS.has(finalizer))
    .map((finalizer) => `metadata.finalizers: ${JSON.stringify(finalizer)}: prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers`);
}

/** Checks name, labels, annotations, finalizers and owner references. */
export function validateMetadata(group: string, plural: string, { metadata }: KubeObject, builtin: boolean): FieldError[] {
  const errors: FieldError[] = [];
  // Of a generated name the last characters are the server's.
  const generateProblem = metadata.generateName ? nameProblem(group, plural, metadata.generateName.replace(/-$/, 'a')) : undefined;
  if (generateProblem) errors.push(invalidValue('metadata.generateName', metadata.generateName, generateProblem));
  const problem = nameProblem(group, plural, metadata.name);
  if (problem) errors.push(invalidValue('metadata.name', metadata.name, problem));
  for (const [key, value] of Object.entries(metadata.labels ?? {})) {
    const keyProblem = labelKeyProblem(key);
    if (keyProblem) errors.push(invalidValue('metadata.labels', key, keyProblem));
    const valueProblem = labelValueProblem(value);
    if (valueProblem) errors.push(invalidValue('metadata.labels', value, valueProblem));
  }
  let bytes = 0;
  for (const [key, value] of Object.entries(metadata.annotations ?? {})) {
    const keyProblem = labelKeyProblem(key.toLowerCase());
    if (keyProblem) errors.push(invalidValue('metadata.annotations', key, keyProblem));
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (bytes > ANNOTATION_BYTES) errors.push(tooLong('metadata.annotations', ANNOTATION_BYTES));
  (metadata.finalizers ?? []).forEach((finalizer, index) => {
    const wrong = finalizerProblem(finalizer, builtin && group !== 'apiextensions.k8s.io');
    if (wrong) errors.push(invalidValue(builtin ? `metadata.finalizers[${index}]` : 'metadata.finalizers', finalizer, wrong));
  });
  return [...errors, ...validateOwners(metadata.ownerReferences ?? [])];
}

function validateOwners(owners: NonNullable<KubeObject['metadata']['ownerReferences']>): FieldError[] {
  const errors: FieldError[] = [];
  const controllers = owners.filter(({ controller }) => controller);
  for (const owner of owners) {
    if (!owner.apiVersion) errors.push(invalidValue('metadata.ownerReferences.apiVersion', owner.apiVersion ?? '', 'version must not be empty'));
    for (const field of ['kind', 'name', 'uid'] as const) {
      if (!owner[field]) errors.push(invalidValue(`metadata.ownerReferences.${field}`, owner[field] ?? '', `${field} must not be empty`));
    }
  }
  for (const other of controllers.slice(1)) {
    errors.push(invalidValue('metadata.ownerReferences', owners, `Only one reference can have Controller set to true. Found "true" in references for ${controllers[0]?.kind}/${controllers[0]?.name} and ${other.kind}/${other.name}`));
  }
  return errors;
}
