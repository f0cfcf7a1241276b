/** Which requests a policy or binding is about: `matchConstraints` and `matchResources`. */
import type { JsonObject, KubeObject } from '../types.ts';
import { isObject } from '../object.ts';
import { matchesLabelSelector } from '../selectors.ts';

/** The part of a request that is matched. */
export interface Subject {
  operation: 'CREATE' | 'UPDATE' | 'DELETE';
  group: string;
  version: string;
  resource: string;
  /** '' for the object itself. */
  subresource: string;
  name: string;
  namespaced: boolean;
  /** Absent for a delete. */
  object: KubeObject | undefined;
  /** Absent for a create. */
  oldObject: KubeObject | undefined;
  /** Namespace of the object, absent where it has none. */
  namespaceObject: KubeObject | undefined;
}

function includes(list: unknown, ...wanted: string[]): boolean {
  return Array.isArray(list) && wanted.some((item) => list.includes(item));
}

function rules(from: JsonObject, field: string): JsonObject[] {
  return Array.isArray(from[field]) ? from[field].filter(isObject) : [];
}

function resourceMatches(list: unknown, { resource, subresource }: Subject): boolean {
  return Array.isArray(list) && list.some((item) => {
    const [wanted = '', sub = ''] = String(item).split('/');
    return (wanted === '*' || wanted === resource) && (sub === '*' || sub === subresource);
  });
}

function ruleMatches(rule: JsonObject, subject: Subject): boolean {
  const scope = subject.namespaced ? 'Namespaced' : 'Cluster';
  return includes(rule.operations, '*', subject.operation) && includes(rule.apiGroups, '*', subject.group) && includes(rule.apiVersions, '*', subject.version)
    && resourceMatches(rule.resources, subject)
    && (rule.scope === undefined || rule.scope === '*' || rule.scope === scope)
    && (!Array.isArray(rule.resourceNames) || rule.resourceNames.length === 0 || rule.resourceNames.includes(subject.name));
}

function selectorMatches(selector: unknown, ...objects: (KubeObject | undefined)[]): boolean {
  if (!isObject(selector)) return true;
  return objects.some((object) => object !== undefined && matchesLabelSelector(selector, object.metadata.labels));
}

/** Whether constraints cover a request. Cluster-scoped objects pass any namespace selector. */
export function covers(constraints: JsonObject, subject: Subject): boolean {
  if (subject.namespaced && !selectorMatches(constraints.namespaceSelector, subject.namespaceObject)) return false;
  if (!selectorMatches(constraints.objectSelector, subject.object, subject.oldObject)) return false;
  if (rules(constraints, 'excludeResourceRules').some((rule) => ruleMatches(rule, subject))) return false;
  const wanted = rules(constraints, 'resourceRules');
  // A binding without rules takes what its policy covers.
  return wanted.length === 0 || wanted.some((rule) => ruleMatches(rule, subject));
}
