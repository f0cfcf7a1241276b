/** Namespace deletion: everything in it first, then the namespace. */
import type { Core } from './core.ts';
import type { StoreEvent } from './store.ts';
import type { Background } from './background.ts';
import { deleteObject } from './delete.ts';
import { isObject } from './object.ts';
import { storageKey } from './resource-type.ts';
import { storeChanged } from './write.ts';

const NAMESPACES = '/namespaces';

/** Empties namespaces that are being deleted. */
export class NamespaceController {
  readonly #core: Core;
  readonly #background: Background;

  constructor(core: Core, background: Background) {
    this.#core = core;
    this.#background = background;
  }

  /** Takes up deletions from before a restart. */
  start(): void {
    for (const namespace of this.#core.store.list(NAMESPACES)) this.#check(namespace.metadata.name);
  }

  handle(event: StoreEvent): void {
    if (event.resource === NAMESPACES) this.#check(event.entry.object.metadata.name);
    else if (event.type === 'DELETED' && event.entry.object.metadata.namespace) this.#check(event.entry.object.metadata.namespace);
  }

  #check(name: string): void {
    if (this.#core.store.get(NAMESPACES, name)?.metadata.deletionTimestamp) this.#background.enqueue(`namespace ${name}`, () => this.#empty(name));
  }

  #empty(name: string): void {
    let left = 0;
    for (const type of this.#core.types.stored()) {
      if (!type.namespaced) continue;
      for (const object of this.#core.store.list(storageKey(type), name)) {
        if (object.metadata.deletionTimestamp) left++;
        else if (!deleteObject(this.#core, type, object, { propagationPolicy: 'Background', dryRun: false }).removed) left++;
      }
    }
    const namespace = this.#core.store.get(NAMESPACES, name);
    const type = this.#core.types.findAny('', 'namespaces');
    if (left > 0 || !namespace || !type) return;
    const spec = isObject(namespace.spec) ? namespace.spec : {};
    const finalizers = Array.isArray(spec.finalizers) ? spec.finalizers : [];
    if (!finalizers.includes('kubernetes')) return;
    storeChanged(this.#core, type, { ...namespace, spec: { ...spec, finalizers: finalizers.filter((finalizer) => finalizer !== 'kubernetes') } });
  }
}
