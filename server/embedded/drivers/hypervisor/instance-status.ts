import { isDeepStrictEqual } from 'node:util';
import { VIRTUAL_MACHINE_INSTANCE } from '../../../contract/api.ts';
import type { VirtualMachineInstance } from '../../../contract/kubernetes.ts';
import { isApiError, type KubeClient } from '../../../kube/client.ts';

export type InstanceStatus = NonNullable<VirtualMachineInstance['status']>;

const ATTEMPTS = 10;

/**
 * Changes the status (and finalizers) of an instance, from its newest version, again after a conflict: freezing and the
 * controller write it both. The kind has no status subresource. Does nothing when the instance is gone or is another one now.
 */
export async function editInstance(
  client: KubeClient, { metadata: { namespace, name, uid } }: VirtualMachineInstance,
  change: (status: InstanceStatus) => InstanceStatus, finalizers: (all: string[]) => string[] = (all) => all,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const current = await client.find<VirtualMachineInstance>(VIRTUAL_MACHINE_INSTANCE, { namespace, name });

    if (!current || current.metadata.uid !== uid) {
      return;
    }
    // As JSON, so that undefined fields are no fields.
    const next = JSON.parse(JSON.stringify({
      ...current, status: change(current.status ?? {}), metadata: { ...current.metadata, finalizers: finalizers(current.metadata.finalizers ?? []) },
    })) as VirtualMachineInstance;

    if (isDeepStrictEqual(next.status, current.status) && isDeepStrictEqual(next.metadata.finalizers, current.metadata.finalizers ?? [])) {
      return;
    }
    try {
      await client.replace(VIRTUAL_MACHINE_INSTANCE, next);

      return;
    } catch (error) {
      if (!isApiError(error, 'Conflict') || attempt >= ATTEMPTS) {
        throw error;
      }
    }
  }
}
