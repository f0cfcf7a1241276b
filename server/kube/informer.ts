import type { ResourceType } from '../contract/api.ts';
import type { Clock } from '../contract/clock.ts';
import type { KubeObject } from '../contract/kubernetes.ts';
import type { Logger } from '../telemetry/log.ts';
import type { InformerMetrics } from '../telemetry/metrics.ts';
import { backoffMs } from './backoff.ts';
import { ApiError, type KubeClient, type ListOptions } from './client.ts';
import { keyOf } from './keys.ts';
import { ObjectCache, type Indexers } from './object-cache.ts';

const BACKOFF = { baseMs: 500, maxMs: 30_000 };

/** Told about every change of the cache. Objects are frozen. An exception is logged and otherwise ignored. */
export interface InformerHandler<T> {
  added?(object: T): void;
  updated?(object: T, old: T): void;
  deleted?(object: T): void;
}

/** A live, read-only copy of all objects of a kind. */
export interface Informer<T extends KubeObject> {
  readonly type: ResourceType;
  /** Lists and watches until the signal is aborted; then resolves. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
  /** Resolves when the first list is in the cache. */
  synced(): Promise<void>;
  get(namespace: string | undefined, name: string): T | undefined;
  list(namespace?: string): T[];
  /** Objects for which the declared index gave this value. */
  byIndex(name: string, value: string): T[];
  /** The handler is told `added` for what is there already. Returns the function that unsubscribes it. */
  subscribe(handler: InformerHandler<T>): () => void;
}

/** What an informer needs. `random` gives [0, 1). */
export interface InformerOptions<T extends KubeObject> {
  client: KubeClient;
  type: ResourceType;
  clock: Clock;
  log: Logger;
  scope?: Pick<ListOptions, 'namespace' | 'labelSelector' | 'fieldSelector'>;
  indexes?: Indexers<T>;
  random?: () => number;
  metrics?: InformerMetrics | undefined;
}

function isExpired(error: unknown): boolean {
  return error instanceof ApiError && error.code === 410;
}

/**
 * An informer: list, then watch from there, resume from the last version seen; 410 lists anew and reports only the
 * differences; a broken connection is tried again with backoff.
 */
export function createInformer<T extends KubeObject>(options: InformerOptions<T>): Informer<T> {
  const { client, type, clock, scope, metrics, random = Math.random } = options;
  const log = options.log.child({ informer: type.plural });
  const cache = new ObjectCache<T>(options.indexes ?? {});
  const handlers = new Set<InformerHandler<T>>();
  const { promise: synced, resolve: markSynced } = Promise.withResolvers<void>();

  function tell(call: (handler: InformerHandler<T>) => void, to: Iterable<InformerHandler<T>> = handlers): void {
    for (const handler of to) {
      try {
        call(handler);
      } catch (error) {
        log.error('a handler of the informer failed', { error });
      }
    }
  }

  function put(object: T): void {
    const old = cache.byKey(keyOf(object));

    if (old?.metadata.uid === object.metadata.uid && old?.metadata.resourceVersion === object.metadata.resourceVersion) {
      return;
    }
    if (old && old.metadata.uid !== object.metadata.uid) {
      // The same name is another object now: whoever held on to the old one has to hear that it is gone.
      remove(keyOf(object));
    }
    const before = cache.set(object);

    tell((handler) => (before ? handler.updated?.(object, before) : handler.added?.(object)));
  }

  function remove(key: string): void {
    const old = cache.delete(key);

    if (old) {
      tell((handler) => handler.deleted?.(old));
    }
  }

  async function relist(signal: AbortSignal): Promise<string> {
    const { items, resourceVersion } = await client.list<T>(type, { ...scope, signal });
    const present = new Set(items.map(keyOf));

    for (const key of cache.keys()) {
      if (!present.has(key)) {
        remove(key);
      }
    }
    items.forEach(put);
    metrics?.listed();
    markSynced();

    return resourceVersion;
  }

  /** One watch, until the API ends it. Gives the version to go on from through `seen`. */
  async function follow(resourceVersion: string, signal: AbortSignal, seen: (version: string) => void): Promise<void> {
    for await (const event of client.watch<T>(type, { ...scope, resourceVersion, signal })) {
      if (event.type === 'BOOKMARK') {
        seen(event.resourceVersion);
        continue;
      }
      if (event.type === 'DELETED') {
        remove(keyOf(event.object));
      } else {
        put(event.object);
      }
      seen(event.object.metadata.resourceVersion ?? resourceVersion);
    }
  }

  async function run(signal: AbortSignal): Promise<void> {
    let version: string | undefined;
    let failures = 0;

    while (!signal.aborted) {
      try {
        version ??= await relist(signal);
        const startedMs = clock.monotonicMs();
        const from = version;

        await follow(from, signal, (next) => {
          version = next;
          failures = 0;
        });
        if (clock.monotonicMs() - startedMs >= BACKOFF.baseMs) {
          failures = 0;
          continue;
        }
        // A watch that ends at once would otherwise spin.
      } catch (error) {
        if (signal.aborted) {
          return;
        }
        if (isExpired(error)) {
          log.info('the watch is too old, listing anew');
          version = undefined;
        } else {
          metrics?.failed();
          log.warn('the watch broke, trying again', { error, failures });
        }
      }
      await clock.sleep(backoffMs(failures++, BACKOFF, random), signal).catch(() => undefined);
    }
  }

  return {
    type,
    run,
    synced: () => synced,
    get: (namespace, name) => cache.get(namespace, name),
    list: (namespace) => cache.list(namespace),
    byIndex: (name, value) => cache.byIndex(name, value),
    subscribe(handler) {
      handlers.add(handler);
      for (const object of cache.list()) {
        tell((one) => one.added?.(object), [handler]);
      }

      return () => void handlers.delete(handler);
    },
  };
}
