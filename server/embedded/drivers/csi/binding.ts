import { PV, PVC } from '../../../contract/api.ts';
import type { PersistentVolume, PersistentVolumeClaim } from '../../../contract/kubernetes.ts';
import { parseQuantity } from '../../../domain/quantity.ts';
import { writeStatus, type DriverContext } from '../context.ts';

const BOUND_BY_CONTROLLER = 'pv.kubernetes.io/bound-by-controller';
const BIND_COMPLETED = 'pv.kubernetes.io/bind-completed';

/** True when the volume's `claimRef` names this claim: this very one, or (bound in advance) any of its name. */
export function refersTo(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const reference = volume.spec.claimRef;

  return reference !== undefined && reference.namespace === claim.metadata.namespace && reference.name === claim.metadata.name
    && (!reference.uid || reference.uid === claim.metadata.uid);
}

/** Why the volume cannot serve the claim; undefined when it can. */
export function mismatch(volume: PersistentVolume, claim: PersistentVolumeClaim): string | undefined {
  if ((volume.spec.storageClassName ?? '') !== (claim.spec.storageClassName ?? '')) {
    return `storageClassName does not match: the volume has "${volume.spec.storageClassName ?? ''}", the claim asks for "${claim.spec.storageClassName ?? ''}"`;
  }
  if ((volume.spec.volumeMode ?? 'Filesystem') !== (claim.spec.volumeMode ?? 'Filesystem')) {
    return `incompatible volumeMode: the volume has ${volume.spec.volumeMode ?? 'Filesystem'}, the claim asks for ${claim.spec.volumeMode ?? 'Filesystem'}`;
  }
  if (parseQuantity(volume.spec.capacity.storage) < parseQuantity(claim.spec.resources.requests.storage)) {
    return `requested PV is too small: it has ${volume.spec.capacity.storage}, the claim asks for ${claim.spec.resources.requests.storage}`;
  }
  const missing = claim.spec.accessModes.filter((mode) => !volume.spec.accessModes.includes(mode));

  return missing.length > 0 ? `incompatible accessMode: the volume does not offer ${missing.join(', ')}` : undefined;
}

/** The volume that a claim without `volumeName` gets: the one bound to it in advance, else (if `anyFree`) the smallest free one that fits. */
export function matchVolume(volumes: readonly PersistentVolume[], claim: PersistentVolumeClaim, anyFree: boolean): PersistentVolume | undefined {
  const fitting = volumes.filter((volume) => !volume.metadata.deletionTimestamp && !mismatch(volume, claim));
  const reserved = fitting.find((volume) => refersTo(volume, claim));

  return reserved ?? (anyFree ? fitting : [])
    .filter((volume) => !volume.spec.claimRef && volume.status?.phase === 'Available')
    .sort((a, b) => parseQuantity(a.spec.capacity.storage) - parseQuantity(b.spec.capacity.storage))[0];
}

/** Binds claim and volume to each other, in Kubernetes' order: the volume first. Each step is done only if it is not done yet. */
export async function bind({ client }: DriverContext, claim: PersistentVolumeClaim, volume: PersistentVolume): Promise<void> {
  const { namespace = '', name, uid } = claim.metadata;
  let bound = volume;

  if (volume.spec.claimRef?.uid !== uid) {
    const annotations = volume.spec.claimRef ? volume.metadata.annotations : { ...volume.metadata.annotations, [BOUND_BY_CONTROLLER]: 'yes' };

    bound = await client.replace(PV, {
      ...volume, metadata: { ...volume.metadata, annotations },
      spec: { ...volume.spec, claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid } },
    });
  }
  await writeStatus(client, PV, bound, { phase: 'Bound' });
  let own = claim;

  if (claim.spec.volumeName !== volume.metadata.name || claim.metadata.annotations?.[BIND_COMPLETED] !== 'yes') {
    const annotations = { ...claim.metadata.annotations, [BIND_COMPLETED]: 'yes', ...(claim.spec.volumeName ? {} : { [BOUND_BY_CONTROLLER]: 'yes' }) };

    own = await client.replace(PVC, { ...claim, metadata: { ...claim.metadata, annotations }, spec: { ...claim.spec, volumeName: volume.metadata.name } });
  }
  await writeStatus(client, PVC, own, { phase: 'Bound', accessModes: volume.spec.accessModes, capacity: { storage: volume.spec.capacity.storage } });
}
