/**
 * Types that users of the in-process Kubernetes API see: objects, identities, requests, hooks and options.
 */
import type { Store } from './store.ts';
import type { TypeRegistry } from './registry.ts';

/** A JSON object of unknown content. */
export type JsonObject = { [field: string]: unknown };

/** `metadata.ownerReferences[]`. */
export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

/** One entry of `metadata.managedFields`, kept only for objects that were server-side applied. */
export interface ManagedFieldsEntry {
  manager: string;
  operation: 'Apply' | 'Update';
  apiVersion: string;
  time: string;
  fieldsType: 'FieldsV1';
  fieldsV1: JsonObject;
  subresource?: string;
}

/** Kubernetes object metadata; times are RFC 3339 with seconds. */
export interface ObjectMeta {
  name: string;
  generateName?: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
  managedFields?: ManagedFieldsEntry[];
}

/** Any Kubernetes object. Objects that come out of the store are shared: never change them in place. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [field: string]: unknown;
}

/** Who sends a request. `groups` need not name `system:authenticated`; it is added. */
export interface Identity {
  user: string;
  groups: readonly string[];
}

/** What a request wants to do, as authorisation and the request hooks see it. */
export interface RequestAttributes {
  verb: string;
  /** API group, '' for core; undefined for a URL that is no resource. */
  group?: string;
  version?: string;
  resource?: string;
  subresource?: string;
  namespace?: string;
  name?: string;
  /** The URL path, for rules with `nonResourceURLs`. */
  path: string;
}

/** The answer of `authorize`; `reason` says which rule allowed it, or what is missing. */
export interface Decision {
  allowed: boolean;
  reason: string;
}

/** What `onRequest` hooks get. `before`: authenticated and parsed, nothing done yet. `after`: done and durable, not yet answered. */
export interface RequestEvent extends RequestAttributes {
  user: string;
  phase: 'before' | 'after';
  method: string;
  userAgent: string;
  query: URLSearchParams;
  /** Parsed request body of a write, undefined otherwise. */
  body?: unknown;
  /** HTTP status of the answer; only with phase `after`. */
  status?: number;
}

/** What a hook may do: nothing, answer in place of the server, or cut the connection without an answer. */
export type HookVerdict =
  | undefined
  | { respond: { code: number; reason?: string; message?: string; retryAfterSeconds?: number } }
  | { disconnect: true };

/** May be async; the request waits for it, so a hook can delay. A hook that throws fails the request with 500. */
export type RequestHook = (event: RequestEvent) => HookVerdict | void | Promise<HookVerdict | void>;

/** A request to an aggregated API, already authenticated and authorised. */
export interface AggregatedRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  identity: Identity;
  attributes: RequestAttributes;
  /** Parsed JSON body, or undefined when there was none. */
  body: unknown;
}

/** Answer of an aggregated API: objects are sent as JSON, strings as text. */
export interface AggregatedResponse {
  status: number;
  body?: unknown;
}

export type AggregatedHandler = (request: AggregatedRequest) => AggregatedResponse | Promise<AggregatedResponse>;

/** A resource of an aggregated API, for discovery. */
export interface AggregatedResource {
  name: string;
  kind: string;
  namespaced: boolean;
  verbs: string[];
}

/** Options of `GET pods/<name>/log`. */
export interface LogRequest {
  pod: KubeObject;
  container: string;
  tailLines?: number;
  limitBytes?: number;
  follow: boolean;
  timestamps: boolean;
  previous: boolean;
  /** Aborted when the client goes away. */
  signal: AbortSignal;
}

/** Gives the log of a container as text or as chunks (with `follow` the iteration ends when the container does). */
export type LogProvider = (request: LogRequest) => Promise<string | AsyncIterable<string | Uint8Array>>;

/** Source of time. `now` is in milliseconds since 1970; `schedule` returns a function that cancels. */
export interface ApiClock {
  now(): number;
  schedule(callback: () => void, milliseconds: number): () => void;
}

/** Log function; `fields` never hold request bodies, tokens or Secret data. */
export type ApiLog = (level: 'debug' | 'info' | 'warn' | 'error', message: string, fields?: Record<string, unknown>) => void;

/** Options of `createApiServer`. */
export interface ApiServerOptions {
  /** Folder for the durable log; created when absent. Exactly one of `storageDir` and `memory`. */
  storageDir?: string;
  /** Keep everything in memory only. */
  memory?: boolean;
  /** `fsync` (default): a write is answered after fdatasync. `write`: after write(2), which survives a kill but not a power cut. */
  durability?: 'fsync' | 'write';
  clock?: ApiClock;
  /** Random bytes for UIDs and generated names; default is node:crypto. */
  randomBytes?: (size: number) => Uint8Array;
  /** Bearer token → identity. More can be added with `addToken`. */
  tokens?: Record<string, Identity>;
  /** Asked for bearer tokens that are not in `tokens`. */
  authenticate?: (token: string) => Identity | undefined | Promise<Identity | undefined>;
  /** CustomResourceDefinitions that are created or updated before the server answers. */
  crds?: readonly JsonObject[];
  log?: ApiLog;
  /** How many events per resource type a watch can go back; default 4096. */
  watchWindow?: number;
  /** How long after a write idle watchers get a bookmark, in milliseconds; default 60,000. */
  bookmarkDelay?: number;
  /** Add pvc-protection and pv-protection finalizers as the admission plugin does (a driver then must remove them); default false. */
  storageProtection?: boolean;
}

/** An in-process request, for callers in the same process that must not go through a socket. */
export interface DirectRequest {
  method: string;
  /** Path with query, as in a URL. */
  url: string;
  /** Object (sent as JSON) for writes. */
  body?: unknown;
  contentType?: string;
  accept?: string;
  userAgent?: string;
}

/** Answer to a direct request; `body` is the parsed JSON, or text where the answer is text. */
export interface DirectResponse {
  status: number;
  body: unknown;
}

/** The running API. */
export interface ApiServer {
  /** Listens and gives the base URL, e.g. `http://127.0.0.1:40123`. Port 0 takes a free one. */
  listen(port: number, host?: string): Promise<string>;
  /** The same over TLS, beside it: `https://…`. */
  listenTls(certificate: { cert: string; key: string }, port: number, host?: string): Promise<string>;
  /** Ends watches and connections, waits for durable writes and closes the log. */
  close(): Promise<void>;
  /** Read access to objects and events for code in the same process. */
  store: Store;
  /** The served resource types. */
  types: TypeRegistry;
  /** Performs a request as `identity` without a socket; not for watch or followed logs. */
  request(identity: Identity, request: DirectRequest): Promise<DirectResponse>;
  /** Serves an aggregated API under `prefix`, e.g. `/apis/subresources.kubevirt.io/v1`; RBAC is checked before the handler runs. */
  addRoute(prefix: string, handler: AggregatedHandler, resources?: readonly AggregatedResource[]): void;
  /** Creates the CRD, or updates the one that is there, and serves it. Throws ApiError when it is invalid. */
  registerCrd(crd: JsonObject): KubeObject;
  /** Adds a hook; the returned function removes it. */
  onRequest(hook: RequestHook): () => void;
  /** Supplies pod logs; without a provider the log endpoint answers 404. */
  setLogProvider(provider: LogProvider): void;
  addToken(token: string, identity: Identity): void;
  /** RBAC decision over the stored roles and bindings. */
  authorize(identity: Identity, attributes: RequestAttributes): Decision;
  /** Resolves when garbage collection, namespace deletion and role aggregation have nothing left to do now. */
  settled(): Promise<void>;
}
