import { PV, PVC } from '../contract/api.ts';
import type { PersistentVolume, PersistentVolumeClaim } from '../contract/kubernetes.ts';
import type { KubeClient, ObjectKey } from '../kube/client.ts';
import { isApiError } from '../kube/client.ts';
import { operationLabels, operationSelector, LABEL_VOLUME_ROLE, type OperationRef } from './operation-labels.ts';

/** The operation's PersistentVolume of that role, if there is one. */
export async function findRoleVolume(client: KubeClient, operation: OperationRef, role: string): Promise<PersistentVolume | undefined> {
  const { items } = await client.list<PersistentVolume>(PV, { labelSelector: `${operationSelector(operation)},${LABEL_VOLUME_ROLE}=${role}` });

  return items[0];
}

/**
 * Makes a bound volume the operation's own and keeps it when its claim goes: labels and policy in one write, so that there
 * is no instant at which the volume outlives its claim unlabelled.
 */
export async function adoptVolume(client: KubeClient, operation: OperationRef, role: string, volume: PersistentVolume): Promise<PersistentVolume> {
  return client.patch<PersistentVolume>(PV, { name: volume.metadata.name }, {
    metadata: { resourceVersion: volume.metadata.resourceVersion, labels: { ...operationLabels(operation), [LABEL_VOLUME_ROLE]: role } },
    spec: { persistentVolumeReclaimPolicy: 'Retain' },
  });
}

/** True when the volume is reserved for (or bound to) the claim of that name. */
export function isReservedFor(volume: PersistentVolume, claim: ObjectKey): boolean {
  return volume.spec.claimRef?.namespace === claim.namespace && volume.spec.claimRef?.name === claim.name;
}

/**
 * Reserves a volume whose claim is gone for another claim. Without UID the reservation is for whoever has that name, which
 * is what binding needs, as the claim may not exist yet.
 */
export async function reserveVolume(client: KubeClient, volume: PersistentVolume, claim: Required<ObjectKey>): Promise<PersistentVolume> {
  return client.patch<PersistentVolume>(PV, { name: volume.metadata.name }, {
    metadata: { resourceVersion: volume.metadata.resourceVersion },
    spec: { claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', ...claim, uid: null, resourceVersion: null } },
  });
}

/** Creates a claim; one of the same name that is there already is given instead, whoever made it. */
export async function createClaim(client: KubeClient, claim: PersistentVolumeClaim): Promise<PersistentVolumeClaim> {
  try {
    return await client.create<PersistentVolumeClaim>(PVC, claim);
  } catch (error) {
    if (!isApiError(error, 'AlreadyExists')) {
      throw error;
    }

    return client.get<PersistentVolumeClaim>(PVC, claim.metadata);
  }
}

/** A claim's parameters that a volume dictates: it binds only when class, modes and size agree. */
export function claimSpecFor(volume: PersistentVolume): PersistentVolumeClaim['spec'] {
  return {
    accessModes: volume.spec.accessModes,
    volumeMode: volume.spec.volumeMode ?? 'Filesystem',
    storageClassName: volume.spec.storageClassName ?? '',
    volumeName: volume.metadata.name,
    resources: { requests: { storage: volume.spec.capacity.storage } },
  };
}
