import type { KubeObject } from '../contract/kubernetes.ts';
import type { ResourceType } from '../contract/api.ts';

/** Addresses one object; `namespace` is absent for cluster-scoped kinds. */
export interface ObjectKey { namespace?: string; name: string }

/** Options of a list. Selectors use Kubernetes' own syntax. */
export interface ListOptions { namespace?: string; labelSelector?: string; fieldSelector?: string; signal?: AbortSignal }

/** A full list (all pages) and the version from which a watch continues it. */
export interface ListResult<T> { items: T[]; resourceVersion: string }

/** One event of a watch. `BOOKMARK` carries only a resourceVersion. */
export type WatchEvent<T> =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: T }
  | { type: 'BOOKMARK'; resourceVersion: string };

/** Options of a delete. `uid` makes the API refuse (409) when the object was replaced meanwhile. `gracePeriodSeconds` 0 is for what has ended a pod itself. */
export interface DeleteOptions { uid?: string; resourceVersion?: string; gracePeriodSeconds?: number; propagationPolicy?: 'Background' | 'Foreground' | 'Orphan' }

/**
 * A Kubernetes client for any kind. Every failure of the API is thrown as {@link ApiError};
 * a connection that cannot be made or breaks is thrown as {@link ConnectionError}.
 */
export interface KubeClient {
  get<T extends KubeObject>(type: ResourceType, key: ObjectKey): Promise<T>;
  /** As `get`, but `undefined` instead of a 404. */
  find<T extends KubeObject>(type: ResourceType, key: ObjectKey): Promise<T | undefined>;
  /** All pages. Objects come without `metadata.managedFields`, here and in a watch. */
  list<T extends KubeObject>(type: ResourceType, options?: ListOptions): Promise<ListResult<T>>;
  create<T extends KubeObject>(type: ResourceType, object: T): Promise<T>;
  /** Replaces the whole object; `metadata.resourceVersion` guards against a lost update (409). */
  replace<T extends KubeObject>(type: ResourceType, object: T): Promise<T>;
  /** JSON merge patch (RFC 7396) of the main resource. */
  patch<T extends KubeObject>(type: ResourceType, key: ObjectKey, patch: object): Promise<T>;
  /** Replaces `status` through the status subresource, guarded by `metadata.resourceVersion` when it is set. */
  replaceStatus<T extends KubeObject>(type: ResourceType, object: T): Promise<T>;
  /** Deletes; a 404 is success. */
  delete(type: ResourceType, key: ObjectKey, options?: DeleteOptions): Promise<void>;
  /** Ends (returns) when the API closes the watch; throws ApiError 410 when `resourceVersion` is too old. */
  watch<T extends KubeObject>(type: ResourceType, options: ListOptions & { resourceVersion: string }): AsyncIterable<WatchEvent<T>>;
  /** Text of a container's log. */
  podLog(key: Required<ObjectKey>, options: { container: string; tailLines?: number }): Promise<string>;
  /** POST on a subresource, such as `pods/x/binding`. */
  createSubresource(type: ResourceType, key: ObjectKey, subresource: string, body: object): Promise<void>;
  /** PUT on a subresource, such as `virtualmachineinstances/x/freeze` of `subresources.kubevirt.io`. */
  putSubresource(type: ResourceType, key: Required<ObjectKey>, subresource: string, body: object): Promise<void>;
}

/** An answer of the API with a status code ≥ 400. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: number;
  /** Kubernetes' machine-readable reason, such as `NotFound`, `Conflict`, `AlreadyExists`, `Invalid`. */
  readonly reason: string;

  constructor(code: number, reason: string, message: string) {
    super(message);
    this.code = code;
    this.reason = reason;
  }
}

/** The API could not be reached, or the connection broke before an answer came. The call may or may not have had its effect. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
}

/** True for an {@link ApiError} with that reason. */
export function isApiError(error: unknown, reason: 'NotFound' | 'Conflict' | 'AlreadyExists' | 'Invalid' | 'Forbidden' | 'Expired'): error is ApiError {
  return error instanceof ApiError && error.reason === reason;
}
