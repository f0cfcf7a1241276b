import { apiVersionOf, type ResourceType } from '../../server/contract/api.ts';
import type { Clock } from '../../server/contract/clock.ts';
import type { KubeObject } from '../../server/contract/kubernetes.ts';
import { cloneJson, deepEqual, getPath } from '../../server/embedded/api/object.ts';
import { parseLabelSelector } from '../../server/embedded/api/label-selector.ts';
import { matchesLabels, parseFieldSelector } from '../../server/embedded/api/selectors.ts';
import { ApiError, type DeleteOptions, type KubeClient, type ListOptions, type ListResult, type ObjectKey, type WatchEvent } from '../../server/kube/client.ts';

/** One change that a client asked for. */
export interface FakeWrite {
  verb: 'create' | 'replace' | 'patch' | 'replaceStatus' | 'delete' | 'createSubresource' | 'putSubresource';
  kind: string;
  /** `namespace/name`, or `name`. */
  key: string;
  /** From 0, over all writes since the fake was made. */
  index: number;
}

/** `before`: nothing has happened yet. `after`: the change is done, the client has not heard of it. */
export type WriteMoment = 'before' | 'after';

type Stored = KubeObject & { spec?: unknown; status?: unknown };
interface LogEntry { version: number; type: ResourceType; event: 'ADDED' | 'MODIFIED' | 'DELETED'; object: Stored }

const idOf = (namespace: string | undefined, name: string): string => (namespace === undefined ? name : `${namespace}/${name}`);

function mergePatch(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const merged: Record<string, unknown> = typeof target === 'object' && target !== null && !Array.isArray(target) ? { ...target } : {};
  for (const [field, value] of Object.entries(patch)) {
    if (value === null) delete merged[field];
    else merged[field] = mergePatch(merged[field], value);
  }

  return merged;
}

/**
 * A Kubernetes API in memory for unit tests of controllers: resource versions and conflicts, generations, the status
 * subresource of every kind, finalizers, removal of what a removed owner owned, selectors, and watches. It knows every kind;
 * it validates nothing but what is named here. Objects that go in and come out are copies.
 */
export class FakeKube implements KubeClient {
  /** Every write so far, in order. */
  readonly writes: FakeWrite[] = [];
  /** Called around every write; what it throws is what the client sees, as if the process or the connection died there. */
  onWrite: ((write: FakeWrite, moment: WriteMoment) => void) | undefined;
  /** Called with every object that is about to be stored by a client; throws to reject it. */
  admit: ((object: KubeObject, verb: FakeWrite['verb']) => void) | undefined;
  /** Called by putSubresource; without it every action is accepted. */
  onSubresource: ((type: ResourceType, key: Required<ObjectKey>, subresource: string, body: object) => void | Promise<void>) | undefined;
  /** Logs by `namespace/pod/container`. */
  readonly logs = new Map<string, string>();
  /** Plurals that this cluster does not have: reading them gives 404, as for a CRD that is not installed. */
  readonly absentKinds = new Set<string>();

  readonly #clock: Clock;
  readonly #objects = new Map<string, Map<string, Stored>>();
  readonly #types = new Map<string, ResourceType>();
  readonly #log: LogEntry[] = [];
  readonly #watchers = new Set<() => void>();
  #version = 0;
  #uids = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Puts an object there as it is, status included, past hooks; gives what is stored. */
  seed<T extends KubeObject>(type: ResourceType, object: T): T {
    return this.#insert(type, object, true) as unknown as T;
  }

  /** Changes a stored object in place, status included, past hooks: what another actor of the cluster does. */
  update<T extends KubeObject>(type: ResourceType, key: ObjectKey, change: (object: T) => void): T {
    const next = cloneJson(this.#stored(type, key));
    change(next as unknown as T);

    return this.#store(type, this.#stored(type, key), next) as unknown as T;
  }

  /** All objects of a kind, copies. */
  all<T extends KubeObject>(type: ResourceType): T[] {
    return [...this.#collection(type).values()].map((object) => cloneJson(object) as unknown as T);
  }

   
  async get<T extends KubeObject>(type: ResourceType, key: ObjectKey): Promise<T> {
    return cloneJson(this.#stored(type, key)) as unknown as T;
  }

  async find<T extends KubeObject>(type: ResourceType, key: ObjectKey): Promise<T | undefined> {
    return this.#collection(type).has(idOf(key.namespace, key.name)) ? this.get<T>(type, key) : undefined;
  }

   
  async list<T extends KubeObject>(type: ResourceType, options: ListOptions = {}): Promise<ListResult<T>> {
    if (this.absentKinds.has(type.plural)) throw new ApiError(404, 'NotFound', `the server could not find the requested resource ${type.plural}`);
    const matches = this.#matcher(options);

    return { items: this.all<T>(type).filter(matches), resourceVersion: String(this.#version) };
  }

  create<T extends KubeObject>(type: ResourceType, object: T): Promise<T> {
    return this.#write('create', type, object.metadata, () => this.#insert(type, object as Stored, false) as unknown as T, object);
  }

  replace<T extends KubeObject>(type: ResourceType, object: T): Promise<T> {
    return this.#write('replace', type, object.metadata, () => {
      const old = this.#current(type, object);

      return this.#store(type, old, { ...cloneJson(object as Stored), ...statusOf(old) }) as unknown as T;
    }, object);
  }

  patch<T extends KubeObject>(type: ResourceType, key: ObjectKey, patch: object): Promise<T> {
    return this.#write('patch', type, key, () => {
      const old = this.#stored(type, key);
      const merged = mergePatch(old, cloneJson(patch)) as Stored;

      const { uid, resourceVersion } = (patch as { metadata?: { uid?: string; resourceVersion?: string } }).metadata ?? {};

      if (uid !== undefined && uid !== old.metadata.uid) throw new ApiError(409, 'Conflict', `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid}`);
      this.#checkVersion(type, old, resourceVersion);

      return this.#store(type, old, { ...merged, ...statusOf(old) }) as unknown as T;
    });
  }

  replaceStatus<T extends KubeObject>(type: ResourceType, object: T): Promise<T> {
    return this.#write('replaceStatus', type, object.metadata, () => {
      const old = this.#current(type, object);

      return this.#store(type, old, { ...old, ...statusOf(cloneJson(object as Stored)) }) as unknown as T;
    }, object);
  }

  delete(type: ResourceType, key: ObjectKey, options: DeleteOptions = {}): Promise<void> {
    return this.#write('delete', type, key, () => {
      const old = this.#collection(type).get(idOf(key.namespace, key.name));

      if (!old) return;
      if (options.uid !== undefined && options.uid !== old.metadata.uid) {
        throw new ApiError(409, 'Conflict', `Precondition failed: UID in precondition: ${options.uid}, UID in object meta: ${old.metadata.uid}`);
      }
      this.#checkVersion(type, old, options.resourceVersion);
      if ((old.metadata.finalizers ?? []).length === 0) this.#remove(type, old, options.propagationPolicy !== 'Orphan');
      else if (!old.metadata.deletionTimestamp) {
        this.#store(type, old, { ...old, metadata: { ...old.metadata, deletionTimestamp: this.#clock.now().toISOString() } });
      }
    });
  }

  async* watch<T extends KubeObject>(type: ResourceType, options: ListOptions & { resourceVersion: string }): AsyncIterable<WatchEvent<T>> {
    const matches = this.#matcher(options);
    let seen = Number(options.resourceVersion);

    while (!options.signal?.aborted) {
      for (const entry of this.#log.filter((one) => one.version > seen && one.type.plural === type.plural && one.type.group === type.group)) {
        seen = entry.version;
        if (matches(entry.object)) yield { type: entry.event, object: cloneJson(entry.object) as unknown as T };
      }
      if (!this.#log.some((one) => one.version > seen && one.type.plural === type.plural)) await this.#nextChange(options.signal);
    }
  }

   
  async podLog(key: Required<ObjectKey>, options: { container: string; tailLines?: number }): Promise<string> {
    const log = this.logs.get(`${key.namespace}/${key.name}/${options.container}`);

    if (log === undefined) throw new ApiError(404, 'NotFound', `there is no log of ${key.namespace}/${key.name}/${options.container}`);

    return options.tailLines === undefined ? log : log.split('\n').slice(-options.tailLines - 1).join('\n');
  }

  createSubresource(type: ResourceType, key: ObjectKey, subresource: string, body: object): Promise<void> {
    return this.#write('createSubresource', type, key, async () => {
      this.#stored(type, key);
      await this.onSubresource?.(type, { namespace: '', ...key }, subresource, body);
    });
  }

  putSubresource(type: ResourceType, key: Required<ObjectKey>, subresource: string, body: object): Promise<void> {
    return this.#write('putSubresource', type, key, async () => {
      // KubeVirt serves its subresources in a group of their own, over the objects of kubevirt.io.
      this.#stored(type.group === 'subresources.kubevirt.io' ? { ...type, group: 'kubevirt.io' } : type, key);
      await this.onSubresource?.(type, key, subresource, body);
    });
  }

  async #write<T>(verb: FakeWrite['verb'], type: ResourceType, key: ObjectKey, apply: () => T | Promise<T>, object?: KubeObject): Promise<T> {
    const write: FakeWrite = { verb, kind: type.kind, key: idOf(key.namespace, key.name), index: this.writes.length };

    this.writes.push(write);
    this.onWrite?.(write, 'before');
    if (object) this.admit?.(object, verb);
    const result = await apply();
    this.onWrite?.(write, 'after');

    return result;
  }

  #collection(type: ResourceType): Map<string, Stored> {
    const id = `${type.group}/${type.plural}`;
    const collection = this.#objects.get(id) ?? new Map<string, Stored>();

    this.#types.set(id, type);
    this.#objects.set(id, collection);

    return collection;
  }

  #stored(type: ResourceType, key: ObjectKey): Stored {
    const object = this.#collection(type).get(idOf(key.namespace, key.name));

    if (!object) throw new ApiError(404, 'NotFound', `${type.plural} "${idOf(key.namespace, key.name)}" not found`);

    return object;
  }

  #current(type: ResourceType, object: KubeObject): Stored {
    const old = this.#stored(type, object.metadata);

    if (object.metadata.uid !== undefined && object.metadata.uid !== old.metadata.uid) {
      throw new ApiError(409, 'Conflict', `${type.plural} "${object.metadata.name}": the UID differs`);
    }
    this.#checkVersion(type, old, object.metadata.resourceVersion);

    return old;
  }

  #checkVersion(type: ResourceType, old: Stored, version: string | undefined): void {
    if (version !== undefined && version !== old.metadata.resourceVersion) {
      throw new ApiError(409, 'Conflict', `${type.plural} "${old.metadata.name}": the object has been modified`);
    }
  }

  #insert(type: ResourceType, object: Stored, withStatus: boolean): Stored {
    const { namespace } = object.metadata;
    const name = object.metadata.name || `${object.metadata.generateName ?? ''}${this.#uids + 1}`;

    if (type.namespaced !== (namespace !== undefined)) throw new Error(`${type.kind} ${name}: metadata.namespace does not fit the kind's scope`);
    if (this.#collection(type).has(idOf(namespace, name))) throw new ApiError(409, 'AlreadyExists', `${type.plural} "${name}" already exists`);
    const copy = cloneJson(object);
    const stored: Stored = {
      ...copy, apiVersion: apiVersionOf(type), kind: type.kind,
      metadata: {
        ...copy.metadata, name, generation: 1, creationTimestamp: this.#clock.now().toISOString(), resourceVersion: this.#nextVersion(),
        uid: withStatus && copy.metadata.uid ? copy.metadata.uid : `00000000-0000-4000-8000-${String(++this.#uids).padStart(12, '0')}`,
      },
    };

    if (!withStatus) delete stored.status;
    this.#collection(type).set(idOf(namespace, name), stored);
    this.#record(type, 'ADDED', stored);

    return cloneJson(stored);
  }

  #store(type: ResourceType, old: Stored, next: Stored): Stored {
    const { uid, creationTimestamp, deletionTimestamp } = old.metadata;
    const metadata = { ...next.metadata, uid, creationTimestamp, deletionTimestamp: deletionTimestamp ?? next.metadata.deletionTimestamp };
    const kept: Stored = { ...next, metadata: { ...metadata, generation: old.metadata.generation, resourceVersion: old.metadata.resourceVersion } };

    // As the real API: a write that changes nothing is no write.
    if (deepEqual(kept, old)) return cloneJson(old);
    if (metadata.deletionTimestamp && (metadata.finalizers ?? []).length === 0) {
      this.#remove(type, kept, true);

      return cloneJson(kept);
    }
    const generation = (old.metadata.generation ?? 1) + (deepEqual(old.spec, next.spec) ? 0 : 1);
    const stored: Stored = cloneJson({ ...kept, metadata: { ...metadata, generation, resourceVersion: this.#nextVersion() } });

    this.#collection(type).set(idOf(metadata.namespace, metadata.name), stored);
    this.#record(type, 'MODIFIED', stored);

    return cloneJson(stored);
  }

  #remove(type: ResourceType, object: Stored, cascade: boolean): void {
    this.#collection(type).delete(idOf(object.metadata.namespace, object.metadata.name));
    this.#record(type, 'DELETED', { ...object, metadata: { ...object.metadata, resourceVersion: this.#nextVersion() } });
    if (!cascade) return;
    for (const [id, collection] of this.#objects) {
      const owned = [...collection.values()].filter((one) => one.metadata.ownerReferences?.some(({ uid }) => uid === object.metadata.uid));
      const ownedType = this.#types.get(id);

      for (const one of ownedType ? owned : []) this.#removeOwned(ownedType as ResourceType, one);
    }
  }

  #removeOwned(type: ResourceType, object: Stored): void {
    if ((object.metadata.finalizers ?? []).length === 0) this.#remove(type, object, true);
    else this.#store(type, object, { ...object, metadata: { ...object.metadata, deletionTimestamp: this.#clock.now().toISOString() } });
  }

  #nextVersion(): string {
    return String(++this.#version);
  }

  #record(type: ResourceType, event: LogEntry['event'], object: Stored): void {
    this.#log.push({ version: Number(object.metadata.resourceVersion), type, event, object: cloneJson(object) });
    for (const wake of this.#watchers) wake();
  }

  #nextChange(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#watchers.delete(wake);
        signal?.removeEventListener('abort', wake);
        resolve();
      };

      this.#watchers.add(wake);
      signal?.addEventListener('abort', wake, { once: true });
      if (signal?.aborted) wake();
    });
  }

  #matcher({ namespace, labelSelector, fieldSelector }: ListOptions): (object: KubeObject) => boolean {
    const labels = labelSelector ? parseLabelSelector(labelSelector) : [];
    const fields = fieldSelector ? parseFieldSelector(fieldSelector) : [];

    return (object) => (namespace === undefined || object.metadata.namespace === namespace)
      && matchesLabels(labels, object.metadata.labels)
      && fields.every(({ field, equal, value }) => (String(getPath(object, field.split('.')) ?? '') === value) === equal);
  }
}

function statusOf(object: Stored): { status?: unknown } {
  return object.status === undefined ? {} : { status: object.status };
}
