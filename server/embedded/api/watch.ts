/** Watches: from a revision on, each change that concerns the selection, as JSON lines. */
import type { Core } from './core.ts';
import type { KubeObject } from './types.ts';
import type { ResourceType } from './resource-type.ts';
import type { Matcher } from './selectors.ts';
import type { Entry, StoreEvent } from './store.ts';
import { ApiError, badRequest, expired } from './status.ts';
import { parseRevision, readListRevision, revisionProblem } from './options.ts';
import { compileMatcher } from './selectors.ts';
import { inVersion } from './intake.ts';
import { joinApiVersion } from './object.ts';
import { storageKey } from './resource-type.ts';

const DEFAULT_TIMEOUT_SECONDS = 1800;
const INITIAL_END = 'k8s.io/initial-events-end';

/** Where a watch writes to. `write` gives whole lines; `end` closes the answer. */
export interface WatchSink {
  write(line: string): void;
  end(): void;
}

/** Renders an object for the client, e.g. as a Table row. */
export type Render = (object: KubeObject) => unknown;

/** Open watches; sends bookmarks after writes, so that no timer runs while nothing is written. */
export class WatchHub {
  readonly #core: Core;
  readonly #delay: number;
  readonly #open = new Set<Watch>();
  #cancelBookmarks: (() => void) | undefined;

  constructor(core: Core, bookmarkDelay: number) {
    this.#core = core;
    this.#delay = bookmarkDelay;
    core.store.subscribeAll(() => this.#scheduleBookmarks());
  }

  /** Number of open watches. */
  get size(): number {
    return this.#open.size;
  }

  #scheduleBookmarks(): void {
    if (this.#cancelBookmarks || this.#open.size === 0) return;
    this.#cancelBookmarks = this.#core.clock.schedule(() => {
      this.#cancelBookmarks = undefined;
      for (const watch of this.#open) watch.bookmark();
    }, this.#delay);
  }

  /** Starts a watch as the query says; the returned function ends it when the client has gone. Throws 400 for bad selectors. */
  start(type: ResourceType, namespace: string | undefined, query: URLSearchParams, sink: WatchSink, render?: Render): () => void {
    const watch = new Watch(this.#core, type, namespace, query, sink, render);
    this.#open.add(watch);
    watch.onEnd = () => this.#open.delete(watch);
    try {
      watch.begin();
    } catch (error) {
      this.#open.delete(watch);
      throw error;
    }
    return () => watch.stop();
  }

  /** Ends all watches and timers. */
  close(): void {
    this.#cancelBookmarks?.();
    for (const watch of [...this.#open]) watch.stop();
  }
}

class Watch {
  onEnd: () => void = () => undefined;
  readonly #core: Core;
  readonly #type: ResourceType;
  readonly #prefix: string;
  readonly #query: URLSearchParams;
  readonly #sink: WatchSink;
  readonly #render: Render | undefined;
  readonly #matcher: Matcher | undefined;
  readonly #bookmarks: boolean;
  readonly #stops: Array<() => void> = [];
  #sentRevision = 0;
  #after = 0;
  #ended = false;

  constructor(core: Core, type: ResourceType, namespace: string | undefined, query: URLSearchParams, sink: WatchSink, render: Render | undefined) {
    this.#core = core;
    this.#type = type;
    this.#prefix = namespace ? `${namespace}/` : '';
    this.#query = query;
    this.#sink = sink;
    this.#render = render;
    this.#matcher = compileMatcher(type, query.get('labelSelector') ?? '', query.get('fieldSelector') ?? '');
    this.#bookmarks = query.get('allowWatchBookmarks') === 'true' || query.get('allowWatchBookmarks') === '1';
  }

  begin(): void {
    const seconds = Number(this.#query.get('timeoutSeconds') || DEFAULT_TIMEOUT_SECONDS);
    if (!(seconds > 0)) throw badRequest('timeoutSeconds must be a positive number');
    const text = this.#query.get('resourceVersion') ?? '';
    if (parseRevision(text) === undefined) throw new ApiError(500, '', revisionProblem(text));
    const revision = readListRevision(this.#query);
    const resource = storageKey(this.#type);
    const initial = this.#query.get('sendInitialEvents') === 'true';
    if (initial || revision === 0) this.#sendState(resource, initial);
    else {
      const missed = this.#core.store.eventsAfter(resource, revision);
      if (!missed) {
        this.#send('ERROR', JSON.stringify(expired(`too old resource version: ${revision} (${this.#core.store.revision})`).toStatus()));
        this.stop();
        return;
      }
      this.#sentRevision = revision;
      // A revision that is still to come is waited for.
      this.#after = revision;
      for (const event of missed) this.#deliver(event);
    }
    this.#stops.push(this.#core.store.subscribe(resource, (event) => this.#deliver(event)));
    this.#stops.push(this.#core.clock.schedule(() => {
      this.bookmark();
      this.stop();
    }, seconds * 1000));
  }

  #sendState(resource: string, marked: boolean): void {
    for (const entry of this.#core.store.entries(resource, this.#prefix.slice(0, -1) || undefined)) {
      if (!this.#matcher || this.#matcher(entry.object)) this.#sendEntry('ADDED', entry);
    }
    this.#sentRevision = this.#core.store.revision;
    if (marked && this.#bookmarks) this.#sendBookmark({ [INITIAL_END]: 'true' });
  }

  #deliver(event: StoreEvent): void {
    if (this.#ended || event.revision <= this.#after || !event.key.startsWith(this.#prefix)) return;
    this.#sentRevision = event.revision;
    if (!this.#matcher) {
      this.#sendEntry(event.type, event.entry);
      return;
    }
    const before = event.previous !== undefined && this.#matcher(event.previous.object);
    const after = event.type !== 'DELETED' && this.#matcher(event.entry.object);
    if (after) this.#sendEntry(before ? 'MODIFIED' : 'ADDED', event.entry);
    else if (before) this.#sendEntry('DELETED', this.#left(event));
  }

  /** State with which an object leaves the selection: the old one, with the revision of the change. */
  #left(event: StoreEvent): Entry {
    if (event.type === 'DELETED' || !event.previous) return event.entry;
    const { object } = event.previous;
    const last = { ...object, metadata: { ...object.metadata, resourceVersion: String(event.revision) } };
    return { object: last, json: JSON.stringify(last) };
  }

  #sendEntry(kind: string, entry: Entry): void {
    if (this.#render) this.#send(kind, JSON.stringify(this.#render(inVersion(this.#type, entry.object))));
    else this.#send(kind, this.#type.version === this.#type.storageVersion ? entry.json : JSON.stringify(inVersion(this.#type, entry.object)));
  }

  #send(kind: string, json: string): void {
    this.#sink.write(`{"type":"${kind}","object":${json}}\n`);
  }

  /** Tells a client that asked for bookmarks up to which revision it has seen everything; nothing when it knows already. */
  bookmark(): void {
    if (this.#ended || !this.#bookmarks || this.#sentRevision >= this.#core.store.revision) return;
    this.#sentRevision = this.#core.store.revision;
    this.#sendBookmark();
  }

  #sendBookmark(annotations?: Record<string, string>): void {
    const metadata = { resourceVersion: String(this.#sentRevision), creationTimestamp: null, ...(annotations ? { annotations } : {}) };
    this.#send('BOOKMARK', JSON.stringify({ kind: this.#type.kind, apiVersion: joinApiVersion(this.#type.group, this.#type.version), metadata }));
  }

  stop(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const stop of this.#stops) stop();
    this.onEnd();
    this.#sink.end();
  }
}
