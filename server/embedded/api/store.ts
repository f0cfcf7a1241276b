/**
 * Objects, resource versions and events. Every change is synchronous and gets the next number of one global counter;
 * stored objects are immutable, so a reader can hold them while writers go on.
 */
import type { KubeObject } from './types.ts';
import type { Journal } from './persistence.ts';
import { keyOf } from './object.ts';

/** A stored object with its JSON text, serialised once. */
export interface Entry {
  object: KubeObject;
  json: string;
}

/** A change. For DELETED, `entry` is the last state with the revision of the deletion. */
export interface StoreEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  resource: string;
  key: string;
  revision: number;
  entry: Entry;
  previous: Entry | undefined;
}

export type StoreListener = (event: StoreEvent) => void;

/** Keys and entries of one resource type at one revision. */
export interface Snapshot {
  /** Sorted as etcd sorts: by `namespace/name`. */
  keys: readonly string[];
  get(key: string): Entry | undefined;
}

interface Bucket {
  entries: Map<string, Entry>;
  keys: string[];
  events: StoreEvent[];
  /** Index of the first event that still counts; the array is cut when this grows large. */
  first: number;
  /** Changes up to this revision are forgotten. */
  floor: number;
  listeners: Set<StoreListener>;
}

/** First index of `keys` that is not below `key`. */
export function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] as string) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** In-memory state of the API, written through to a journal where there is one. */
export class Store {
  readonly #buckets = new Map<string, Bucket>();
  readonly #listeners = new Set<StoreListener>();
  readonly #journal: Journal | undefined;
  readonly #window: number;
  readonly #startRevision: number;
  #revision: number;

  constructor(options: { journal?: Journal; window: number }) {
    this.#journal = options.journal;
    this.#window = options.window;
    this.#revision = Math.max(1, options.journal?.load((resource, object, json) => this.#restore(resource, object, json)) ?? 1);
    this.#startRevision = this.#revision;
    for (const bucket of this.#buckets.values()) {
      bucket.floor = this.#startRevision;
      bucket.keys = [...bucket.entries.keys()].sort();
    }
    options.journal?.start(() => this.#dump(), () => this.#revision);
  }

  #restore(resource: string, object: KubeObject | string, json: string): void {
    const bucket = this.#bucket(resource);
    if (typeof object === 'string') bucket.entries.delete(object);
    else bucket.entries.set(keyOf(object), { object, json });
  }

  *#dump(): Generator<{ resource: string; json: string }> {
    for (const [resource, bucket] of this.#buckets) for (const entry of bucket.entries.values()) yield { resource, json: entry.json };
  }

  #bucket(resource: string): Bucket {
    let bucket = this.#buckets.get(resource);
    if (!bucket) {
      bucket = { entries: new Map(), keys: [], events: [], first: 0, floor: this.#startRevision ?? 0, listeners: new Set() };
      this.#buckets.set(resource, bucket);
    }
    return bucket;
  }

  /** Revision of the last change of anything. */
  get revision(): number {
    return this.#revision;
  }

  /** An object by resource (`group/plural`) and key (`namespace/name` or `name`). */
  get(resource: string, key: string): KubeObject | undefined {
    return this.#bucket(resource).entries.get(key)?.object;
  }

  entry(resource: string, key: string): Entry | undefined {
    return this.#bucket(resource).entries.get(key);
  }

  /** All objects of a resource, or those of one namespace, in key order. */
  list(resource: string, namespace?: string): KubeObject[] {
    return this.entries(resource, namespace).map((entry) => entry.object);
  }

  /** As `list`, with the objects' JSON. */
  entries(resource: string, namespace?: string): Entry[] {
    const { entries, keys } = this.#bucket(resource);
    const from = namespace ? lowerBound(keys, `${namespace}/`) : 0;
    const to = namespace ? lowerBound(keys, `${namespace}0`) : keys.length;
    return keys.slice(from, to).map((key) => entries.get(key)).filter((entry) => entry !== undefined);
  }

  /** Number of objects of a resource. */
  count(resource: string): number {
    return this.#bucket(resource).entries.size;
  }

  /** Resources that have held an object, as `group/plural`. */
  resources(): string[] {
    return [...this.#buckets.keys()];
  }

  /** The state of a resource at `revision`, rebuilt by undoing later events; undefined when they are forgotten. */
  snapshot(resource: string, revision: number): Snapshot | undefined {
    const bucket = this.#bucket(resource);
    const later = this.eventsAfter(resource, revision);
    if (!later) return undefined;
    if (later.length === 0) return { keys: bucket.keys, get: (key) => bucket.entries.get(key) };
    const undone = new Map<string, Entry | undefined>();
    for (const event of later) if (!undone.has(event.key)) undone.set(event.key, event.previous);
    const keys = bucket.keys.filter((key) => !undone.has(key));
    for (const [key, entry] of undone) if (entry) keys.push(key);
    keys.sort();
    return { keys, get: (key) => (undone.has(key) ? undone.get(key) : bucket.entries.get(key)) };
  }

  /** Events of a resource with a revision above `revision`, oldest first; undefined when some of them are forgotten. */
  eventsAfter(resource: string, revision: number): StoreEvent[] | undefined {
    const bucket = this.#bucket(resource);
    if (revision < bucket.floor) return undefined;
    let index = bucket.events.length;
    while (index > bucket.first && (bucket.events[index - 1] as StoreEvent).revision > revision) index--;
    return bucket.events.slice(index);
  }

  /** Stores an object under its key with the next revision and tells listeners; returns what was stored. */
  put(resource: string, object: KubeObject): KubeObject {
    const bucket = this.#bucket(resource);
    const revision = this.#revision + 1;
    const { apiVersion, kind, metadata, ...rest } = object;
    // In this order, so that lists can leave the first two out of the stored text.
    const stored: KubeObject = { apiVersion, kind, metadata: { ...metadata, resourceVersion: String(revision) }, ...rest };
    const entry: Entry = { object: stored, json: JSON.stringify(stored) };
    const key = keyOf(stored);
    this.#journal?.put(resource, entry.json);
    this.#revision = revision;
    const previous = bucket.entries.get(key);
    if (!previous) bucket.keys.splice(lowerBound(bucket.keys, key), 0, key);
    bucket.entries.set(key, entry);
    this.#emit(bucket, { type: previous ? 'MODIFIED' : 'ADDED', resource, key, revision, entry, previous });
    return stored;
  }

  /** Replaces what readers see of each object without a change: no new revision, no event, nothing in the journal. */
  reread(resource: string, read: (object: KubeObject) => KubeObject): void {
    const { entries } = this.#bucket(resource);
    for (const [key, entry] of entries) {
      const object = read(entry.object);
      const json = JSON.stringify(object);
      if (json !== entry.json) entries.set(key, { object, json });
    }
  }

  /** Removes an object; returns its last state with the revision of the removal, undefined when there was none. */
  remove(resource: string, key: string): KubeObject | undefined {
    const bucket = this.#bucket(resource);
    const previous = bucket.entries.get(key);
    if (!previous) return undefined;
    const revision = this.#revision + 1;
    this.#journal?.remove(resource, key, revision);
    this.#revision = revision;
    const object: KubeObject = { ...previous.object, metadata: { ...previous.object.metadata, resourceVersion: String(revision) } };
    bucket.entries.delete(key);
    bucket.keys.splice(lowerBound(bucket.keys, key), 1);
    this.#emit(bucket, { type: 'DELETED', resource, key, revision, entry: { object, json: JSON.stringify(object) }, previous });
    return object;
  }

  #emit(bucket: Bucket, event: StoreEvent): void {
    bucket.events.push(event);
    if (bucket.events.length - bucket.first > this.#window) {
      bucket.floor = (bucket.events[bucket.first] as StoreEvent).revision;
      bucket.first++;
      if (bucket.first > this.#window) {
        bucket.events.splice(0, bucket.first);
        bucket.first = 0;
      }
    }
    for (const listener of [...bucket.listeners]) listener(event);
    for (const listener of [...this.#listeners]) listener(event);
  }

  /** Calls `listener` for each change of a resource, synchronously and in order; the returned function ends it. */
  subscribe(resource: string, listener: StoreListener): () => void {
    const { listeners } = this.#bucket(resource);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** Calls `listener` for each change of anything. */
  subscribeAll(listener: StoreListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves when every change so far is durable. */
  durable(): Promise<void> {
    return this.#journal?.durable() ?? Promise.resolve();
  }

  /** Makes the last changes durable and closes the journal. */
  async close(): Promise<void> {
    await this.#journal?.close();
  }
}
