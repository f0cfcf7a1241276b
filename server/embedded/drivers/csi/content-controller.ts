import { PV, VOLUME_SNAPSHOT_CONTENT } from '../../../contract/api.ts';
import type { PersistentVolume, VolumeSnapshotContent } from '../../../contract/kubernetes.ts';
import { parseQuantity } from '../../../domain/quantity.ts';
import { createController, source, type Controller, type ReconcileResult } from '../../../kube/controller.ts';
import { writeStatus, withoutFinalizer, type DriverContext } from '../context.ts';
import { driverOf, snapshotHandle, snapshotIDOf, snapshotIDOfHandle, type CsiDriver } from './abilities.ts';
import { CONTENT_PROTECTION } from './snapshot-controller.ts';
import { createTurns } from './turns.ts';

const RETRY_MS = 1000;
const STUCK_MS = 500;

/** A copy that runs in this process. */
interface Copy { done: Promise<void>; failure?: string; readyAtMs?: number }

type ContentStatus = NonNullable<VolumeSnapshotContent['status']>;

/** The drivers' side of snapshots: the cut, the copy, the end. */
export function createContentController(context: DriverContext): Controller {
  const { client, caches, files, gates, clock, faults, latencies, log } = context;
  const copies = new Map<string, Copy>();
  const turns = createTurns();

  const write = (content: VolumeSnapshotContent, status: ContentStatus): Promise<VolumeSnapshotContent> => writeStatus(client, VOLUME_SNAPSHOT_CONTENT, content, status);

  async function fail(content: VolumeSnapshotContent, message: string): Promise<ReconcileResult> {
    await write(content, { ...content.status, readyToUse: false, error: { message } });

    return { requeueAfterMs: RETRY_MS };
  }

  async function finishDeletion(content: VolumeSnapshotContent): Promise<void> {
    const id = content.spec.source.snapshotHandle ? snapshotIDOfHandle(content.spec.source.snapshotHandle) : snapshotIDOf(content.metadata.name);

    await copies.get(content.metadata.name)?.done;
    copies.delete(content.metadata.name);
    if (content.spec.deletionPolicy === 'Delete' && id !== undefined) {
      await files.removeSnapshot(id);
    }
    await withoutFinalizer(client, VOLUME_SNAPSHOT_CONTENT, content, CONTENT_PROTECTION);
  }

  /** A content that was made for a snapshot that is there already. */
  async function adopt(content: VolumeSnapshotContent, handle: string): Promise<ReconcileResult> {
    const id = snapshotIDOfHandle(handle);
    const facts = id === undefined ? undefined : await files.snapshotFacts(id);

    if (!facts) {
      return fail(content, `rpc error: code = NotFound desc = snapshot ${handle} does not exist`);
    }
    await write(content, { snapshotHandle: handle, creationTime: nanoseconds(new Date(facts.cutAt)), restoreSize: facts.sizeBytes, readyToUse: true });
  }

  async function cut(content: VolumeSnapshotContent, driver: CsiDriver, volume: PersistentVolume, signal: AbortSignal): Promise<void> {
    const { metadata: { name } } = content;
    const handle = volume.spec.csi?.volumeHandle ?? '';
    const id = snapshotIDOf(name);
    const sizeBytes = parseQuantity(volume.spec.capacity.storage);
    const node = volume.spec.nodeAffinity?.required?.nodeSelectorTerms[0]?.matchExpressions?.[0]?.values?.[0];

    await clock.sleep(latencies.snapshotMs, signal);
    // From here on the guest's writes to this disk wait, so whatever the copy takes, it is the disk of this instant.
    const release = await gates.hold(handle);
    const cutAt = clock.now();
    const copy: Copy = { done: Promise.resolve() };

    copies.set(name, copy);
    copy.done = files.takeSnapshot(id, { volumeHandle: handle, volumeMode: volume.spec.volumeMode ?? 'Filesystem', sizeBytes, cutAt: cutAt.toISOString(), ...(node ? { node } : {}) })
      .then(() => {
        copy.readyAtMs = clock.monotonicMs() + latencies.snapshotReadyMs;
      }, (error: unknown) => {
        copy.failure = (error as Error).message;
        log.warn('a snapshot could not be copied', { content: name, error });
      })
      .finally(() => {
        release();
        controller.enqueue(name);
      });
    await write(content, { snapshotHandle: snapshotHandle(driver, handle, id), creationTime: nanoseconds(cutAt), restoreSize: sizeBytes, readyToUse: false });
  }

  /** After the cut: waits for the copy, here or (after a restart) by what is on disk. */
  async function finish(content: VolumeSnapshotContent): Promise<ReconcileResult> {
    const copy = copies.get(content.metadata.name);
    const source = caches.volumes.list().find((volume) => volume.spec.csi?.volumeHandle === content.spec.source.volumeHandle);
    const snapshotClass = caches.snapshotClasses.get(undefined, content.spec.volumeSnapshotClassName ?? '');

    if (copy?.failure !== undefined) {
      return fail(content, `rpc error: code = Internal desc = ${copy.failure}`);
    }
    if (copy && copy.readyAtMs === undefined) {
      return undefined;
    }
    if (faults.isOn('snapshot-never-ready', content, snapshotClass, source, claimOf(source))) {
      return { requeueAfterMs: STUCK_MS };
    }
    const waitMs = (copy?.readyAtMs ?? 0) - clock.monotonicMs();

    if (copy && waitMs > 0) {
      return { requeueAfterMs: waitMs };
    }
    if (!copy && !await files.snapshotFacts(snapshotIDOf(content.metadata.name))) {
      return fail(content, 'rpc error: code = Aborted desc = the node went down while the snapshot was copied; delete the snapshot and take another');
    }
    copies.delete(content.metadata.name);
    await write(content, { ...content.status, readyToUse: true, error: undefined });
  }

  function claimOf(volume: PersistentVolume | undefined): ReturnType<typeof caches.claims.get> {
    const reference = volume?.spec.claimRef;

    return reference ? caches.claims.get(reference.namespace, reference.name) : undefined;
  }

  /** What is in the way of the cut: an error, or nothing that the driver would tell. Undefined when it can be made now. */
  function obstacle(content: VolumeSnapshotContent, driver: CsiDriver, volume: PersistentVolume): { message?: string } | undefined {
    const snapshotClass = caches.snapshotClasses.get(undefined, content.spec.volumeSnapshotClassName ?? '');
    const objects = [content, snapshotClass, volume, claimOf(volume), caches.classes.get(undefined, volume.spec.storageClassName ?? '')];

    if (faults.isOn('snapshot-stuck', ...objects)) {
      return {};
    }
    if (faults.isOn('snapshot-fails', ...objects)) {
      return { message: 'rpc error: code = Internal desc = the driver failed (a fault that was asked for)' };
    }
    if (driver.name === 'driver.longhorn.io' && snapshotClass?.parameters?.['type'] !== 'snap') {
      return { message: 'rpc error: code = Aborted desc = the backup target default is not available; a class with the parameter type: snap takes snapshots in the cluster' };
    }

    return driver.snapshots ? undefined : { message: `rpc error: code = Unimplemented desc = driver ${driver.name} has no snapshots` };
  }

  async function begin(content: VolumeSnapshotContent, signal: AbortSignal): Promise<ReconcileResult> {
    const driver = driverOf(content.spec.driver);
    const volume = (await client.list<PersistentVolume>(PV)).items.find((each) => each.spec.csi?.volumeHandle === content.spec.source.volumeHandle);

    if (!driver) {
      return undefined;
    }
    if (!volume) {
      return fail(content, `rpc error: code = NotFound desc = volume ${content.spec.source.volumeHandle} does not exist`);
    }
    const why = obstacle(content, driver, volume);

    if (why) {
      return why.message === undefined ? { requeueAfterMs: STUCK_MS } : fail(content, why.message);
    }
    const copy = copies.get(content.metadata.name);

    if (copy) {
      // The cut was made, but its status could not be written.
      await copy.done;
      copies.delete(content.metadata.name);
    }
    const done = await files.snapshotFacts(snapshotIDOf(content.metadata.name));

    if (done) {
      // Copied, but nobody was told: the write failed, or the process died.
      return adopt(content, snapshotHandle(driver, done.volumeHandle, snapshotIDOf(content.metadata.name)));
    }
    await turns.take(driver.name, () => cut(content, driver, volume, signal));
  }

  async function reconcile(name: string, signal: AbortSignal): Promise<ReconcileResult> {
    const content = await client.find<VolumeSnapshotContent>(VOLUME_SNAPSHOT_CONTENT, { name });

    if (!content || content.metadata.deletionTimestamp) {
      return content ? finishDeletion(content) : undefined;
    }
    if (content.status?.readyToUse) {
      return undefined;
    }
    if (content.spec.source.snapshotHandle) {
      return adopt(content, content.spec.source.snapshotHandle);
    }

    return content.status?.creationTime === undefined ? begin(content, signal) : finish(content);
  }

  const controller = createController({
    name: 'csi-snapshots', reconcile, concurrency: 8, clock, log,
    sources: [source(caches.contents, ({ metadata }) => [metadata.name])],
  });

  return {
    ...controller,
    async run(signal) {
      await controller.run(signal);
      // A copy that still runs would write into a folder that its owner may remove now.
      await Promise.all([...copies.values()].map(({ done }) => done));
    },
  };
}

function nanoseconds(at: Date): number {
  return at.getTime() * 1e6;
}
