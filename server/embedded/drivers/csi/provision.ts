import { PV, VOLUME_SNAPSHOT, VOLUME_SNAPSHOT_CONTENT } from '../../../contract/api.ts';
import type { PersistentVolume, PersistentVolumeClaim, StorageClass, VolumeMode, VolumeSnapshot, VolumeSnapshotContent } from '../../../contract/kubernetes.ts';
import { parseQuantity } from '../../../domain/quantity.ts';
import type { DriverContext } from '../context.ts';
import { SELECTED_NODE, classFits } from '../placement.ts';
import { nodesOfClass, snapshotIDOfHandle, type CsiDriver } from './abilities.ts';

/** Set on every volume that a driver made: its bytes are removed before the object goes. */
export const PROVISIONER_FINALIZER = 'external-provisioner.volume.kubernetes.io/finalizer';
/** Name of the driver that made the volume. */
export const PROVISIONED_BY = 'pv.kubernetes.io/provisioned-by';
const ALLOW_MODE_CHANGE = 'snapshot.storage.kubernetes.io/allow-volume-mode-change';

/** The driver cannot make the volume now; the text goes into the claim's event. */
export class ProvisioningError extends Error {
  override readonly name = 'ProvisioningError';
}

interface SnapshotSource { id: string; node?: string }

async function snapshotSource({ client, files }: DriverContext, claim: PersistentVolumeClaim, driver: CsiDriver, mode: VolumeMode): Promise<SnapshotSource | undefined> {
  const source = claim.spec.dataSource;

  if (!source) {
    return undefined;
  }
  if (source.kind !== 'VolumeSnapshot' || source.apiGroup !== VOLUME_SNAPSHOT.group) {
    throw new ProvisioningError(`the data source kind ${source.kind} is not supported: use a VolumeSnapshot`);
  }
  const snapshot = await client.find<VolumeSnapshot>(VOLUME_SNAPSHOT, { namespace: claim.metadata.namespace, name: source.name });

  if (!snapshot?.status?.readyToUse || !snapshot.status.boundVolumeSnapshotContentName) {
    throw new ProvisioningError(`error getting handle for DataSource Type VolumeSnapshot by Name ${source.name}: snapshot ${source.name} is ${snapshot ? 'not Ready' : 'not found'}`);
  }
  const content = await client.get<VolumeSnapshotContent>(VOLUME_SNAPSHOT_CONTENT, { name: snapshot.status.boundVolumeSnapshotContentName });

  if (content.spec.driver !== driver.name) {
    throw new ProvisioningError(`snapshot ${source.name} is of driver ${content.spec.driver}, which is not the class's driver ${driver.name}`);
  }
  if (content.spec.sourceVolumeMode && content.spec.sourceVolumeMode !== mode && content.metadata.annotations?.[ALLOW_MODE_CHANGE] !== 'true') {
    throw new ProvisioningError(`requested volume mode ${mode} differs from the snapshot's, ${content.spec.sourceVolumeMode}: the annotation ${ALLOW_MODE_CHANGE} on ${content.metadata.name} would allow it`);
  }
  if (parseQuantity(claim.spec.resources.requests.storage) < (content.status?.restoreSize ?? 0)) {
    throw new ProvisioningError(`requested volume size ${claim.spec.resources.requests.storage} is less than the size ${content.status?.restoreSize} of the snapshot ${source.name}`);
  }
  const id = snapshotIDOfHandle(content.status?.snapshotHandle ?? '');
  const facts = id === undefined ? undefined : await files.snapshotFacts(id);

  if (id === undefined || !facts) {
    throw new ProvisioningError(`the data of snapshot ${source.name} is gone`);
  }

  return { id, node: facts.node };
}

/** The node that the volume will be on, for a driver that keeps volumes on one. */
function nodeFor({ caches }: DriverContext, claim: PersistentVolumeClaim, storageClass: StorageClass, driver: CsiDriver, source: SnapshotSource | undefined): string | undefined {
  if (!driver.topologyKey) {
    return undefined;
  }
  const selected = claim.metadata.annotations?.[SELECTED_NODE];
  const node = selected ?? nodesOfClass(storageClass)?.[0];
  const known = caches.nodes.list().find(({ metadata }) => metadata.name === node);

  if (!node || !known || !classFits(storageClass, known)) {
    throw new ProvisioningError(`class ${storageClass.metadata.name} provides no volumes on node ${node ?? '(none selected)'}: its allowedTopologies name ${nodesOfClass(storageClass)?.join(', ') ?? 'no node'}`);
  }
  if (source?.node !== undefined && source.node !== node) {
    throw new ProvisioningError(`the snapshot is on node ${source.node}, and ${driver.name} cannot restore it to node ${node}`);
  }

  return node;
}

function checkModes(claim: PersistentVolumeClaim, driver: CsiDriver, mode: VolumeMode): void {
  if (!driver.volumeModes.includes(mode)) {
    throw new ProvisioningError(`driver ${driver.name} does not support volumes of mode ${mode}`);
  }
  const unsupported = claim.spec.accessModes.filter((each) => !driver.accessModes.includes(each));

  if (unsupported.length > 0) {
    throw new ProvisioningError(`driver ${driver.name} does not support access mode ${unsupported.join(', ')}`);
  }
}

/**
 * Makes the volume of a claim: its bytes, then the PersistentVolume that points at them, already bound to the claim.
 * @throws ProvisioningError when the driver cannot
 */
export async function provision(context: DriverContext, claim: PersistentVolumeClaim, storageClass: StorageClass, driver: CsiDriver): Promise<PersistentVolume> {
  const { client, files, faults, clock, latencies } = context;
  const mode = claim.spec.volumeMode ?? 'Filesystem';
  const className = storageClass.metadata.name;
  const handle = `pvc-${claim.metadata.uid}`;

  checkModes(claim, driver, mode);
  const source = await snapshotSource(context, claim, driver, mode);
  const node = nodeFor(context, claim, storageClass, driver, source);

  if (faults.isOn('provisioning-fails', claim, storageClass)) {
    throw new ProvisioningError('rpc error: code = Internal desc = the driver failed (a fault that was asked for)');
  }
  if (faults.isOn('pool-full', claim, storageClass)) {
    throw new ProvisioningError(`rpc error: code = ResourceExhausted desc = insufficient free space in the pool of ${className} for ${claim.spec.resources.requests.storage}`);
  }
  await clock.sleep(latencies.provisionMs);
  try {
    await files.provision({ className, handle, mode, sizeBytes: parseQuantity(claim.spec.resources.requests.storage), snapshotID: source?.id });
  } catch (error) {
    throw new ProvisioningError(`rpc error: code = ${(error as NodeJS.ErrnoException).code === 'ENOSPC' ? 'ResourceExhausted' : 'Internal'} desc = ${(error as Error).message}`, { cause: error });
  }

  return client.create<PersistentVolume>(PV, {
    apiVersion: 'v1', kind: 'PersistentVolume',
    metadata: { name: handle, annotations: { [PROVISIONED_BY]: driver.name }, finalizers: [PROVISIONER_FINALIZER] },
    spec: {
      accessModes: claim.spec.accessModes, volumeMode: mode, storageClassName: className, capacity: { storage: claim.spec.resources.requests.storage },
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? 'Delete',
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace: claim.metadata.namespace ?? '', name: claim.metadata.name, uid: claim.metadata.uid },
      csi: { driver: driver.name, volumeHandle: handle },
      ...(node && driver.topologyKey ? { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: driver.topologyKey, operator: 'In', values: [node] }] }] } } } : {}),
    },
  });
}
