import type { KubeObject } from '../contract/kubernetes.ts';
import { formatKey, keyOf } from './keys.ts';

/** Named functions that give the index values of an object. */
export type Indexers<T> = Readonly<Record<string, (object: T) => readonly string[]>>;

/** Frozen all the way down: the cache is shared, and an edit of it would be a lie about the cluster. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }

  return value;
}

/** Objects of one kind by key, with named indexes. */
export class ObjectCache<T extends KubeObject> {
  readonly #objects = new Map<string, T>();
  readonly #indexers: Indexers<T>;
  /** index name → value → keys */
  readonly #indexes = new Map<string, Map<string, Set<string>>>();

  constructor(indexers: Indexers<T>) {
    this.#indexers = indexers;
    for (const name of Object.keys(indexers)) {
      this.#indexes.set(name, new Map());
    }
  }

  get(namespace: string | undefined, name: string): T | undefined {
    return this.#objects.get(formatKey({ namespace, name }));
  }

  byKey(key: string): T | undefined {
    return this.#objects.get(key);
  }

  keys(): string[] {
    return [...this.#objects.keys()];
  }

  list(namespace?: string): T[] {
    const all = [...this.#objects.values()];

    return namespace === undefined ? all : all.filter((object) => object.metadata.namespace === namespace);
  }

  /** Throws for an index that was not declared: an empty answer would hide the mistake. */
  byIndex(name: string, value: string): T[] {
    const index = this.#indexes.get(name);

    if (!index) {
      throw new Error(`there is no index ${name}; declared are: ${[...this.#indexes.keys()].join(', ') || 'none'}`);
    }

    return [...index.get(value) ?? []].flatMap((key) => this.#objects.get(key) ?? []);
  }

  /** Puts or replaces; gives what was there before. */
  set(object: T): T | undefined {
    const key = keyOf(object);
    const old = this.delete(key);

    this.#objects.set(key, deepFreeze(object));
    this.#eachIndexValue(object, (values, value) => {
      values.set(value, (values.get(value) ?? new Set()).add(key));
    });

    return old;
  }

  /** Gives what was there. */
  delete(key: string): T | undefined {
    const old = this.#objects.get(key);

    if (old) {
      this.#objects.delete(key);
      this.#eachIndexValue(old, (values, value) => {
        const keys = values.get(value);

        keys?.delete(key);
        if (keys?.size === 0) {
          values.delete(value);
        }
      });
    }

    return old;
  }

  #eachIndexValue(object: T, visit: (values: Map<string, Set<string>>, value: string) => void): void {
    for (const [name, indexer] of Object.entries(this.#indexers)) {
      const values = this.#indexes.get(name);

      for (const value of values ? indexer(object) : []) {
        visit(values as Map<string, Set<string>>, value);
      }
    }
  }
}
