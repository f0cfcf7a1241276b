/** A running API with a client that speaks plain HTTP. */
import { createApiServer, type ApiServer, type ApiServerOptions, type JsonObject, type KubeObject } from '../../../server/embedded/api/index.ts';

/** A parsed answer. `body` is JSON where it is JSON, text otherwise. */
export interface Answer<T> {
  status: number;
  body: T;
  headers: Headers;
}

/** A Status object as errors have it. */
export interface StatusBody extends JsonObject {
  reason: string;
  message: string;
  code: number;
  details?: { name?: string; kind?: string; causes?: Array<{ reason: string; message: string; field?: string }> };
}

export interface WatchEvent {
  type: string;
  object: KubeObject & StatusBody;
}

/** An open watch: `next` waits for the next event, `end` says when the server has closed it. */
export interface OpenWatch {
  status: number;
  next(): Promise<WatchEvent>;
  rest(): Promise<WatchEvent[]>;
  stop(): void;
}

export const ADMIN = 'admin-token';
export const BOB = 'bob-token';
export const MERGE = 'application/merge-patch+json';
export const APPLY = 'application/apply-patch+yaml';

export interface Harness {
  api: ApiServer;
  url: string;
  call<T = KubeObject & StatusBody>(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer<T>>;
  watch(path: string): Promise<OpenWatch>;
  close(): Promise<void>;
}

async function* lines(response: Response): AsyncGenerator<WatchEvent> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      yield JSON.parse(text.slice(0, end)) as WatchEvent;
      text = text.slice(end + 1);
    }
  }
}

/** Calls a running API as the administrator unless `authorization` says otherwise. */
export async function callUrl<T>(url: string, method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer<T>> {
  const response = await fetch(url + path, {
    method, headers: { authorization: `Bearer ${ADMIN}`, 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json');
  return { status: response.status, body: (isJson ? JSON.parse(text) : text) as T, headers: response.headers };
}

/** Opens a watch over HTTP. */
export async function openWatch(url: string, path: string): Promise<OpenWatch> {
  const controller = new AbortController();
  const response = await fetch(url + path, { headers: { authorization: `Bearer ${ADMIN}` }, signal: controller.signal });
  const events = lines(response);
  return {
    status: response.status,
    stop: () => controller.abort(),
    async next() {
      const { value, done } = await events.next() as IteratorResult<WatchEvent, undefined>;
      if (done) throw new Error(`the watch of ${path} ended`);
      return value;
    },
    async rest() {
      const all: WatchEvent[] = [];
      for await (const event of events) all.push(event);
      return all;
    },
  };
}

/** Starts an API in memory (or as the options say) on a free port. */
export async function startApi(options: Partial<ApiServerOptions> = {}): Promise<Harness> {
  const api = createApiServer({
    ...(options.storageDir ? {} : { memory: true }),
    tokens: { [ADMIN]: { user: 'admin', groups: ['system:masters'] }, [BOB]: { user: 'bob', groups: ['team'] } }, ...options,
  });
  const url = await api.listen(0);
  return { api, url, call: (method, path, body, headers) => callUrl(url, method, path, body, headers), watch: (path) => openWatch(url, path), close: () => api.close() };
}

/** A ConfigMap of namespace `default`. */
export const configMap = (name: string, more: { data?: Record<string, string>; metadata?: JsonObject } = {}): JsonObject =>
  ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...more.metadata }, ...(more.data ? { data: more.data } : {}) });

export const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
export const WIDGETS = '/apis/example.io/v1/namespaces/default/widgets';

/** A CRD with everything this server does for custom types. */
export const WIDGET_CRD: JsonObject = {
  apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'widgets.example.io' },
  spec: {
    group: 'example.io', scope: 'Namespaced', names: { plural: 'widgets', kind: 'Widget', shortNames: ['wd'] },
    versions: [{
      name: 'v1', served: true, storage: true, subresources: { status: {} },
      additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }, { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' }],
      selectableFields: [{ jsonPath: '.spec.source' }],
      schema: {
        openAPIV3Schema: {
          type: 'object', required: ['spec'],
          properties: {
            spec: {
              type: 'object', required: ['source'],
              'x-kubernetes-validations': [{ rule: 'self.source == oldSelf.source', message: 'source is immutable' }, { rule: 'self.size < 100', message: 'size must be below 100' }],
              properties: {
                source: { type: 'string', minLength: 1 }, size: { type: 'integer', default: 3 },
                parts: { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'], items: { type: 'object', required: ['name'], properties: { name: { type: 'string' }, value: { type: 'string' } } } },
              },
            },
            status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
          },
        },
      },
    }],
  },
};

/** A widget. */
export const widget = (name: string, spec: JsonObject = { source: 'a' }, metadata: JsonObject = {}): JsonObject =>
  ({ apiVersion: 'example.io/v1', kind: 'Widget', metadata: { name, ...metadata }, spec });
