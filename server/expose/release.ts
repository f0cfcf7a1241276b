import { PV, PVC } from '../contract/api.ts';
import type { PersistentVolume, PersistentVolumeClaim } from '../contract/kubernetes.ts';
import type { KubeClient } from '../kube/client.ts';
import { ANNOTATION_OPERATION, belongsTo, operationLabels, operationSelector, type OperationRef } from './operation-labels.ts';
import type { ExposeDeps } from './result.ts';

/**
 * Removes every temporary PVC and PV of an operation, storage included, wherever the operation stopped. True when nothing
 * is left. Touches only what carries all labels of the operation (or a claim that its hand-over had just made), by UID;
 * a volume that was handed over has lost the labels and is safe.
 */
export async function releaseVolumes({ client }: ExposeDeps, operation: OperationRef): Promise<boolean> {
  const labelSelector = operationSelector(operation);
  const claims = (await client.list<PersistentVolumeClaim>(PVC, { labelSelector })).items;

  for (const claim of claims) {
    await dropClaim(client, operation, claim);
  }
  const volumes = (await client.list<PersistentVolume>(PV, { labelSelector })).items;

  let left = claims.length;

  for (const volume of volumes) {
    left += await dropVolume(client, operation, volume) ? 1 : 0;
  }

  return left === 0;
}

/** Deletes a claim so that its volume goes with it, even where the class would retain it. */
async function dropClaim(client: KubeClient, operation: OperationRef, claim: PersistentVolumeClaim): Promise<void> {
  const { namespace, name, uid } = claim.metadata;
  const volume = claim.spec.volumeName ? await client.find<PersistentVolume>(PV, { name: claim.spec.volumeName }) : undefined;

  if (volume?.spec.claimRef?.uid === uid && volume) {
    await markForDeletion(client, operation, volume);
  }
  if (!claim.metadata.deletionTimestamp) {
    await client.delete(PVC, { namespace, name }, { uid });
  }
}

/** Policy Delete, and our labels so that the volume is followed until it is gone. */
async function markForDeletion(client: KubeClient, operation: OperationRef, volume: PersistentVolume, claimRef?: { uid: string }): Promise<void> {
  if (volume.spec.persistentVolumeReclaimPolicy === 'Delete' && belongsTo(operation, volume) && !claimRef) {
    return;
  }
  await client.patch(PV, { name: volume.metadata.name }, {
    metadata: { resourceVersion: volume.metadata.resourceVersion, labels: operationLabels(operation) },
    spec: { persistentVolumeReclaimPolicy: 'Delete', ...(claimRef ? { claimRef } : {}) },
  });
}

/** Frees a volume of ours that stands between two claims. False when it is no longer ours to free. */
async function dropVolume(client: KubeClient, operation: OperationRef, volume: PersistentVolume): Promise<boolean> {
  const reference = volume.spec.claimRef;
  const claim = reference && await client.find<PersistentVolumeClaim>(PVC, { namespace: reference.namespace, name: reference.name });
  const reserved = reference?.uid === undefined;

  if (claim && (reserved || reference.uid === claim.metadata.uid)) {
    if (belongsTo(operation, claim)) {
      return true;
    }
    if (claim.metadata.annotations?.[ANNOTATION_OPERATION] === operation.id) {
      // The hand-over had not come to its last write, so this claim was given to nobody yet.
      await dropClaim(client, operation, claim);

      return true;
    }
    if (claim.spec.volumeName === volume.metadata.name) {
      return false;
    }
  }
  // A reservation without UID is never reclaimed, as its claim may still come. The volume's own UID is no claim's.
  await markForDeletion(client, operation, volume, reference && reserved ? { uid: volume.metadata.uid ?? 'released' } : undefined);

  return true;
}
