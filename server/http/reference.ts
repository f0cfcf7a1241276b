import type { z } from 'zod';
import type { objectReferenceSchema } from '../contract/http.ts';
import type { KubeObject } from '../contract/kubernetes.ts';

/** An object in the few words that find it again. */
export function referenceOf({ apiVersion, kind, metadata: { namespace = '', name, uid = '' } }: KubeObject): z.infer<typeof objectReferenceSchema> {
  return { apiVersion, kind, namespace, name, uid };
}

/** Key of the object that a path of the shape `/v1/namespaces/{namespace}/…/{name}` names. */
export function keyOfPath({ namespace = '', name = '' }: Readonly<Record<string, string>>): { namespace: string; name: string } {
  return { namespace, name };
}
