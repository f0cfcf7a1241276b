import { PV, PVC } from '../../../contract/api.ts';
import type { PersistentVolume, PersistentVolumeClaim } from '../../../contract/kubernetes.ts';
import { createController, source, type Controller } from '../../../kube/controller.ts';
import { writeStatus, type DriverContext } from '../context.ts';
import { refersTo } from './binding.ts';
import { PROVISIONED_BY, PROVISIONER_FINALIZER } from './provision.ts';

const PROTECTION = 'kubernetes.io/pv-protection';

/** Keeps the phase of volumes, and removes those that were given back, bytes first, where the reclaim policy says so. */
export function createVolumeController(context: DriverContext): Controller {
  const { client, caches, files } = context;

  async function finishDeletion(volume: PersistentVolume, claim: PersistentVolumeClaim | undefined): Promise<void> {
    if (claim) {
      // Still bound: kept until the claim is gone, as pv-protection does.
      return;
    }
    if (volume.spec.persistentVolumeReclaimPolicy === 'Delete' && volume.metadata.annotations?.[PROVISIONED_BY] && volume.spec.csi) {
      await files.removeVolume(volume.spec.csi.volumeHandle);
    }
    await client.replace(PV, { ...volume, metadata: { ...volume.metadata, finalizers: (volume.metadata.finalizers ?? []).filter((one) => one !== PROTECTION && one !== PROVISIONER_FINALIZER) } });
  }

  async function release(volume: PersistentVolume): Promise<void> {
    const released = await writeStatus(client, PV, volume, { phase: 'Released' });

    if (volume.spec.persistentVolumeReclaimPolicy === 'Delete' && volume.metadata.annotations?.[PROVISIONED_BY]) {
      await client.delete(PV, { name: released.metadata.name }, { uid: released.metadata.uid, resourceVersion: released.metadata.resourceVersion });
    }
  }

  async function reconcile(name: string): Promise<void> {
    const volume = await client.find<PersistentVolume>(PV, { name });

    if (!volume) {
      return;
    }
    const reference = volume.spec.claimRef;
    const named = reference && await client.find<PersistentVolumeClaim>(PVC, { namespace: reference.namespace, name: reference.name });
    const claim = named && refersTo(volume, named) ? named : undefined;
    const elsewhere = claim?.spec.volumeName !== undefined && claim.spec.volumeName !== name;

    if (volume.metadata.deletionTimestamp) {
      await finishDeletion(volume, elsewhere ? undefined : claim);
    } else if (!reference?.uid) {
      // Free, or kept for a claim that has not bound it yet: the claim's side does that.
      await writeStatus(client, PV, volume, { phase: 'Available' });
    } else if (!claim || elsewhere) {
      await release(volume);
    } else if (claim.spec.volumeName === name) {
      await writeStatus(client, PV, volume, { phase: 'Bound' });
    }
  }

  return createController({
    name: 'csi-volumes', reconcile, concurrency: 2, clock: context.clock, log: context.log,
    sources: [
      source(caches.volumes, ({ metadata }) => [metadata.name]),
      source(caches.claims, ({ metadata, spec }) => [
        ...(spec.volumeName ? [spec.volumeName] : []),
        ...caches.volumes.list().filter((volume) => volume.spec.claimRef?.namespace === metadata.namespace && volume.spec.claimRef?.name === metadata.name).map((volume) => volume.metadata.name),
      ]),
    ],
  });
}
