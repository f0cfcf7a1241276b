/** Role-based access control over the stored roles and bindings. */
import type { Decision, Identity, JsonObject, KubeObject, RequestAttributes } from './types.ts';
import type { Store } from './store.ts';
import { isObject } from './object.ts';

const GROUP = 'rbac.authorization.k8s.io';
const ROLES = `${GROUP}/roles`;
const CLUSTER_ROLES = `${GROUP}/clusterroles`;
const BINDINGS = `${GROUP}/rolebindings`;
const CLUSTER_BINDINGS = `${GROUP}/clusterrolebindings`;

/** Members may do everything. */
export const MASTERS = 'system:masters';
/** Every identity with a valid token is in it. */
export const AUTHENTICATED = 'system:authenticated';

interface Rule {
  verbs: string[];
  apiGroups: string[];
  resources: string[];
  resourceNames: string[];
  nonResourceURLs: string[];
}

interface Grant {
  rules: Rule[];
  /** Undefined for a cluster-wide binding. */
  namespace: string | undefined;
  via: string;
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function readRules(role: KubeObject | undefined): Rule[] {
  return (Array.isArray(role?.rules) ? role.rules : []).filter(isObject).map((rule) => ({
    verbs: strings(rule.verbs), apiGroups: strings(rule.apiGroups), resources: strings(rule.resources),
    resourceNames: strings(rule.resourceNames), nonResourceURLs: strings(rule.nonResourceURLs),
  }));
}

function allowsUrl(rule: Rule, path: string): boolean {
  return rule.nonResourceURLs.some((url) => url === '*' || url === path || (url.endsWith('*') && path.startsWith(url.slice(0, -1))));
}

function allowsResource(rule: Rule, attributes: RequestAttributes): boolean {
  const { group = '', resource = '', subresource, name } = attributes;
  if (!rule.apiGroups.includes('*') && !rule.apiGroups.includes(group)) return false;
  const full = subresource ? `${resource}/${subresource}` : resource;
  const named = rule.resources.some((item) => item === '*' || item === full || (subresource !== undefined && item === `*/${subresource}`));
  return named && (rule.resourceNames.length === 0 || (name !== undefined && rule.resourceNames.includes(name)));
}

function allows(rule: Rule, attributes: RequestAttributes): boolean {
  if (!rule.verbs.includes('*') && !rule.verbs.includes(attributes.verb)) return false;
  return attributes.resource === undefined ? allowsUrl(rule, attributes.path) : allowsResource(rule, attributes);
}

/** Subject key as bindings and identities are matched by. */
function subjectKey(subject: JsonObject, bindingNamespace: string | undefined): string {
  if (subject.kind === 'ServiceAccount') return `User system:serviceaccount:${String(subject.namespace ?? bindingNamespace ?? '')}:${String(subject.name)}`;
  return `${String(subject.kind)} ${String(subject.name)}`;
}

/** Groups that an identity has by itself: `system:authenticated`, and those of a service account. */
export function completeIdentity({ user, groups }: Identity): Identity {
  const account = /^system:serviceaccount:([^:]+):[^:]+$/.exec(user);
  const own = account ? ['system:serviceaccounts', `system:serviceaccounts:${account[1]}`] : [];
  return { user, groups: [...new Set([...groups, ...own, AUTHENTICATED])] };
}

/** Sentence that a 403 has behind "is forbidden: ". */
export function denial(user: string, { verb, group = '', resource, subresource, namespace, path }: RequestAttributes): string {
  if (resource === undefined) return `User ${JSON.stringify(user)} cannot ${verb} path ${JSON.stringify(path)}`;
  const full = subresource ? `${resource}/${subresource}` : resource;
  const where = namespace ? `in the namespace ${JSON.stringify(namespace)}` : 'at the cluster scope';
  return `User ${JSON.stringify(user)} cannot ${verb} resource ${JSON.stringify(full)} in API group ${JSON.stringify(group)} ${where}`;
}

/** Evaluates RBAC; the index by subject is rebuilt on the first question after a role or binding changed. */
export class Rbac {
  readonly #store: Store;
  #grants: Map<string, Grant[]> | undefined;

  constructor(store: Store) {
    this.#store = store;
    for (const resource of [ROLES, CLUSTER_ROLES, BINDINGS, CLUSTER_BINDINGS]) store.subscribe(resource, () => { this.#grants = undefined; });
  }

  /** Whether the identity may do it, and why. */
  authorize(identity: Identity, attributes: RequestAttributes): Decision {
    const { user, groups } = completeIdentity(identity);
    if (groups.includes(MASTERS)) return { allowed: true, reason: `member of ${MASTERS}` };
    this.#grants ??= this.#index();
    for (const subject of [`User ${user}`, ...groups.map((group) => `Group ${group}`)]) {
      for (const grant of this.#grants.get(subject) ?? []) {
        if (grant.namespace !== undefined && grant.namespace !== attributes.namespace) continue;
        if (grant.rules.some((rule) => allows(rule, attributes))) return { allowed: true, reason: `RBAC: allowed by ${grant.via}` };
      }
    }
    return { allowed: false, reason: denial(user, attributes) };
  }

  #index(): Map<string, Grant[]> {
    const grants = new Map<string, Grant[]>();
    const add = (binding: KubeObject, namespace: string | undefined): void => {
      const roleRef = isObject(binding.roleRef) ? binding.roleRef : {};
      const roleName = String(roleRef.name);
      const role = roleRef.kind === 'Role' ? this.#store.get(ROLES, `${namespace}/${roleName}`) : this.#store.get(CLUSTER_ROLES, roleName);
      const via = `${binding.kind} ${JSON.stringify(namespace ? `${binding.metadata.name}/${namespace}` : binding.metadata.name)} of ${String(roleRef.kind)} ${JSON.stringify(roleName)}`;
      const grant: Grant = { rules: readRules(role), namespace, via };
      for (const subject of (Array.isArray(binding.subjects) ? binding.subjects : []).filter(isObject)) {
        const key = subjectKey(subject, namespace);
        grants.set(key, [...(grants.get(key) ?? []), grant]);
      }
    };
    for (const binding of this.#store.list(CLUSTER_BINDINGS)) add(binding, undefined);
    for (const binding of this.#store.list(BINDINGS)) add(binding, binding.metadata.namespace);
    return grants;
  }
}
