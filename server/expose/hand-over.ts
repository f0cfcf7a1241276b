import { PV, PVC, STORAGE_CLASS } from '../contract/api.ts';
import { failure, type FailureCode } from '../contract/failures.ts';
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '../contract/kubernetes.ts';
import { LABEL_OPERATION, LABEL_OWNER_KIND, LABEL_OWNER_UID, SYSTEM_NAMESPACE } from '../contract/names.ts';
import type { TargetVolume } from '../engines/engine.ts';
import { isApiError } from '../kube/client.ts';
import { targetClaimName } from './create-target.ts';
import { diagnoseClaim } from './diagnose.ts';
import { ANNOTATION_OPERATION, belongsTo, LABEL_VOLUME_ROLE, ROLE_TARGET, type OperationRef } from './operation-labels.ts';
import { adoptVolume, claimSpecFor, createClaim, findRoleVolume, isReservedFor, reserveVolume } from './rebind.ts';
import { refusalOf, waiting, type ExposeDeps, type Failed, type Waiting } from './result.ts';

/** How long a step of the hand-over may take (ms). */
export const HAND_OVER_MS = 5 * 60_000;

/** The volume is the target's own now, under its final name. */
export interface HandedOver { state: 'Done'; claimUID: string }

/**
 * Gives a written volume to its own namespace: kept and labelled; the PVC in the system namespace deleted; bound to the PVC
 * of its final name; the class's reclaim policy put back and our labels taken off in one write. With that write it is
 * handed over, and no clean-up of ours ever touches it again.
 */
export async function handOver(deps: ExposeDeps, operation: OperationRef, target: TargetVolume, limitMs = HAND_OVER_MS): Promise<HandedOver | Waiting | Failed> {
  const { client } = deps;
  const claim = await client.find<PersistentVolumeClaim>(PVC, { namespace: target.namespace, name: target.claimName });

  if (claim) {
    return claim.metadata.annotations?.[ANNOTATION_OPERATION] === operation.id ? complete(deps, operation, claim, limitMs) : conflict(deps, target);
  }
  const written = await client.find<PersistentVolumeClaim>(PVC, { namespace: SYSTEM_NAMESPACE, name: targetClaimName(operation) });

  if (written) {
    return leaveSystemNamespace(deps, operation, written, limitMs);
  }
  const volume = await findRoleVolume(client, operation, ROLE_TARGET);

  return volume ? bindTarget(deps, operation, target, volume) : failed(deps, 'HVB-STORAGE-HANDOVER-FAILED', `The written volume for ${target.namespace}/${target.claimName} is not there any more.`);
}

function failed(deps: ExposeDeps, code: FailureCode, message: string, evidence?: string): Failed {
  return { state: 'Failed', failure: failure(code, message, deps.clock.now(), evidence) };
}

function conflict(deps: ExposeDeps, target: TargetVolume): Failed {
  return failed(deps, 'HVB-TARGET-CONFLICT', `PersistentVolumeClaim ${target.namespace}/${target.claimName} exists and was not made by this restore.`);
}

async function leaveSystemNamespace(deps: ExposeDeps, operation: OperationRef, claim: PersistentVolumeClaim, limitMs: number): Promise<Waiting | Failed> {
  const { client, clock } = deps;
  const { name, namespace, uid, deletionTimestamp, finalizers } = claim.metadata;

  if (deletionTimestamp) {
    return clock.now().getTime() - Date.parse(deletionTimestamp) > limitMs
      ? failed(deps, 'HVB-STORAGE-HANDOVER-FAILED', `PersistentVolumeClaim ${namespace}/${name} cannot be deleted; something still uses it.`, `finalizers: ${finalizers?.join(', ') ?? 'none'}`)
      : waiting('LeavingSystemNamespace', `PersistentVolumeClaim ${namespace}/${name} is being deleted.`);
  }
  if (!claim.spec.volumeName) {
    return failed(deps, 'HVB-STORAGE-HANDOVER-FAILED', `PersistentVolumeClaim ${namespace}/${name} was never bound, so nothing was written to it.`);
  }
  const volume = await client.get<PersistentVolume>(PV, { name: claim.spec.volumeName });

  await adoptVolume(client, operation, ROLE_TARGET, volume);
  await client.delete(PVC, { namespace, name }, { uid });

  return waiting('LeavingSystemNamespace', `PersistentVolume ${volume.metadata.name} leaves namespace ${namespace}.`);
}

async function bindTarget(deps: ExposeDeps, operation: OperationRef, target: TargetVolume, volume: PersistentVolume): Promise<Waiting | Failed> {
  const key = { namespace: target.namespace, name: target.claimName };
  const reserved = isReservedFor(volume, key) ? volume : await reserveVolume(deps.client, volume, key);
  let claim: PersistentVolumeClaim;

  try {
    claim = await createClaim(deps.client, {
      apiVersion: 'v1', kind: 'PersistentVolumeClaim',
      metadata: { ...key, labels: target.labels, annotations: { ...target.annotations, [ANNOTATION_OPERATION]: operation.id } },
      spec: claimSpecFor(reserved),
    });
  } catch (error) {
    if (isApiError(error, 'NotFound')) {
      return failed(deps, 'HVB-TARGET-NAMESPACE-MISSING', `Namespace ${target.namespace} does not exist.`);
    }
    const refusal = refusalOf(error);

    if (refusal === undefined) {
      throw error;
    }

    return failed(deps, 'HVB-STORAGE-HANDOVER-FAILED', `The cluster refused PersistentVolumeClaim ${key.namespace}/${key.name}: ${refusal}`);
  }

  return claim.metadata.annotations?.[ANNOTATION_OPERATION] === operation.id
    ? waiting('BindingTarget', `PersistentVolume ${volume.metadata.name} is being bound to ${target.namespace}/${target.claimName}.`)
    : conflict(deps, target);
}

async function complete(deps: ExposeDeps, operation: OperationRef, claim: PersistentVolumeClaim, limitMs: number): Promise<HandedOver | Waiting | Failed> {
  const { client, clock } = deps;

  if (claim.status?.phase !== 'Bound') {
    const { summary, evidence } = await diagnoseClaim(client, claim, true);
    const late = clock.now().getTime() - Date.parse(claim.metadata.creationTimestamp ?? '') > limitMs;

    return late || claim.status?.phase === 'Lost' ? failed(deps, 'HVB-STORAGE-HANDOVER-FAILED', summary, evidence) : waiting('BindingTarget', summary);
  }
  const volume = await client.get<PersistentVolume>(PV, { name: claim.spec.volumeName ?? '' });

  if (belongsTo(operation, volume)) {
    const storageClass = await client.find<StorageClass>(STORAGE_CLASS, { name: volume.spec.storageClassName ?? '' });

    await client.patch(PV, { name: volume.metadata.name }, {
      metadata: {
        resourceVersion: volume.metadata.resourceVersion,
        labels: { [LABEL_OPERATION]: null, [LABEL_OWNER_UID]: null, [LABEL_OWNER_KIND]: null, [LABEL_VOLUME_ROLE]: null },
      },
      // Kubernetes' default for provisioned volumes; Retain would leave storage behind when the user deletes the disk.
      spec: { persistentVolumeReclaimPolicy: storageClass?.reclaimPolicy ?? 'Delete' },
    });
  }

  return { state: 'Done', claimUID: claim.metadata.uid ?? '' };
}
