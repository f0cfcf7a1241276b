import type { KubeObject } from '../contract/kubernetes.ts';
import type { ObjectKey } from './client.ts';

/** `namespace/name`, or `name` for cluster-scoped objects: the key of work queues and caches. */
export function keyOf(object: KubeObject): string {
  return formatKey(object.metadata);
}

/** @see keyOf */
export function formatKey({ namespace, name }: ObjectKey): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** The inverse of {@link formatKey}. */
export function parseKey(key: string): ObjectKey {
  const slash = key.indexOf('/');

  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
