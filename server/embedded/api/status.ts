/** Errors of the API as Kubernetes `Status` objects, worded like kube-apiserver's. */
import type { JsonObject } from './types.ts';

/** One entry of `details.causes`. */
export interface StatusCause {
  reason: string;
  message: string;
  field?: string;
}

/** `details` of a Status. */
export interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: StatusCause[];
  retryAfterSeconds?: number;
}

/** Group and resource (or kind), as error texts name them. */
export interface GroupName {
  group: string;
  name: string;
}

/** Causes that have no reason say none. */
function withoutEmptyReasons(details: StatusDetails): object {
  return details.causes ? { ...details, causes: details.causes.map(({ reason, ...rest }) => (reason === '' ? rest : { reason, ...rest })) } : details;
}

/** An error that is answered as a `Status` object with its HTTP code. */
export class ApiError extends Error {
  readonly code: number;
  readonly reason: string;
  readonly details: StatusDetails | undefined;
  readonly listMeta: JsonObject;

  constructor(code: number, reason: string, message: string, details?: StatusDetails, listMeta: JsonObject = {}) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
    this.reason = reason;
    this.details = details;
    this.listMeta = listMeta;
  }

  /** The Status object to send. */
  toStatus(): JsonObject {
    return {
      kind: 'Status', apiVersion: 'v1', metadata: this.listMeta, status: 'Failure', message: this.message,
      ...(this.reason === '' ? {} : { reason: this.reason }), ...(this.details ? { details: withoutEmptyReasons(this.details) } : {}), code: this.code,
    };
  }
}

/** The Status that answers a successful delete. */
export function successStatus(details: StatusDetails): JsonObject {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
}

/** `resource.group`, as in `vmbackups.backup.harvesterhci.io`. */
export function qualified(target: GroupName): string {
  return target.group === '' ? target.name : `${target.name}.${target.group}`;
}

function detailsOf(resource: GroupName, name: string): StatusDetails {
  return { ...(name ? { name } : {}), ...(resource.group ? { group: resource.group } : {}), kind: resource.name };
}

export const notFound = (resource: GroupName, name: string): ApiError =>
  new ApiError(404, 'NotFound', `${qualified(resource)} ${JSON.stringify(name)} not found`, detailsOf(resource, name));

/** `leaving`: the one that is there is being deleted. */
export const alreadyExists = (resource: GroupName, name: string, leaving = false): ApiError =>
  new ApiError(409, 'AlreadyExists', `${leaving ? 'object is being deleted: ' : ''}${qualified(resource)} ${JSON.stringify(name)} already exists`, detailsOf(resource, name));

export const MODIFIED = 'the object has been modified; please apply your changes to the latest version and try again';

export const conflict = (resource: GroupName, name: string, why: string = MODIFIED): ApiError =>
  new ApiError(409, 'Conflict', `Operation cannot be fulfilled on ${qualified(resource)} ${JSON.stringify(name)}: ${why}`, detailsOf(resource, name));

export const forbidden = (resource: GroupName, name: string, why: string, causes?: StatusCause[]): ApiError =>
  new ApiError(403, 'Forbidden', resource.name === '' ? `forbidden: ${why}` : `${qualified(resource)}${name ? ` ${JSON.stringify(name)}` : ''} is forbidden: ${why}`,
    { ...(resource.name === '' ? {} : detailsOf(resource, name)), ...(causes ? { causes } : {}) });

export const badRequest = (message: string): ApiError => new ApiError(400, 'BadRequest', message);
export const unauthorized = (): ApiError => new ApiError(401, 'Unauthorized', 'Unauthorized');
export const methodNotAllowed = (): ApiError =>
  new ApiError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {});
/** 405 of a custom type, which names the verb. */
export const verbNotSupported = (resource: GroupName, verb: string): ApiError =>
  new ApiError(405, 'MethodNotAllowed', `${verb} is not supported on resources of kind ${JSON.stringify(qualified(resource))}`, detailsOf(resource, ''));
/** 404 for a path below a group that is served. */
export const noSuchResource = (): ApiError => new ApiError(404, 'NotFound', 'the server could not find the requested resource', {});
/** 404 for a path that nothing is served at: text, no Status. */
export class NoPage extends Error {}
export const expired = (message: string, listMeta: JsonObject = {}): ApiError => new ApiError(410, 'Expired', message, undefined, listMeta);
export const tooLarge = (limit: number): ApiError =>
  new ApiError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${limit}`);
export const unsupportedMediaType = (accepted: readonly string[]): ApiError =>
  new ApiError(415, 'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`);
export const internalError = (message: string): ApiError =>
  new ApiError(500, 'InternalError', `Internal error occurred: ${message}`, { causes: [{ reason: '', message }] });

/** A field error; `text` is the part after the path, e.g. `Required value`. */
export interface FieldError {
  field: string;
  reason: string;
  text: string;
}

/** Value as Go's field errors print it: strings and objects as JSON. */
function show(value: unknown): string {
  return value === undefined ? 'null' : JSON.stringify(value);
}

export const required = (field: string, detail = ''): FieldError =>
  ({ field, reason: 'FieldValueRequired', text: detail ? `Required value: ${detail}` : 'Required value' });
export const invalidValue = (field: string, value: unknown, detail: string): FieldError =>
  ({ field, reason: 'FieldValueInvalid', text: `Invalid value: ${show(value)}: ${detail}` });
/** Kube prints a type name, not the value, where the value is an object. */
export const invalidType = (field: string, value: unknown, detail: string): FieldError =>
  ({ field, reason: 'FieldValueTypeInvalid', text: `Invalid value: ${typeof value === 'object' && value !== null ? JSON.stringify(Array.isArray(value) ? 'array' : 'object') : show(value)}: ${detail}` });
export const unsupportedValue = (field: string, value: unknown, allowed: readonly unknown[]): FieldError =>
  ({ field, reason: 'FieldValueNotSupported', text: `Unsupported value: ${show(value)}: supported values: ${allowed.map(show).join(', ')}` });
export const forbiddenField = (field: string, detail: string): FieldError =>
  ({ field, reason: 'FieldValueForbidden', text: `Forbidden: ${detail}` });
export const duplicateValue = (field: string, value: unknown): FieldError =>
  ({ field, reason: 'FieldValueDuplicate', text: `Duplicate value: ${show(value)}` });
export const tooLong = (field: string, limit: number): FieldError =>
  ({ field, reason: 'FieldValueTooLong', text: `Too long: may not be more than ${limit} bytes` });
export const tooMany = (field: string, actual: number, limit: number): FieldError =>
  ({ field, reason: 'FieldValueTooMany', text: `Too many: ${actual}: must have at most ${limit} items` });

/** 422 for an object whose fields are wrong; `kind` in details is the object's kind, as in the real API. */
export function invalid(kind: GroupName, name: string, errors: readonly FieldError[]): ApiError {
  const texts = [...new Set(errors.map((error) => `${error.field}: ${error.text}`))];
  const list = texts.length === 1 ? String(texts[0]) : `[${texts.join(', ')}]`;
  return new ApiError(422, 'Invalid', `${qualified(kind)} ${JSON.stringify(name)} is invalid: ${list}`, {
    ...detailsOf(kind, name),
    causes: errors.map((error) => ({ reason: error.reason, message: error.text, field: error.field })),
  });
}
