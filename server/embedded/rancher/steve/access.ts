import type { ApiServer, Identity, KubeObject, ResourceType } from '../../api/index.ts';
import { storageKey } from '../../api/resource-type.ts';

/** Answers what one user may do with the objects of a type, by RBAC alone. */
export class Access {
  readonly #api: ApiServer;
  readonly #identity: Identity;
  readonly #cache = new Map<string, boolean>();

  constructor(api: ApiServer, identity: Identity) {
    this.#api = api;
    this.#identity = identity;
  }

  /** Whether RBAC allows `verb`; without a namespace it asks for all namespaces (or the cluster scope). */
  may(type: ResourceType, verb: string, namespace?: string, name?: string): boolean {
    const key = [type.group, type.plural, verb, namespace, name].join('|');
    let allowed = this.#cache.get(key);

    if (allowed === undefined) {
      const path = `/apis/${type.group}/${type.version}/${type.plural}`;
      const { group, version, plural: resource } = type;

      allowed = this.#api.authorize(this.#identity, {
        verb, group, version, resource, path, ...(namespace ? { namespace } : {}), ...(name ? { name } : {}),
      }).allowed;
      this.#cache.set(key, allowed);
    }

    return allowed;
  }

  /** Whether the user may do `verb` with that very object. */
  mayObject(type: ResourceType, verb: string, object: KubeObject): boolean {
    return this.may(type, verb) || this.may(type, verb, object.metadata.namespace, object.metadata.name);
  }

  /** Namespaces in which the user may do `verb`; `undefined` means everywhere. */
  namespaces(type: ResourceType, verb: string): string[] | undefined {
    if (this.may(type, verb)) return undefined;
    if (!type.namespaced) return [];

    return this.#api.store.list(storageKey({ group: '', plural: 'namespaces' }))
      .map((namespace) => namespace.metadata.name)
      .filter((name) => this.may(type, verb, name));
  }

  /** Whether the user may do `verb` anywhere. */
  anywhere(type: ResourceType, verb: string): boolean {
    const namespaces = this.namespaces(type, verb);

    return namespaces === undefined || namespaces.length > 0;
  }
}
