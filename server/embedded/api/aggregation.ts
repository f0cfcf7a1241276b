/** ClusterRoles with an aggregationRule: their rules are the sum of the selected roles' rules. */
import type { Core } from './core.ts';
import type { JsonObject, KubeObject } from './types.ts';
import type { StoreEvent } from './store.ts';
import type { Background } from './background.ts';
import { deepEqual, getPath, isObject } from './object.ts';
import { matchesLabelSelector } from './selectors.ts';

const CLUSTER_ROLES = 'rbac.authorization.k8s.io/clusterroles';

type LabelSelector = Parameters<typeof matchesLabelSelector>[0];

/** Keeps aggregated ClusterRoles up to date. */
export class RoleAggregation {
  readonly #core: Core;
  readonly #background: Background;

  constructor(core: Core, background: Background) {
    this.#core = core;
    this.#background = background;
  }

  handle(event: StoreEvent): void {
    if (event.resource === CLUSTER_ROLES) this.#background.enqueue('aggregate cluster roles', () => this.run());
  }

  /** Recomputes every aggregated role. */
  run(): void {
    const roles = this.#core.store.list(CLUSTER_ROLES);
    for (const role of roles) {
      const selectors = getPath(role, ['aggregationRule', 'clusterRoleSelectors']);
      if (Array.isArray(selectors)) this.#update(role, roles, selectors.filter(isObject));
    }
  }

  #update(role: KubeObject, roles: readonly KubeObject[], selectors: readonly LabelSelector[]): void {
    const rules: JsonObject[] = [];
    for (const other of roles) {
      if (other.metadata.name === role.metadata.name || !selectors.some((selector) => matchesLabelSelector(selector, other.metadata.labels))) continue;
      for (const rule of (Array.isArray(other.rules) ? other.rules : []).filter(isObject)) {
        if (!rules.some((known) => deepEqual(known, rule))) rules.push(rule);
      }
    }
    if (!deepEqual(role.rules ?? [], rules)) this.#core.store.put(CLUSTER_ROLES, { ...role, rules });
  }
}
