import type { ResourceType } from '../contract/api.ts';
import type { ObjectKey } from './client.ts';

/** URL path of a kind's collection, in one namespace or (namespace absent) across all. */
export function collectionPath(type: ResourceType, namespace?: string): string {
  const root = type.group === '' ? `/api/${type.version}` : `/apis/${type.group}/${type.version}`;
  const scope = type.namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';

  return `${root}${scope}/${type.plural}`;
}

/** URL path of one object. Throws when a namespaced kind is addressed without namespace: the API would answer with a misleading 404. */
export function objectPath(type: ResourceType, key: ObjectKey): string {
  if (type.namespaced && key.namespace === undefined) {
    throw new Error(`${type.kind} ${key.name}: a namespace is needed to address an object of a namespaced kind`);
  }

  return `${collectionPath(type, key.namespace)}/${encodeURIComponent(key.name)}`;
}

/**
 * URL path of an action subresource. KubeVirt serves the actions on its objects (freeze, start, …) from an
 * aggregated API of its own, so its kinds are looked up there.
 */
export function actionPath(type: ResourceType, key: Required<ObjectKey>, subresource: string): string {
  const group = type.group === 'kubevirt.io' ? 'subresources.kubevirt.io' : type.group;

  return `${objectPath({ ...type, group }, key)}/${subresource}`;
}
