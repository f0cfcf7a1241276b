/** Garbage collection by owner reference, as kube-controller-manager does it. */
import type { Core } from './core.ts';
import type { KubeObject, ObjectMeta, OwnerReference } from './types.ts';
import type { ResourceType } from './resource-type.ts';
import type { StoreEvent } from './store.ts';
import type { Background } from './background.ts';
import { FOREGROUND_FINALIZER, ORPHAN_FINALIZER, deleteObject } from './delete.ts';
import { deepEqual, keyOf, objectKey } from './object.ts';
import { storageKey } from './resource-type.ts';
import { storeChanged } from './write.ts';

interface Reference {
  resource: string;
  key: string;
}

type OwnerState = 'solid' | 'waiting' | 'absent' | 'unknown';

/** Follows every change; `start` looks at everything that was loaded. */
export class GarbageCollector {
  readonly #core: Core;
  readonly #background: Background;
  readonly #dependents = new Map<string, Map<string, Reference>>();

  constructor(core: Core, background: Background) {
    this.#core = core;
    this.#background = background;
  }

  /** Takes up unfinished work from before a restart. */
  start(): void {
    for (const resource of this.#core.store.resources()) {
      for (const object of this.#core.store.list(resource)) this.#observe({ resource, key: keyOf(object) }, object, undefined);
    }
  }

  handle(event: StoreEvent): void {
    const reference = { resource: event.resource, key: event.key };
    if (event.type !== 'DELETED') {
      this.#observe(reference, event.entry.object, event.previous?.object);
      return;
    }
    const { metadata } = event.entry.object;
    for (const owner of metadata.ownerReferences ?? []) {
      this.#unlink(owner.uid, reference);
      this.#checkOwner(owner.uid, this.#find(owner, metadata));
    }
    for (const dependent of this.#dependents.get(metadata.uid ?? '')?.values() ?? []) this.#checkDependent(dependent);
  }

  #observe(reference: Reference, object: KubeObject, previous: KubeObject | undefined): void {
    const owners = object.metadata.ownerReferences ?? [];
    const before = previous?.metadata.ownerReferences ?? [];
    if (!deepEqual(owners, before)) {
      for (const owner of before) this.#unlink(owner.uid, reference);
      for (const owner of owners) this.#link(owner.uid, reference);
      for (const owner of before) this.#checkOwner(owner.uid, this.#find(owner, object.metadata));
      if (owners.length > 0) this.#checkDependent(reference);
    }
    const finalizers = object.metadata.finalizers ?? [];
    if (object.metadata.deletionTimestamp && (finalizers.includes(ORPHAN_FINALIZER) || finalizers.includes(FOREGROUND_FINALIZER))) {
      this.#checkOwner(object.metadata.uid ?? '', { type: this.#typeOf(reference.resource), object });
    }
  }

  #link(uid: string, reference: Reference): void {
    const links = this.#dependents.get(uid) ?? new Map<string, Reference>();
    this.#dependents.set(uid, links.set(`${reference.resource} ${reference.key}`, reference));
  }

  #unlink(uid: string, reference: Reference): void {
    const links = this.#dependents.get(uid);
    links?.delete(`${reference.resource} ${reference.key}`);
    if (links?.size === 0) this.#dependents.delete(uid);
  }

  #typeOf(resource: string): ResourceType | undefined {
    const slash = resource.indexOf('/');
    return this.#core.types.findAny(resource.slice(0, slash), resource.slice(slash + 1));
  }

  /** The owner that a reference names, whatever its UID. A namespaced owner is looked for in the dependent's namespace only. */
  #find(owner: OwnerReference, dependent: ObjectMeta): { type: ResourceType | undefined; object: KubeObject | undefined } {
    const type = this.#core.types.findKind(owner.apiVersion, owner.kind);
    if (!type || (type.namespaced && !dependent.namespace)) return { type: undefined, object: undefined };
    return { type, object: this.#core.store.get(storageKey(type), objectKey(type.namespaced ? dependent.namespace : undefined, owner.name)) };
  }

  #stateOf(owner: OwnerReference, dependent: ObjectMeta): OwnerState {
    const { type, object } = this.#find(owner, dependent);
    if (!type) return 'unknown';
    if (!object || object.metadata.uid !== owner.uid) return 'absent';
    return object.metadata.deletionTimestamp && (object.metadata.finalizers ?? []).includes(FOREGROUND_FINALIZER) ? 'waiting' : 'solid';
  }

  #checkDependent(reference: Reference): void {
    this.#background.enqueue(`gc ${reference.resource} ${reference.key}`, () => this.#collect(reference));
  }

  /** Deletes an object whose owners are all gone; drops the references to gone owners where others are left. */
  #collect({ resource, key }: Reference): void {
    const object = this.#core.store.get(resource, key);
    const type = this.#typeOf(resource);
    const owners = object?.metadata.ownerReferences ?? [];
    if (!object || !type || owners.length === 0 || (object.metadata.deletionTimestamp && !this.#isForeground(object))) return;
    const states = owners.map((owner) => this.#stateOf(owner, object.metadata));
    // An owner of a kind that is not served may come back with its CRD.
    if (states.includes('unknown')) return;
    const solid = owners.filter((_owner, index) => states[index] === 'solid');
    if (solid.length > 0) {
      if (solid.length < owners.length) this.#setMetadata(type, object, { ownerReferences: solid });
      return;
    }
    if (object.metadata.deletionTimestamp) return;
    const foreground = states.includes('waiting') && (this.#dependents.get(object.metadata.uid ?? '')?.size ?? 0) > 0;
    deleteObject(this.#core, type, object, { propagationPolicy: foreground ? 'Foreground' : 'Background', dryRun: false });
  }

  #isForeground(object: KubeObject): boolean {
    return (object.metadata.finalizers ?? []).includes(FOREGROUND_FINALIZER);
  }

  #checkOwner(uid: string, { type, object }: { type: ResourceType | undefined; object: KubeObject | undefined }): void {
    if (!type || !object?.metadata.deletionTimestamp || object.metadata.uid !== uid) return;
    const reference = { resource: storageKey(type), key: keyOf(object) };
    this.#background.enqueue(`gc owner ${uid}`, () => this.#release(type, reference));
  }

  /** Works off the `orphan` and `foregroundDeletion` finalizers of an owner that is being deleted. */
  #release(type: ResourceType, { resource, key }: Reference): void {
    const owner = this.#core.store.get(resource, key);
    const uid = owner?.metadata.uid;
    if (!owner?.metadata.deletionTimestamp || !uid) return;
    const finalizers = owner.metadata.finalizers ?? [];
    const dependents = [...(this.#dependents.get(uid)?.values() ?? [])];
    if (finalizers.includes(ORPHAN_FINALIZER)) {
      for (const dependent of dependents) this.#orphan(dependent, uid);
      this.#setMetadata(type, owner, { finalizers: finalizers.filter((finalizer) => finalizer !== ORPHAN_FINALIZER) });
      return;
    }
    if (!finalizers.includes(FOREGROUND_FINALIZER)) return;
    const blocking = dependents.filter((dependent) => this.#core.store.get(dependent.resource, dependent.key)
      ?.metadata.ownerReferences?.some((reference) => reference.uid === uid && reference.blockOwnerDeletion));
    if (blocking.length === 0) this.#setMetadata(type, owner, { finalizers: finalizers.filter((finalizer) => finalizer !== FOREGROUND_FINALIZER) });
    else for (const dependent of blocking) this.#checkDependent(dependent);
  }

  #orphan(reference: Reference, uid: string): void {
    const object = this.#core.store.get(reference.resource, reference.key);
    const type = this.#typeOf(reference.resource);
    if (object && type) this.#setMetadata(type, object, { ownerReferences: (object.metadata.ownerReferences ?? []).filter((owner) => owner.uid !== uid) });
  }

  #setMetadata(type: ResourceType, object: KubeObject, change: Pick<ObjectMeta, 'finalizers'> | Pick<ObjectMeta, 'ownerReferences'>): void {
    const metadata: ObjectMeta = { ...object.metadata, ...change };
    if (metadata.finalizers?.length === 0) delete metadata.finalizers;
    if (metadata.ownerReferences?.length === 0) delete metadata.ownerReferences;
    storeChanged(this.#core, type, { ...object, metadata });
  }
}
