/** Options in the query of a request, checked as kube-apiserver checks them. */
import { ApiError, badRequest, forbiddenField, invalid, invalidValue, unsupportedValue, type FieldError } from './status.ts';

/** How unknown fields of a body are taken. */
export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';

const FIELD_VALIDATIONS = ['', 'Ignore', 'Strict', 'Warn'];
const MATCHES = ['Exact', 'NotOlderThan', ''];

function refuse(kind: string, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', name: kind }, '', errors);
}

/** Reads `dryRun`; 422 for anything but `All`. `kind` is the options' own, such as CreateOptions. */
export function readDryRun(kind: string, query: URLSearchParams): boolean {
  const dryRun = query.getAll('dryRun').filter((value) => value !== '');

  if (dryRun.some((value) => value !== 'All')) {
    // Go prints the list, not JSON.
    refuse(kind, [{ field: 'dryRun', reason: 'FieldValueNotSupported', text: `Unsupported value: []string{${dryRun.map((value) => JSON.stringify(value)).join(', ')}}: supported values: "All"` }]);
  }
  return dryRun.length > 0;
}

/** Reads `fieldValidation`, `Warn` when it is absent; 422 for others than the three. */
export function readFieldValidation(kind: string, query: URLSearchParams): FieldValidation {
  const mode = query.get('fieldValidation') ?? '';

  if (!FIELD_VALIDATIONS.includes(mode)) refuse(kind, [unsupportedValue('fieldValidation', mode, FIELD_VALIDATIONS)]);
  return mode === 'Ignore' || mode === 'Strict' ? mode : 'Warn';
}

/** Reads a number of the query, 0 when it is absent. Throws 400. */
export function readInteger(query: URLSearchParams, name: string): number {
  const text = query.get(name) ?? '';

  if (text === '') return 0;
  if (!/^[+-]?\d+$/.test(text)) throw new ApiError(400, 'BadRequest', `strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}

/** The number in `resourceVersion`; undefined when it is none. */
export function parseRevision(text: string): number | undefined {
  return text === '' ? 0 : /^\d+$/.test(text) ? Number(text) : undefined;
}

/** What is wrong with a `resourceVersion` that is no number. */
export function revisionProblem(text: string): string {
  return `resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`;
}

/** Reads `resourceVersion` of a list or watch. Throws 400. */
export function readListRevision(query: URLSearchParams): number {
  const text = query.get('resourceVersion') ?? '';
  const revision = parseRevision(text);

  if (revision === undefined) throw badRequest(`invalid resource version: ${revisionProblem(text)}`);
  return revision;
}

/** Refuses list options that contradict each other, with 422. */
export function checkListOptions(query: URLSearchParams): void {
  const match = query.get('resourceVersionMatch') ?? '';
  const version = query.get('resourceVersion') ?? '';
  const errors: FieldError[] = [];

  if (match !== '') {
    if (version === '') errors.push(forbiddenField('resourceVersionMatch', 'resourceVersionMatch is forbidden unless resourceVersion is provided'));
    if (query.get('continue')) errors.push(forbiddenField('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided'));
    if (!MATCHES.includes(match)) errors.push(unsupportedValue('resourceVersionMatch', match, MATCHES));
    if (match === 'Exact' && version === '0') errors.push(forbiddenField('resourceVersionMatch', 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
  }
  refuse('ListOptions', errors);
}

/** Refuses a name for `fieldManager` that apply needs and does not have, or that is too long. */
export function checkManager(manager: string): void {
  if (manager === '') refuse('PatchOptions', [{ field: 'fieldManager', reason: 'FieldValueRequired', text: 'Required value: is required for apply patch' }]);
  if (manager.length > 128) refuse('PatchOptions', [invalidValue('fieldManager', manager, 'may not be more than 128 bytes')]);
}
