import { apiVersionOf, type ResourceType } from '../../contract/api.ts';
import type { KubeObject } from '../../contract/kubernetes.ts';
import { isApiError, type KubeClient } from '../../kube/client.ts';

/** An object of the seed, without what its type says already. */
export type SeedObject = { metadata: KubeObject['metadata'] } & Record<string, unknown>;

/** Creates an object, status included; leaves one of that name that is there. */
export async function createIfAbsent(client: KubeClient, type: ResourceType, object: SeedObject): Promise<void> {
  const { status, ...rest } = object;

  try {
    const created = await client.create<KubeObject>(type, { ...rest, apiVersion: apiVersionOf(type), kind: type.kind });

    if (status !== undefined) {
      await client.replaceStatus<KubeObject>(type, { ...created, status } as KubeObject);
    }
  } catch (error) {
    if (!isApiError(error, 'AlreadyExists')) {
      throw error;
    }
  }
}
