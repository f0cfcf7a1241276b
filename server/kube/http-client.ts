import { apiVersionOf, type ResourceType } from '../contract/api.ts';
import type { KubeObject } from '../contract/kubernetes.ts';
import { ApiError, isApiError, type KubeClient, type ListOptions, type ListResult, type WatchEvent } from './client.ts';
import { apiErrorOf, createTransport, type TransportOptions } from './http-transport.ts';
import { actionPath, collectionPath, objectPath } from './paths.ts';

/** Every page costs the API server some 0.2 s beside its objects; a page of this many of our largest kind is 10 MB. */
const PAGE_SIZE = 2000;

/** Options of {@link createHttpClient}. */
export interface HttpClientOptions extends TransportOptions {
  /** After so many seconds the API is asked to end a watch, so that one that died in silence is noticed soon after. Default 290. */
  watchTimeoutSeconds?: number;
  /** Objects per page of a list. Default 2000. */
  pageSize?: number;
}

/** A client that owns a connection pool. */
export interface HttpKubeClient extends KubeClient {
  /** Closes idle connections; running calls end on their own. */
  close(): void;
}

interface ListBody<T> { metadata?: { resourceVersion?: string; continue?: string }; items?: T[] }
interface WatchLine { type: string; object: KubeObject & { code?: number } }

function query(values: Record<string, string | number | boolean | undefined>): string {
  const parameters = new URLSearchParams();

  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && value !== '') {
      parameters.set(name, String(value));
    }
  }

  return parameters.size === 0 ? '' : `?${parameters.toString()}`;
}

/** Splits chunks of text into lines; a last line without newline is not given (it is cut off). */
async function* linesOf(chunks: AsyncIterable<string>): AsyncIterable<string> {
  let rest = '';

  for await (const chunk of chunks) {
    const lines = (rest + chunk).split('\n');

    rest = lines.pop() ?? '';
    yield* lines.filter((line) => line.trim() !== '');
  }
}

/** A record of who wrote which field, as long as the object itself, which nobody here reads: it goes before it is kept. */
function withoutManagedFields<T extends KubeObject>(object: T): T {
  delete (object.metadata as { managedFields?: unknown } | undefined)?.managedFields;

  return object;
}

function watchEventOf<T extends KubeObject>(line: WatchLine): WatchEvent<T> {
  switch (line.type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return { type: line.type, object: withoutManagedFields(line.object) as unknown as T };
    case 'BOOKMARK':
      return { type: 'BOOKMARK', resourceVersion: line.object.metadata.resourceVersion ?? '' };
    case 'ERROR':
      throw apiErrorOf(line.object.code ?? 500, JSON.stringify(line.object));
    default:
      throw new ApiError(500, 'Unknown', `watch: unknown event type ${line.type}`);
  }
}

/** A {@link KubeClient} over HTTP. Never logs and never puts the token into an error. */
export function createHttpClient(options: HttpClientOptions): HttpKubeClient {
  const transport = createTransport(options);
  const pageSize = options.pageSize ?? PAGE_SIZE;
  const watchSeconds = options.watchTimeoutSeconds ?? 290;
  const parsed = async <T>(text: Promise<string>): Promise<T> => JSON.parse(await text) as T;

  async function listPage<T extends KubeObject>(type: ResourceType, list: ListOptions, page: { limit?: number; continue?: string }): Promise<ListBody<T>> {
    const { labelSelector, fieldSelector, signal } = list;
    const path = collectionPath(type, list.namespace) + query({ labelSelector, fieldSelector, ...page });

    const body = await parsed<ListBody<T>>(transport.text({ method: 'GET', path, signal }));

    // Items of a list come without apiVersion and kind.
    return { ...body, items: (body.items ?? []).map((item) => ({ ...withoutManagedFields(item), apiVersion: apiVersionOf(type), kind: type.kind })) };
  }

  async function list<T extends KubeObject>(type: ResourceType, listOptions: ListOptions = {}): Promise<ListResult<T>> {
    let body = await listPage<T>(type, listOptions, { limit: pageSize });
    let items = body.items ?? [];
    let resourceVersion = body.metadata?.resourceVersion ?? '';

    while (body.metadata?.continue) {
      try {
        body = await listPage<T>(type, listOptions, { limit: pageSize, continue: body.metadata.continue });
        items = items.concat(body.items ?? []);
      } catch (error) {
        if (!(error instanceof ApiError && error.code === 410)) {
          throw error;
        }
        // The snapshot behind the continue token was compacted away: one unpaged list is whole at one version.
        body = await listPage<T>(type, listOptions, {});
        items = body.items ?? [];
        resourceVersion = body.metadata?.resourceVersion ?? '';
      }
    }

    return { items, resourceVersion };
  }

  async function* watch<T extends KubeObject>(type: ResourceType, watchOptions: ListOptions & { resourceVersion: string }): AsyncIterable<WatchEvent<T>> {
    const { namespace, labelSelector, fieldSelector, resourceVersion, signal } = watchOptions;
    const path = collectionPath(type, namespace)
      + query({ watch: true, allowWatchBookmarks: true, timeoutSeconds: watchSeconds, labelSelector, fieldSelector, resourceVersion });

    for await (const line of linesOf(transport.stream({ method: 'GET', path, signal }, (watchSeconds + 15) * 1000))) {
      yield watchEventOf<T>(JSON.parse(line) as WatchLine);
    }
  }

  const get: KubeClient['get'] = (type, key) => parsed(transport.text({ method: 'GET', path: objectPath(type, key) }));

  return {
    get,
    list,
    watch,
    async find<T extends KubeObject>(type: ResourceType, key: { namespace?: string; name: string }) {
      try {
        return await get<T>(type, key);
      } catch (error) {
        if (isApiError(error, 'NotFound')) {
          return undefined;
        }
        throw error;
      }
    },
    create: (type, object) => parsed(transport.text({ method: 'POST', path: collectionPath(type, object.metadata.namespace), body: object })),
    replace: (type, object) => parsed(transport.text({ method: 'PUT', path: objectPath(type, object.metadata), body: object })),
    replaceStatus: (type, object) => parsed(transport.text({ method: 'PUT', path: `${objectPath(type, object.metadata)}/status`, body: object })),
    patch: (type, key, patch) => parsed(transport.text({ method: 'PATCH', path: objectPath(type, key), body: patch, contentType: 'application/merge-patch+json' })),
    async delete(type, key, { uid, resourceVersion, propagationPolicy, gracePeriodSeconds } = {}) {
      const preconditions = uid === undefined && resourceVersion === undefined ? undefined : { uid, resourceVersion };

      try {
        await transport.text({ method: 'DELETE', path: objectPath(type, key), body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions, propagationPolicy, gracePeriodSeconds } });
      } catch (error) {
        if (!isApiError(error, 'NotFound')) {
          throw error;
        }
      }
    },
    podLog: (key, { container, tailLines }) => transport.text({ method: 'GET', path: `/api/v1/namespaces/${encodeURIComponent(key.namespace)}/pods/${encodeURIComponent(key.name)}/log${query({ container, tailLines })}` }),
    async createSubresource(type, key, subresource, body) {
      await transport.text({ method: 'POST', path: `${objectPath(type, key)}/${subresource}`, body });
    },
    async putSubresource(type, key, subresource, body) {
      await transport.text({ method: 'PUT', path: actionPath(type, key, subresource), body });
    },
    close: () => transport.close(),
  };
}
