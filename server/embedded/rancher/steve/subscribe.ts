import type { WebSocket } from 'ws';
import type { ResourceType, StoreEvent } from '../../api/index.ts';
import type { SteveContext } from './types.ts';
import { isObject, objectKey } from '../../api/object.ts';
import { storageKey } from '../../api/resource-type.ts';
import { compileMatcher } from '../../api/selectors.ts';
import { Access } from './access.ts';
import { countsOf } from './counts.ts';
import { toResource } from './resource.ts';
import { findType, listSchemas } from './schemas.ts';

/** What starts later than now: pings, and the bundling of frequent changes. */
export type Schedule = (callback: () => void, milliseconds: number) => () => void;

/** What a subscription is about; it is repeated in every message, so that the shell finds the watch that it belongs to. */
interface Topic { resourceType: string; namespace?: string; id?: string; selector?: string; mode?: string }

const CHANGES_MODE = 'resource.changes';
const PING_MS = 5000;
const COUNT_BUNDLE_MS = 1000;
const CHANGES_BUNDLE_MS = 250;
/** A change of these may change what a user can see, so the schemas are told anew. */
const SCHEMA_SOURCES = ['apiextensions.k8s.io/customresourcedefinitions'];

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

function topicOf(message: Record<string, unknown>): Topic {
  const [namespace, id, selector, mode] = [text(message['namespace']), text(message['id']), text(message['selector']), text(message['mode'])];

  return {
    resourceType: String(message['resourceType'] ?? ''),
    ...(namespace ? { namespace } : {}), ...(id ? { id } : {}), ...(selector ? { selector } : {}), ...(mode ? { mode } : {}),
  };
}

const keyOf = (topic: Topic): string => JSON.stringify([topic.resourceType, topic.namespace, topic.id, topic.selector, topic.mode]);

/** Runs an action once, a while after the first of a burst of calls. */
function bundled(action: () => void, milliseconds: number, schedule: Schedule): { call: () => void; cancel: () => void } {
  let cancel: (() => void) | undefined;

  return {
    call: () => {
      cancel ??= schedule(() => {
        cancel = undefined;
        action();
      }, milliseconds);
    },
    cancel: () => cancel?.(),
  };
}

/** One browser's socket: any number of watches, each ended by the browser or with the socket. */
class Subscriptions implements Subscriber {
  readonly #context: SteveContext;
  readonly #socket: WebSocket;
  readonly #schedule: Schedule;
  readonly #watches = new Map<string, () => void>();

  constructor(context: SteveContext, socket: WebSocket, schedule: Schedule) {
    this.#context = context;
    this.#socket = socket;
    this.#schedule = schedule;
  }

  send(name: string, fields: object): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(JSON.stringify({ name, ...fields }));
  }

  close(): void {
    for (const stop of this.#watches.values()) stop();
    this.#watches.clear();
  }

  /** Handles one message of the browser: begin a watch, or stop one. */
  handle(message: Record<string, unknown>): void {
    const topic = topicOf(message);
    const key = keyOf(topic);

    if (message['stop'] === true) {
      this.#watches.get(key)?.();
      this.#watches.delete(key);
      this.send('resource.stop', topic);

      return;
    }
    this.#watches.get(key)?.();
    this.#watches.delete(key);
    const stop = this.#begin(topic, text(message['resourceVersion']));

    if (stop) this.#watches.set(key, stop);
  }

  #fail(topic: Topic, error: string): undefined {
    this.send('resource.error', { ...topic, data: { error } });
    this.send('resource.stop', topic);
  }

  #begin(topic: Topic, resourceVersion: string | undefined): (() => void) | undefined {
    if (topic.resourceType === 'count') return this.#watchCounts(topic);
    if (topic.resourceType === 'schema') return this.#watchSchemas(topic);
    const type = findType(this.#context, topic.resourceType);

    if (!type) return this.#fail(topic, `failed to find schema ${topic.resourceType}`);
    const allowed = new Access(this.#context.api, this.#context.identity).namespaces(type, 'watch');

    if (allowed && allowed.length === 0) return this.#fail(topic, 'watch not allowed');

    return this.#watchObjects(topic, type, resourceVersion);
  }

  #watchCounts(topic: Topic): () => void {
    const tell = bundled(() => this.send('resource.change', { ...topic, data: countsOf(this.#context) }), COUNT_BUNDLE_MS, this.#schedule);
    const unsubscribe = this.#context.api.store.subscribeAll(tell.call);

    this.send('resource.start', topic);

    return () => {
      unsubscribe();
      tell.cancel();
    };
  }

  #watchSchemas(topic: Topic): () => void {
    const known = new Map(listSchemas(this.#context).map((schema) => [schema.id, JSON.stringify(schema)]));
    const tell = bundled(() => {
      const now = listSchemas(this.#context);

      for (const schema of now) {
        const json = JSON.stringify(schema);
        if (known.get(schema.id) !== json) this.send('resource.change', { ...topic, data: schema });
        known.set(schema.id, json);
      }
      for (const id of known.keys()) {
        if (now.some((schema) => schema.id === id)) continue;
        known.delete(id);
        this.send('resource.remove', { ...topic, data: { id, type: 'schema' } });
      }
    }, COUNT_BUNDLE_MS, this.#schedule);
    const stops = SCHEMA_SOURCES.map((source) => this.#context.api.store.subscribe(source, tell.call));

    this.send('resource.start', topic);

    return () => {
      for (const stop of stops) stop();
      tell.cancel();
    };
  }

  #watchObjects(topic: Topic, type: ResourceType, resourceVersion: string | undefined): (() => void) | undefined {
    const { store } = this.#context.api;
    const resource = storageKey(type);
    const since = Number(resourceVersion ?? store.revision);
    const missed = store.eventsAfter(resource, since);

    if (!missed || !Number.isFinite(since)) return this.#fail(topic, `too old resource version: ${resourceVersion}`);
    const forward = this.#forwarder(topic, type);

    this.send('resource.start', topic);
    missed.forEach(forward.event);
    const unsubscribe = store.subscribe(resource, forward.event);

    return () => {
      unsubscribe();
      forward.cancel();
    };
  }

  /** Turns store events into messages: one each, or in `resource.changes` mode one without data for a burst. */
  #forwarder(topic: Topic, type: ResourceType): { event: (event: StoreEvent) => void; cancel: () => void } {
    const matches = compileMatcher(type, topic.selector ?? '', '');
    let revision = 0;
    const tell = bundled(() => this.send(CHANGES_MODE, { ...topic, revision: String(revision) }), CHANGES_BUNDLE_MS, this.#schedule);
    const inTopic = (event: StoreEvent): boolean => {
      const { namespace, name } = event.entry.object.metadata;

      if (topic.namespace && namespace !== topic.namespace) return false;

      return !topic.id || topic.id === objectKey(namespace, name) || topic.id === name;
    };

    return {
      cancel: tell.cancel,
      event: (event) => {
        if (!inTopic(event)) return;
        const access = new Access(this.#context.api, this.#context.identity);
        const { object } = event.entry;
        const selected = !matches || matches(object);

        // An object that leaves the selection is removed for this watcher; one that never was in it is not told.
        if (!selected && !(event.previous && matches?.(event.previous.object))) return;
        if (!access.mayObject(type, 'watch', object)) return;
        revision = event.revision;
        if (topic.mode === CHANGES_MODE) return tell.call();
        const name = event.type === 'DELETED' || !selected ? 'resource.remove' : event.type === 'ADDED' ? 'resource.create' : 'resource.change';

        this.send(name, { ...topic, revision: String(event.revision), data: toResource(this.#context, access, type, object) });
      },
    };
  }
}

/** What answers the messages of one socket. */
interface Subscriber {
  send(name: string, fields: object): void;
  handle(message: Record<string, unknown>): void;
  close(): void;
}

/** Norman's socket: every watch starts and stops as asked, and nothing ever changes, because its lists are fixed. */
class QuietSubscriptions implements Subscriber {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  send(name: string, fields: object): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(JSON.stringify({ name, ...fields }));
  }

  handle(message: Record<string, unknown>): void {
    this.send(message['stop'] === true ? 'resource.stop' : 'resource.start', topicOf(message));
  }

  close(): void {
    // It holds nothing.
  }
}

/** Serves the subscribe protocol on an open socket until it closes: Steve's with a context, Norman's without. */
export function serveSubscriptions(context: SteveContext | undefined, socket: WebSocket, schedule: Schedule, version: string): void {
  const subscriptions: Subscriber = context ? new Subscriptions(context, socket, schedule) : new QuietSubscriptions(socket);
  let cancelPing: (() => void) | undefined;
  const ping = (): void => {
    subscriptions.send('ping', { data: { version } });
    cancelPing = schedule(ping, PING_MS);
  };

  socket.on('message', (data) => {
    let message: unknown;

    try {
      message = JSON.parse(String(data));
    } catch {
      // A browser that sends garbage gets no answer, as in Steve.
      return;
    }
    if (isObject(message)) subscriptions.handle(message);
  });
  socket.on('error', () => socket.terminate());
  socket.on('close', () => {
    cancelPing?.();
    subscriptions.close();
  });
  ping();
}
