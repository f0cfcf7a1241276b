/** Namespace deletion: everything in it first, then the namespace. */
import type { Core } from './core.ts';
import type { KubeObject } from './types.ts';
import type { StoreEvent } from './store.ts';
import type { Background } from './background.ts';
import { deleteObject } from './delete.ts';
import { deepEqual, formatTime, isObject } from './object.ts';
import { storageKey } from './resource-type.ts';
import { storeChanged } from './write.ts';

const NAMESPACES = '/namespaces';

/** An object that is still there, in a namespace that is to go. */
interface Remaining { resource: string; finalizers: readonly string[] }

function counted(words: readonly string[], between: string): string {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([word, count]) => `${word} ${between} ${count} resource instances`).join(', ');
}

/** The conditions that kube-controller-manager writes. */
function conditionsOf(left: readonly Remaining[]): { type: string; status: string; reason: string; message: string }[] {
  const finalizers = counted(left.flatMap((each) => each.finalizers), 'in');
  return [
    { type: 'NamespaceDeletionDiscoveryFailure', status: 'False', reason: 'ResourcesDiscovered', message: 'All resources successfully discovered' },
    { type: 'NamespaceDeletionGroupVersionParsingFailure', status: 'False', reason: 'ParsedGroupVersions', message: 'All legacy kube types successfully parsed' },
    { type: 'NamespaceDeletionContentFailure', status: 'False', reason: 'ContentDeleted', message: 'All content successfully deleted, may be waiting on finalization' },
    { type: 'NamespaceContentRemaining', status: 'True', reason: 'SomeResourcesRemain', message: `Some resources are remaining: ${counted(left.map(({ resource }) => resource), 'has')}` },
    finalizers === '' ? { type: 'NamespaceFinalizersRemaining', status: 'False', reason: 'ContentHasNoFinalizers', message: 'All content-preserving finalizers finished' }
      : { type: 'NamespaceFinalizersRemaining', status: 'True', reason: 'SomeFinalizersRemain', message: `Some content in the namespace has finalizers remaining: ${finalizers}` },
  ];
}

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

  /** Writes into the namespace what it waits for. */
  #explain(namespace: KubeObject, left: readonly Remaining[]): void {
    const status = isObject(namespace.status) ? namespace.status : {};
    const before = (Array.isArray(status.conditions) ? status.conditions : []).filter(isObject);
    const conditions = conditionsOf(left).map((condition) => {
      const known = before.find(({ type, message }) => type === condition.type && message === condition.message);
      return { type: condition.type, status: condition.status, lastTransitionTime: known?.lastTransitionTime ?? formatTime(this.#core.clock.now()), reason: condition.reason, message: condition.message };
    });
    if (!deepEqual(before, conditions)) this.#core.store.put(NAMESPACES, { ...namespace, status: { ...status, conditions } });
  }

  #check(name: string): void {
    if (this.#core.store.get(NAMESPACES, name)?.metadata.deletionTimestamp) this.#background.enqueue(`namespace ${name}`, () => this.#empty(name));
  }

  #empty(name: string): void {
    const left: Remaining[] = [];
    for (const type of this.#core.types.stored()) {
      if (!type.namespaced) continue;
      for (const object of this.#core.store.list(storageKey(type), name)) {
        if (!object.metadata.deletionTimestamp && deleteObject(this.#core, type, object, { propagationPolicy: 'Background', dryRun: false }).removed) continue;
        left.push({ resource: `${type.plural}.${type.group}`, finalizers: object.metadata.finalizers ?? [] });
      }
    }
    const namespace = this.#core.store.get(NAMESPACES, name);
    const type = this.#core.types.findAny('', 'namespaces');
    if (!namespace || !type) return;
    if (left.length > 0) {
      this.#explain(namespace, left);
      return;
    }
    const spec = isObject(namespace.spec) ? namespace.spec : {};
    const finalizers = Array.isArray(spec.finalizers) ? spec.finalizers : [];
    if (!finalizers.includes('kubernetes')) return;
    storeChanged(this.#core, type, { ...namespace, spec: { ...spec, finalizers: finalizers.filter((finalizer) => finalizer !== 'kubernetes') } });
  }
}
