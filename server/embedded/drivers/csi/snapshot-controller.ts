import { PV, PVC, VOLUME_SNAPSHOT, VOLUME_SNAPSHOT_CONTENT } from '../../../contract/api.ts';
import type { PersistentVolume, PersistentVolumeClaim, VolumeSnapshot, VolumeSnapshotClass, VolumeSnapshotContent } from '../../../contract/kubernetes.ts';
import { formatQuantity } from '../../../domain/quantity.ts';
import { createController, source, type Controller, type ReconcileResult } from '../../../kube/controller.ts';
import { keyOf, parseKey } from '../../../kube/keys.ts';
import { withFinalizer, withoutFinalizer, writeStatus, type DriverContext } from '../context.ts';

const BOUND_PROTECTION = 'snapshot.storage.kubernetes.io/volumesnapshot-bound-protection';
/** Holds a content until its data is removed. */
export const CONTENT_PROTECTION = 'snapshot.storage.kubernetes.io/volumesnapshotcontent-bound-protection';
const DEFAULT_CLASS = 'snapshot.storage.kubernetes.io/is-default-class';
const RETRY_MS = 1000;

/** The common snapshot controller: pairs VolumeSnapshots with contents, and shows in the one what happens to the other. */
export function createSnapshotController(context: DriverContext): Controller {
  const { client, caches, clock } = context;

  async function fail(snapshot: VolumeSnapshot, message: string): Promise<ReconcileResult> {
    if (snapshot.status?.error?.message !== message) {
      await writeStatus(client, VOLUME_SNAPSHOT, snapshot, { ...snapshot.status, readyToUse: false, error: { time: clock.now().toISOString(), message } });
    }

    return { requeueAfterMs: RETRY_MS };
  }

  async function finishDeletion(snapshot: VolumeSnapshot): Promise<ReconcileResult> {
    const { namespace, name, uid } = snapshot.metadata;

    if (caches.claims.list(namespace).some((claim) => claim.status?.phase === 'Pending' && claim.spec.dataSource?.kind === 'VolumeSnapshot' && claim.spec.dataSource.name === name && claim.spec.volumeName === undefined && !claim.metadata.deletionTimestamp)) {
      // A volume is being made from it.
      return { requeueAfterMs: RETRY_MS };
    }
    const contentName = snapshot.spec.source.volumeSnapshotContentName ?? `snapcontent-${uid}`;
    const content = await client.find<VolumeSnapshotContent>(VOLUME_SNAPSHOT_CONTENT, { name: contentName });

    if (content?.spec.volumeSnapshotRef.uid === uid && content?.spec.deletionPolicy === 'Delete') {
      await client.delete(VOLUME_SNAPSHOT_CONTENT, { name: contentName }, { uid: content.metadata.uid });
      if (await client.find(VOLUME_SNAPSHOT_CONTENT, { name: contentName })) {
        return { requeueAfterMs: RETRY_MS };
      }
    }
    await withoutFinalizer(client, VOLUME_SNAPSHOT, snapshot, BOUND_PROTECTION);
  }

  function classOf(snapshot: VolumeSnapshot, driver: string): VolumeSnapshotClass | undefined {
    const name = snapshot.spec.volumeSnapshotClassName;

    return name === undefined
      ? caches.snapshotClasses.list().find((each) => each.driver === driver && each.metadata.annotations?.[DEFAULT_CLASS] === 'true')
      : caches.snapshotClasses.get(undefined, name);
  }

  async function createContent(snapshot: VolumeSnapshot, claimName: string): Promise<VolumeSnapshotContent | string> {
    const { namespace = '', name, uid } = snapshot.metadata;
    const claim = await client.find<PersistentVolumeClaim>(PVC, { namespace, name: claimName });
    const volume = claim?.status?.phase === 'Bound' && claim.spec.volumeName ? await client.find<PersistentVolume>(PV, { name: claim.spec.volumeName }) : undefined;

    if (!claim || !volume?.spec.csi) {
      return `Failed to create snapshot content with error: the source PVC ${claimName} is ${claim ? 'not yet bound to a CSI volume' : 'not found'}`;
    }
    const snapshotClass = classOf(snapshot, volume.spec.csi.driver);

    if (!snapshotClass) {
      return `Failed to create snapshot content with error: no VolumeSnapshotClass ${snapshot.spec.volumeSnapshotClassName ?? `that is the default of ${volume.spec.csi.driver}`}`;
    }
    if (snapshotClass.driver !== volume.spec.csi.driver) {
      return `Failed to create snapshot content with error: class ${snapshotClass.metadata.name} is of driver ${snapshotClass.driver}, the volume is of ${volume.spec.csi.driver}`;
    }

    return client.create<VolumeSnapshotContent>(VOLUME_SNAPSHOT_CONTENT, {
      apiVersion: 'snapshot.storage.k8s.io/v1', kind: 'VolumeSnapshotContent',
      metadata: { name: `snapcontent-${uid}`, finalizers: [CONTENT_PROTECTION] },
      spec: {
        driver: volume.spec.csi.driver, deletionPolicy: snapshotClass.deletionPolicy, volumeSnapshotClassName: snapshotClass.metadata.name,
        source: { volumeHandle: volume.spec.csi.volumeHandle }, sourceVolumeMode: volume.spec.volumeMode ?? 'Filesystem', volumeSnapshotRef: { namespace, name, uid },
      },
    });
  }

  async function contentOf(snapshot: VolumeSnapshot): Promise<VolumeSnapshotContent | string> {
    const { source: { persistentVolumeClaimName, volumeSnapshotContentName } } = snapshot.spec;
    const { namespace, name, uid } = snapshot.metadata;
    const content = await client.find<VolumeSnapshotContent>(VOLUME_SNAPSHOT_CONTENT, { name: volumeSnapshotContentName ?? `snapcontent-${uid}` });

    if (content) {
      const reference = content.spec.volumeSnapshotRef;

      if (reference.namespace !== namespace || reference.name !== name || (reference.uid && reference.uid !== uid)) {
        return `VolumeSnapshotContent ${content.metadata.name} is bound to a different snapshot`;
      }

      return reference.uid ? content : await client.patch<VolumeSnapshotContent>(VOLUME_SNAPSHOT_CONTENT, { name: content.metadata.name }, { spec: { volumeSnapshotRef: { uid } } });
    }

    return persistentVolumeClaimName ? createContent(snapshot, persistentVolumeClaimName) : `VolumeSnapshotContent ${volumeSnapshotContentName} is missing`;
  }

  async function reconcile(key: string): Promise<ReconcileResult> {
    const found = await client.find<VolumeSnapshot>(VOLUME_SNAPSHOT, parseKey(key));

    if (!found || found.metadata.deletionTimestamp) {
      return found ? finishDeletion(found) : undefined;
    }
    const snapshot = await withFinalizer(client, VOLUME_SNAPSHOT, found, BOUND_PROTECTION);
    const content = await contentOf(snapshot);

    if (typeof content === 'string') {
      return fail(snapshot, content);
    }
    const { creationTime, readyToUse = false, restoreSize, error } = content.status ?? {};

    await writeStatus(client, VOLUME_SNAPSHOT, snapshot, {
      boundVolumeSnapshotContentName: content.metadata.name, readyToUse,
      // Whole seconds, as the API type has it; the content's own status has nanoseconds.
      ...(creationTime === undefined ? {} : { creationTime: new Date(creationTime / 1e6).toISOString().replace(/\.\d+Z$/, 'Z') }),
      ...(restoreSize === undefined ? {} : { restoreSize: formatQuantity(restoreSize) }),
      ...(error ? { error } : {}),
    });
  }

  return createController({
    name: 'snapshots', reconcile, concurrency: 4, clock, log: context.log,
    sources: [
      source(caches.snapshots, (snapshot) => [keyOf(snapshot)]),
      source(caches.contents, ({ spec: { volumeSnapshotRef: { namespace, name } } }) => [`${namespace}/${name}`]),
      source(caches.snapshotClasses, () => caches.snapshots.list().filter((snapshot) => !snapshot.status?.boundVolumeSnapshotContentName).map(keyOf)),
    ],
  });
}
