import { STORAGE_CLASS } from '../contract/api.ts';
import { failure } from '../contract/failures.ts';
import type { PersistentVolumeClaim, StorageClass } from '../contract/kubernetes.ts';
import { SYSTEM_NAMESPACE } from '../contract/names.ts';
import { formatQuantity } from '../domain/quantity.ts';
import type { TargetVolume } from '../engines/engine.ts';
import { hashedName } from '../kube/objects.ts';
import { diagnoseClaim } from './diagnose.ts';
import { operationLabels, type OperationRef } from './operation-labels.ts';
import { createClaim } from './rebind.ts';
import { refusalOf, waiting, type ExposeDeps, type Failed, type Waiting } from './result.ts';

/** How long a driver may take to make a blank volume (ms). */
export const TARGET_PROVISION_MS = 10 * 60_000;

/** A claim that the mover can be given. `blank`: the volume is sure to read as zeros before the first write. */
export interface TargetReady { state: 'Ready'; claimName: string; blank: boolean }

/** Name of the claim in the system namespace that is written before it is handed over. */
export function targetClaimName(operation: OperationRef): string {
  return hashedName('hvb-target', operation.id);
}

/**
 * Whether a new volume of a class is sure to read as zeros. A new image file is; a block volume only where the driver is
 * known to be thin or to clear: a thick logical volume shows what was on the disk before, and a Longhorn class with a backing
 * image (every image of Harvester has one) shows that image.
 */
export function isBlank(storageClass: StorageClass, target: Pick<TargetVolume, 'volumeMode'>): boolean {
  if (target.volumeMode === 'Filesystem') {
    return true;
  }
  const { provisioner, parameters } = storageClass;

  return (provisioner === 'driver.longhorn.io' && !parameters?.['backingImage']) || provisioner.endsWith('rbd.csi.ceph.com')
    || (provisioner === 'lvm.driver.harvesterhci.io' && parameters?.['type'] === 'dm-thin');
}

/**
 * A new PVC of the target's class in the system namespace. With WaitForFirstConsumer it is ready unbound: the mover is the
 * first consumer, so the volume is made where the mover runs.
 */
export async function createTarget(deps: ExposeDeps, operation: OperationRef, target: TargetVolume, limitMs = TARGET_PROVISION_MS): Promise<TargetReady | Waiting | Failed> {
  const { client, clock } = deps;
  const storageClass = await client.find<StorageClass>(STORAGE_CLASS, { name: target.storageClassName });

  if (!storageClass) {
    return { state: 'Failed', failure: failure('HVB-STORAGE-CLASS-MISSING', `Storage class ${target.storageClassName} for volume ${target.namespace}/${target.claimName} does not exist.`, clock.now()) };
  }
  let claim: PersistentVolumeClaim;

  try {
    claim = await createClaim(client, {
      apiVersion: 'v1', kind: 'PersistentVolumeClaim',
      metadata: { namespace: SYSTEM_NAMESPACE, name: targetClaimName(operation), labels: operationLabels(operation) },
      spec: {
        accessModes: [target.accessMode],
        volumeMode: target.volumeMode,
        storageClassName: target.storageClassName,
        resources: { requests: { storage: formatQuantity(target.sizeBytes) } },
      },
    });
  } catch (error) {
    const refusal = refusalOf(error);

    if (refusal === undefined) {
      throw error;
    }

    return { state: 'Failed', failure: failure('HVB-STORAGE-EXPOSE-FAILED', `The cluster refused the PersistentVolumeClaim for volume ${target.namespace}/${target.claimName}: ${refusal}`, clock.now()) };
  }
  if (claim.status?.phase === 'Bound' || storageClass.volumeBindingMode === 'WaitForFirstConsumer') {
    return { state: 'Ready', claimName: claim.metadata.name, blank: isBlank(storageClass, target) };
  }
  const { summary, evidence, fatal } = await diagnoseClaim(client, claim, false);
  const late = clock.now().getTime() - Date.parse(claim.metadata.creationTimestamp ?? '') > limitMs;

  return fatal || late
    ? { state: 'Failed', failure: failure(fatal ?? 'HVB-STORAGE-EXPOSE-FAILED', summary, clock.now(), evidence) }
    : waiting('ProvisioningTarget', summary);
}
