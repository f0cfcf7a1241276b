import type { ResourceType } from '../contract/api.ts';
import { HTTP_SERVICE_PROXY_NAME } from '../contract/http.ts';
import type { KubeObject } from '../contract/kubernetes.ts';
import { SYSTEM_NAMESPACE } from '../contract/names.ts';
import type { KubeClient } from '../kube/client.ts';
import type { HttpKubeClient } from '../kube/http-client.ts';
import { whoAmI } from '../kube/who-am-i.ts';
import { Problem } from './problem.ts';

const ACCESS_REVIEW: ResourceType = { group: 'authorization.k8s.io', version: 'v1', kind: 'SelfSubjectAccessReview', plural: 'selfsubjectaccessreviews', namespaced: false };

interface AccessReview extends KubeObject { spec: { resourceAttributes: Record<string, string> }; status?: { allowed: boolean; reason?: string } }

/** Makes a client that acts as the bearer of a token. Each call makes a new connection of its own: no two people ever share one. */
export type ClientOf = (token: string) => HttpKubeClient;

/** Does something as the bearer of the token; the client is gone afterwards. */
export async function asCaller<T>(clientOf: ClientOf, token: string, work: (client: KubeClient) => Promise<T>): Promise<T> {
  const client = clientOf(token);

  try {
    return await work(client);
  } finally {
    client.close();
  }
}

/**
 * Lets only those pass who may `get` our Service through kube-apiserver's service proxy: a direct read needs the same right.
 * @throws Problem FORBIDDEN; ApiError 401 for a token that Kubernetes does not know
 */
export async function mayRead(client: KubeClient): Promise<void> {
  const resourceAttributes = { verb: 'get', group: '', version: 'v1', resource: 'services', subresource: 'proxy', namespace: SYSTEM_NAMESPACE, name: HTTP_SERVICE_PROXY_NAME };
  const review: AccessReview = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', metadata: { name: '' }, spec: { resourceAttributes } };
  const { status } = await client.create(ACCESS_REVIEW, review);

  if (!status?.allowed) {
    throw new Problem('HVB-HTTP-FORBIDDEN', `You may not read the operator API: it needs the verb "get" on "services/proxy" with the name "${HTTP_SERVICE_PROXY_NAME}" in the namespace "${SYSTEM_NAMESPACE}".`);
  }
}

/** The caller's user name, as Kubernetes knows it. */
export async function nameOf(client: KubeClient): Promise<string> {
  const name = await whoAmI(client);

  if (!name) throw new Problem('HVB-HTTP-API-UNREACHABLE', 'The Kubernetes API did not say whose token it is.');
  return name;
}
