/** The set of served types; grows and shrinks with CustomResourceDefinitions. */
import type { ResourceType } from './resource-type.ts';
import { joinApiVersion, splitApiVersion } from './object.ts';
import { storageKey } from './resource-type.ts';

/** Served types by path and by kind. */
export class TypeRegistry {
  readonly #byPath = new Map<string, ResourceType>();
  readonly #byKind = new Map<string, ResourceType>();
  readonly #builtin = new Set<string>();

  constructor(builtin: readonly ResourceType[]) {
    for (const type of builtin) {
      this.#add(type);
      this.#builtin.add(storageKey(type));
    }
  }

  #add(type: ResourceType): void {
    const apiVersion = joinApiVersion(type.group, type.version);
    this.#byPath.set(`${apiVersion}/${type.plural}`, type);
    this.#byKind.set(`${apiVersion}/${type.kind}`, type);
  }

  /** Replaces all versions of a custom type; replaces a hand-declared one of that name too. */
  replace(versions: readonly ResourceType[]): void {
    const [first] = versions;
    if (!first) return;
    this.remove(first.group, first.plural);
    for (const type of versions) this.#add(type);
  }

  /** Stops serving a type. */
  remove(group: string, plural: string): void {
    for (const index of [this.#byPath, this.#byKind]) {
      for (const [path, type] of index) if (type.group === group && type.plural === plural) index.delete(path);
    }
  }

  /** The type at `/apis/<group>/<version>/…/<plural>`. */
  find(group: string, version: string, plural: string): ResourceType | undefined {
    return this.#byPath.get(`${joinApiVersion(group, version)}/${plural}`);
  }

  /** The type of `apiVersion` and `kind`; any served version of the group when that version is not served. */
  findKind(apiVersion: string, kind: string): ResourceType | undefined {
    const exact = this.#byKind.get(`${apiVersion}/${kind}`);
    if (exact) return exact;
    const { group } = splitApiVersion(apiVersion);
    return this.all().find((type) => type.group === group && type.kind === kind);
  }

  /** The type by group and plural in any version, the storage version first. */
  findAny(group: string, plural: string): ResourceType | undefined {
    const versions = this.all().filter((type) => type.group === group && type.plural === plural);
    return versions.find((type) => type.version === type.storageVersion) ?? versions[0];
  }

  /** All served types, every version of each. */
  all(): ResourceType[] {
    return [...this.#byPath.values()];
  }

  /** One entry per stored type. */
  stored(): ResourceType[] {
    return [...new Map(this.all().map((type) => [storageKey(type), type])).values()];
  }

  isBuiltin(group: string, plural: string): boolean {
    return this.#builtin.has(storageKey({ group, plural }));
  }
}
