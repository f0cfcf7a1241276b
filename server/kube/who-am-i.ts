import type { ResourceType } from '../contract/api.ts';
import type { KubeObject } from '../contract/kubernetes.ts';
import type { KubeClient } from './client.ts';

const SELF_SUBJECT_REVIEW: ResourceType = { group: 'authentication.k8s.io', version: 'v1', kind: 'SelfSubjectReview', plural: 'selfsubjectreviews', namespaced: false };

interface SelfSubjectReview extends KubeObject { status?: { userInfo?: { username?: string } } }

/**
 * The user name of whoever the client asks as, as Kubernetes knows it; undefined where its answer has none.
 * @throws ApiError where the API has no SelfSubjectReview (before Kubernetes 1.28) or refuses the credentials
 */
export async function whoAmI(client: Pick<KubeClient, 'create'>): Promise<string | undefined> {
  const review: SelfSubjectReview = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview', metadata: { name: '' } };

  return (await client.create(SELF_SUBJECT_REVIEW, review)).status?.userInfo?.username;
}
