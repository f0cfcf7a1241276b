/** Serves CRDs: registers their types at once, writes Established, removes instances before a CRD goes. */
import type { Core } from './core.ts';
import type { KubeObject } from './types.ts';
import type { StoreEvent } from './store.ts';
import type { Background } from './background.ts';
import { CRD_FINALIZER, compileCrd, establishedStatus } from './crd.ts';
import { deleteObject } from './delete.ts';
import { cloneJson, deepEqual, formatTime } from './object.ts';
import { storageKey } from './resource-type.ts';
import { storeChanged } from './write.ts';

export const CRDS = 'apiextensions.k8s.io/customresourcedefinitions';

/** Follows the stored CRDs. */
export class CrdController {
  readonly #core: Core;
  readonly #background: Background;

  constructor(core: Core, background: Background) {
    this.#core = core;
    this.#background = background;
  }

  /** Serves what was loaded. */
  start(): void {
    for (const crd of this.#core.store.list(CRDS)) {
      this.#core.types.replace(compileCrd(crd));
      this.#sync(crd.metadata.name);
    }
  }

  handle(event: StoreEvent): void {
    if (event.resource === CRDS) {
      const crd = event.entry.object;
      if (event.type === 'DELETED') {
        const [type] = compileCrd(crd);
        if (type) this.#core.types.remove(type.group, type.plural);
      } else if (!deepEqual(event.previous?.object.spec, crd.spec)) this.#serve(crd);
      this.#sync(crd.metadata.name);
    } else if (event.type === 'DELETED') {
      // The name of a CRD is `plural.group`.
      const slash = event.resource.indexOf('/');
      const name = `${event.resource.slice(slash + 1)}.${event.resource.slice(0, slash)}`;
      if (this.#core.store.get(CRDS, name)?.metadata.deletionTimestamp) this.#sync(name);
    }
  }

  /** Serves a definition; what is stored is read with its defaults from now on. */
  #serve(crd: KubeObject): void {
    const versions = compileCrd(crd);
    this.#core.types.replace(versions);
    const stored = versions.find(({ version, storageVersion }) => version === storageVersion);
    const schema = stored?.schema;
    if (!schema) return;
    this.#core.store.reread(storageKey(stored), (object) => {
      const filled = cloneJson(object);
      schema.applyDefaults(filled);
      return filled;
    });
  }

  #sync(name: string): void {
    this.#background.enqueue(`crd ${name}`, () => this.establish(name));
  }

  /** Writes status, or works off the deletion. */
  establish(name: string): KubeObject | undefined {
    const crd = this.#core.store.get(CRDS, name);
    const own = this.#core.types.findAny('apiextensions.k8s.io', 'customresourcedefinitions');
    if (!crd || !own) return undefined;
    if (crd.metadata.deletionTimestamp) {
      this.#purge(crd);
      return this.#core.store.get(CRDS, name);
    }
    const status = establishedStatus(crd, formatTime(this.#core.clock.now()));
    return status ? this.#core.store.put(CRDS, { ...crd, status }) : crd;
  }

  #purge(crd: KubeObject): void {
    const finalizers = crd.metadata.finalizers ?? [];
    if (!finalizers.includes(CRD_FINALIZER)) return;
    const [type] = compileCrd(crd);
    const own = this.#core.types.findAny('apiextensions.k8s.io', 'customresourcedefinitions');
    if (!type || !own) return;
    for (const object of this.#core.store.list(storageKey(type))) {
      if (!object.metadata.deletionTimestamp) deleteObject(this.#core, type, object, { propagationPolicy: 'Background', dryRun: false });
    }
    if (this.#core.store.count(storageKey(type)) > 0) return;
    const left = finalizers.filter((finalizer) => finalizer !== CRD_FINALIZER);
    const metadata = { ...crd.metadata, finalizers: left };
    storeChanged(this.#core, own, { ...crd, metadata });
  }
}
