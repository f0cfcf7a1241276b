import { PVC } from '../../../contract/api.ts';
import type { PersistentVolumeClaim, VirtualMachine } from '../../../contract/kubernetes.ts';
import { isApiError } from '../../../kube/client.ts';
import type { DriverContext } from '../context.ts';

/** Harvester's list of the claims of a VM. It is active: what is missing of them is created, blank. */
export const CLAIM_TEMPLATES_ANNOTATION = 'harvesterhci.io/volumeClaimTemplates';

interface ClaimTemplate { metadata: { name: string; annotations?: Record<string, string>; labels?: Record<string, string> }; spec: PersistentVolumeClaim['spec'] }

/** The claims that the annotation lists. An unreadable annotation is told as an event and taken for empty. */
export async function createMissingClaims({ client, caches, events, log }: DriverContext, vm: VirtualMachine): Promise<void> {
  const text = vm.metadata.annotations?.[CLAIM_TEMPLATES_ANNOTATION];
  let templates: ClaimTemplate[];

  try {
    templates = JSON.parse(text ?? '[]') as ClaimTemplate[];
  } catch (error) {
    log.warn('unreadable volumeClaimTemplates', { vm: vm.metadata.name, error });
    await events.record(vm, 'Warning', 'InvalidVolumeClaimTemplates', `annotation ${CLAIM_TEMPLATES_ANNOTATION} is not JSON`);

    return;
  }
  const { namespace } = vm.metadata;

  for (const { metadata, spec } of templates) {
    if (caches.claims.get(namespace, metadata.name)) {
      continue;
    }
    try {
      await client.create<PersistentVolumeClaim>(PVC, {
        apiVersion: 'v1', kind: 'PersistentVolumeClaim', spec: { ...spec, volumeMode: spec.volumeMode ?? 'Block' },
        metadata: { name: metadata.name, namespace, annotations: metadata.annotations, labels: metadata.labels },
      });
    } catch (error) {
      if (!isApiError(error, 'AlreadyExists')) {
        throw error;
      }
    }
  }
}
