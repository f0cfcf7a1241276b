import { PV, PVC, STORAGE_CLASS, VOLUME_SNAPSHOT, VOLUME_SNAPSHOT_CONTENT } from '../contract/api.ts';
import { failure, type FailureCode } from '../contract/failures.ts';
import type { PersistentVolume, PersistentVolumeClaim, StorageClass, VolumeMode, VolumeSnapshot, VolumeSnapshotContent } from '../contract/kubernetes.ts';
import { SYSTEM_NAMESPACE } from '../contract/names.ts';
import { formatQuantity, parseQuantity } from '../domain/quantity.ts';
import { hashedName } from '../kube/objects.ts';
import { diagnoseClaim, diagnoseSnapshot } from './diagnose.ts';
import { nodeFor } from './node.ts';
import { operationLabels, ROLE_SOURCE, type OperationRef } from './operation-labels.ts';
import { adoptVolume, claimSpecFor, createClaim, findRoleVolume, isReservedFor, reserveVolume } from './rebind.ts';
import { refusalOf, waiting, type ExposeDeps, type Failed, type Waiting } from './result.ts';

/** The scheduler's own mark of the node that it chose; a provisioner with WaitForFirstConsumer starts at it. */
const SELECTED_NODE = 'volume.kubernetes.io/selected-node';

/** How long the driver may take to finish the snapshot, to make a volume from it (a full copy for some), and to bind it elsewhere (ms). */
export interface ExposeLimits { readyMs: number; provisionMs: number; bindMs: number }
/** @see ExposeLimits */
export const EXPOSE_LIMITS: ExposeLimits = { readyMs: 60 * 60_000, provisionMs: 60 * 60_000, bindMs: 5 * 60_000 };

/** What is to be made readable. */
export interface SnapshotSource {
  snapshot: { namespace: string; name: string };
  /** Size of the snapshotted volume (bytes): the temporary volume is never smaller, whatever the driver says. */
  sizeBytes: number;
}

/** `claimName` is a bound PVC in the system namespace. */
export interface Exposed { state: 'Ready'; claimName: string; volumeMode: VolumeMode; node?: string }

/** Names of the two claims that an exposure makes, one after the other. */
export function exposureNames(operation: OperationRef): { temporary: string; exposed: string } {
  return { temporary: hashedName('hvb-snap', operation.id), exposed: hashedName('hvb-source', operation.id) };
}

/**
 * Makes a VolumeSnapshot readable in the system namespace, so that no repository credential enters the VM's namespace:
 * a temporary PVC from the snapshot beside it; its volume kept and labelled; the PVC deleted; the volume bound to a PVC in
 * the system namespace. Each call finds out from the cluster how far it is and does what can be done at once.
 */
export async function exposeSnapshot(deps: ExposeDeps, operation: OperationRef, source: SnapshotSource, limits = EXPOSE_LIMITS): Promise<Exposed | Waiting | Failed> {
  const { client } = deps;
  const names = exposureNames(operation);
  const exposed = await client.find<PersistentVolumeClaim>(PVC, { namespace: SYSTEM_NAMESPACE, name: names.exposed });

  if (exposed) {
    return watchExposed(deps, exposed, limits);
  }
  const temporary = await client.find<PersistentVolumeClaim>(PVC, { namespace: source.snapshot.namespace, name: names.temporary });

  if (temporary) {
    return leaveTemporary(deps, operation, temporary, limits);
  }
  const volume = await findRoleVolume(client, operation, ROLE_SOURCE);

  return volume ? bindExposed(deps, operation, volume, names.exposed) : makeTemporary(deps, operation, source, names.temporary, limits);
}

function failed(deps: ExposeDeps, code: FailureCode, message: string, evidence?: string): Failed {
  return { state: 'Failed', failure: failure(code, message, deps.clock.now(), evidence) };
}

function ageMs(deps: ExposeDeps, instant: string | undefined): number {
  return instant === undefined ? 0 : deps.clock.now().getTime() - Date.parse(instant);
}

/** Step 4: the claim in the system namespace is there; it is bound or will be. */
async function watchExposed(deps: ExposeDeps, claim: PersistentVolumeClaim, limits: ExposeLimits): Promise<Exposed | Waiting | Failed> {
  const { client } = deps;

  if (claim.status?.phase === 'Bound') {
    const volume = await client.find<PersistentVolume>(PV, { name: claim.spec.volumeName ?? '' });
    const node = volume?.spec.nodeAffinity ? await nodeFor(client, volume) : undefined;

    return { state: 'Ready', claimName: claim.metadata.name, volumeMode: claim.spec.volumeMode ?? 'Filesystem', ...(node ? { node } : {}) };
  }
  const { summary, evidence, fatal } = await diagnoseClaim(client, claim, false);

  return fatal || ageMs(deps, claim.metadata.creationTimestamp) > limits.bindMs
    ? failed(deps, fatal ?? 'HVB-STORAGE-EXPOSE-FAILED', summary, evidence)
    : waiting('BindingSource', summary);
}

/** Step 3: the temporary claim is gone, its volume was kept. */
async function bindExposed(deps: ExposeDeps, operation: OperationRef, volume: PersistentVolume, name: string): Promise<Waiting> {
  const claim = { namespace: SYSTEM_NAMESPACE, name };
  const reserved = isReservedFor(volume, claim) ? volume : await reserveVolume(deps.client, volume, claim);

  await createClaim(deps.client, {
    apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { ...claim, labels: operationLabels(operation) }, spec: claimSpecFor(reserved),
  });

  return waiting('BindingSource', `PersistentVolume ${volume.metadata.name} is being bound in ${SYSTEM_NAMESPACE}.`);
}

/** Step 2: the temporary claim is there; once bound, its volume is kept and the claim deleted. */
async function leaveTemporary(deps: ExposeDeps, operation: OperationRef, claim: PersistentVolumeClaim, limits: ExposeLimits): Promise<Waiting | Failed> {
  const { client } = deps;
  const { name, namespace, uid, creationTimestamp, deletionTimestamp } = claim.metadata;

  if (deletionTimestamp) {
    return ageMs(deps, deletionTimestamp) > limits.bindMs
      ? failed(deps, 'HVB-STORAGE-EXPOSE-FAILED', `PersistentVolumeClaim ${namespace}/${name} cannot be deleted; something still uses it.`, `finalizers: ${claim.metadata.finalizers?.join(', ') ?? 'none'}`)
      : waiting('LeavingNamespace', `PersistentVolumeClaim ${namespace}/${name} is being deleted.`);
  }
  if (claim.status?.phase !== 'Bound' || !claim.spec.volumeName) {
    const { summary, evidence, fatal } = await diagnoseClaim(client, claim, true);
    const code = fatal === 'HVB-STORAGE-FULL' ? fatal : 'HVB-STORAGE-EXPOSE-FAILED';

    return fatal || ageMs(deps, creationTimestamp) > limits.provisionMs ? failed(deps, code, summary, evidence) : waiting('Provisioning', summary);
  }
  const volume = await client.get<PersistentVolume>(PV, { name: claim.spec.volumeName });

  // The claim lies in a tenant's namespace: what it says about a volume counts only when the volume says the same.
  if (volume.spec.claimRef?.uid !== uid) {
    return failed(deps, 'HVB-STORAGE-EXPOSE-FAILED', `PersistentVolumeClaim ${namespace}/${name} names PersistentVolume ${volume.metadata.name}, which is bound to another claim: delete the claim.`);
  }
  await adoptVolume(client, operation, ROLE_SOURCE, volume);
  await client.delete(PVC, { namespace, name }, { uid });

  return waiting('LeavingNamespace', `PersistentVolume ${volume.metadata.name} leaves namespace ${namespace}.`);
}

/** Step 1: a claim from the snapshot, beside it. */
async function makeTemporary(deps: ExposeDeps, operation: OperationRef, source: SnapshotSource, name: string, limits: ExposeLimits): Promise<Waiting | Failed> {
  const { client } = deps;
  const { namespace } = source.snapshot;
  const where = `VolumeSnapshot ${namespace}/${source.snapshot.name}`;
  const snapshot = await client.find<VolumeSnapshot>(VOLUME_SNAPSHOT, source.snapshot);

  if (!snapshot || snapshot.metadata.deletionTimestamp) {
    return failed(deps, 'HVB-STORAGE-SNAPSHOT-FAILED', `${where} does not exist any more.`);
  }
  if (!snapshot.status?.readyToUse) {
    const { summary, evidence, fatal } = await diagnoseSnapshot(client, snapshot);

    return fatal || ageMs(deps, snapshot.metadata.creationTimestamp) > limits.readyMs
      ? failed(deps, fatal ?? 'HVB-STORAGE-SNAPSHOT-FAILED', summary, evidence)
      : waiting('SnapshotReady', summary);
  }
  const content = await client.find<VolumeSnapshotContent>(VOLUME_SNAPSHOT_CONTENT, { name: snapshot.status.boundVolumeSnapshotContentName ?? '' });
  const origin = snapshot.spec.source.persistentVolumeClaimName
    ? await client.find<PersistentVolumeClaim>(PVC, { namespace, name: snapshot.spec.source.persistentVolumeClaimName })
    : undefined;
  const storageClass = await classFor(deps, origin, content);

  if (!storageClass) {
    return failed(deps, 'HVB-STORAGE-EXPOSE-FAILED', `${where}: no storage class of driver ${content?.spec.driver ?? '(unknown)'} exists from which a volume could be made.`);
  }
  const delayed = storageClass.volumeBindingMode === 'WaitForFirstConsumer';
  const originVolume = delayed && origin?.spec.volumeName ? await client.find<PersistentVolume>(PV, { name: origin.spec.volumeName }) : undefined;
  const node = delayed ? await nodeFor(client, originVolume) : undefined;

  if (delayed && !node) {
    return waiting('NodeReady', `${where}: no ready node can reach the volume.`);
  }
  const sizeBytes = Math.max(source.sizeBytes, snapshot.status.restoreSize ? parseQuantity(snapshot.status.restoreSize) : 0);

  const claim: PersistentVolumeClaim = {
    apiVersion: 'v1', kind: 'PersistentVolumeClaim',
    metadata: { namespace, name, labels: operationLabels(operation), ...(node ? { annotations: { [SELECTED_NODE]: node } } : {}) },
    spec: {
      // ReadWriteOnce is what every driver can do; a read-many mode is Ceph's alone.
      accessModes: ['ReadWriteOnce'],
      volumeMode: content?.spec.sourceVolumeMode ?? origin?.spec.volumeMode ?? 'Filesystem',
      storageClassName: storageClass.metadata.name,
      resources: { requests: { storage: formatQuantity(sizeBytes) } },
      dataSource: { apiGroup: VOLUME_SNAPSHOT.group, kind: VOLUME_SNAPSHOT.kind, name: source.snapshot.name },
    },
  };

  try {
    await createClaim(client, claim);
  } catch (error) {
    const refusal = refusalOf(error);

    if (refusal === undefined) {
      throw error;
    }

    return failed(deps, 'HVB-STORAGE-EXPOSE-FAILED', `The cluster refused the temporary PersistentVolumeClaim ${namespace}/${name}: ${refusal}`);
  }

  return waiting('Provisioning', `A volume is being made from ${where}.`);
}

/** The class of the snapshotted claim; when it or its claim is gone, any of the same driver. */
async function classFor(deps: ExposeDeps, origin: PersistentVolumeClaim | undefined, content: VolumeSnapshotContent | undefined): Promise<StorageClass | undefined> {
  const own = origin?.spec.storageClassName ? await deps.client.find<StorageClass>(STORAGE_CLASS, { name: origin.spec.storageClassName }) : undefined;

  if (own || !content) {
    return own;
  }

  return (await deps.client.list<StorageClass>(STORAGE_CLASS)).items.find((each) => each.provisioner === content.spec.driver);
}
