import { PV, PVC } from '../../../contract/api.ts';
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '../../../contract/kubernetes.ts';
import { isApiError } from '../../../kube/client.ts';
import { createController, source, type Controller, type ReconcileResult } from '../../../kube/controller.ts';
import { keyOf, parseKey } from '../../../kube/keys.ts';
import { withoutFinalizer, writeStatus, type DriverContext } from '../context.ts';
import { SELECTED_NODE, claimsOfInstance, claimsOfPod, usersOfClaim } from '../placement.ts';
import { driverOf } from './abilities.ts';
import { bind, matchVolume, mismatch, refersTo } from './binding.ts';
import { ProvisioningError, provision } from './provision.ts';

const PROTECTION = 'kubernetes.io/pvc-protection';
const DEFAULT_CLASS = 'storageclass.kubernetes.io/is-default-class';
const RETRY_MS = 1000;
const STUCK_MS = 500;

/** Binds claims to volumes, has the CSI drivers make volumes, and holds deleted claims as long as they are used. */
export function createClaimController(context: DriverContext): Controller {
  const { client, caches, events, faults } = context;

  async function finishDeletion(claim: PersistentVolumeClaim): Promise<ReconcileResult> {
    const { namespace = '', name } = claim.metadata;
    const isSource = caches.snapshots.list(namespace).some((snapshot) => snapshot.spec.source.persistentVolumeClaimName === name && !snapshot.status?.readyToUse && !snapshot.status?.error);

    if (isSource || (await usersOfClaim(context, namespace, name)).length > 0) {
      return { requeueAfterMs: RETRY_MS };
    }
    await withoutFinalizer(client, PVC, claim, PROTECTION);
  }

  async function bindTo(claim: PersistentVolumeClaim, volume: PersistentVolume): Promise<void> {
    const reason = mismatch(volume, claim);

    if (volume.spec.claimRef && !refersTo(volume, claim)) {
      await events.record(claim, 'Warning', 'FailedBinding', `volume "${volume.metadata.name}" already bound to a different claim.`);
    } else if (reason && volume.spec.claimRef?.uid !== claim.metadata.uid) {
      await events.record(claim, 'Warning', 'VolumeMismatch', `Cannot bind to requested volume "${volume.metadata.name}": ${reason}`);
    } else {
      await bind(context, claim, volume);
    }
  }

  function classOf(claim: PersistentVolumeClaim): StorageClass | undefined {
    return claim.spec.storageClassName === undefined
      ? caches.classes.list().find(({ metadata }) => metadata.annotations?.[DEFAULT_CLASS] === 'true')
      : caches.classes.get(undefined, claim.spec.storageClassName);
  }

  async function provisionFor(claim: PersistentVolumeClaim, storageClass: StorageClass): Promise<ReconcileResult> {
    const driver = driverOf(storageClass.provisioner);

    if (storageClass.volumeBindingMode === 'WaitForFirstConsumer' && !claim.metadata.annotations?.[SELECTED_NODE]) {
      return void events.record(claim, 'Normal', 'WaitForFirstConsumer', 'waiting for first consumer to be created before binding');
    }
    if (!driver || faults.isOn('provisioning-stuck', claim, storageClass)) {
      await events.record(claim, 'Normal', 'ExternalProvisioning', `Waiting for a volume to be created either by the external provisioner '${storageClass.provisioner}' or manually by the system administrator.`);

      return { requeueAfterMs: STUCK_MS };
    }
    try {
      await bind(context, claim, await provision(context, claim, storageClass, driver));
    } catch (error) {
      if (isApiError(error, 'AlreadyExists')) {
        return { requeueAfterMs: STUCK_MS };
      }
      if (!(error instanceof ProvisioningError)) {
        throw error;
      }
      await events.record(claim, 'Warning', 'ProvisioningFailed', `failed to provision volume with StorageClass "${storageClass.metadata.name}": ${error.message}`);

      return { requeueAfterMs: RETRY_MS };
    }
  }

  async function bindPending(claim: PersistentVolumeClaim): Promise<ReconcileResult> {
    if (claim.spec.volumeName) {
      const volume = await client.find<PersistentVolume>(PV, { name: claim.spec.volumeName });

      return volume ? bindTo(claim, volume) : undefined;
    }
    const storageClass = classOf(claim);
    const { items } = await client.list<PersistentVolume>(PV);
    const volume = matchVolume(items, claim, storageClass?.volumeBindingMode !== 'WaitForFirstConsumer');

    if (volume) {
      return bind(context, claim, volume);
    }
    if (!storageClass) {
      const name = claim.spec.storageClassName;

      return void events.record(claim, 'Warning', name ? 'ProvisioningFailed' : 'FailedBinding', name ? `storageclass.storage.k8s.io "${name}" not found` : 'no persistent volumes available for this claim and no storage class is set');
    }
    if (claim.spec.storageClassName === undefined) {
      await client.patch(PVC, { namespace: claim.metadata.namespace, name: claim.metadata.name }, { spec: { storageClassName: storageClass.metadata.name } });

      return undefined;
    }

    return provisionFor(claim, storageClass);
  }

  async function checkBound(claim: PersistentVolumeClaim): Promise<void> {
    const volume = await client.find<PersistentVolume>(PV, { name: claim.spec.volumeName ?? '' });

    if (!volume || (volume.spec.claimRef && !refersTo(volume, claim))) {
      await writeStatus(client, PVC, claim, { ...claim.status, phase: 'Lost' });
      await events.record(claim, 'Warning', 'ClaimLost', `Bound claim has lost reference to PersistentVolume ${claim.spec.volumeName}: data may be lost`);
    }
  }

  async function reconcile(key: string): Promise<ReconcileResult> {
    const claim = await client.find<PersistentVolumeClaim>(PVC, parseKey(key));

    if (claim?.metadata.deletionTimestamp) {
      return finishDeletion(claim);
    }
    if (claim?.status?.phase === 'Bound') {
      return checkBound(claim);
    }

    return claim && claim.status?.phase !== 'Lost' ? bindPending(claim) : undefined;
  }

  const pending = (fits: (claim: PersistentVolumeClaim) => boolean): string[] => caches.claims.list().filter((claim) => claim.status?.phase !== 'Bound' && fits(claim)).map(keyOf);

  return createController({
    name: 'csi-claims', reconcile, concurrency: 4, clock: context.clock, log: context.log,
    sources: [
      source(caches.claims, (claim) => [keyOf(claim)]),
      source(caches.volumes, ({ metadata, spec }) => [...(spec.claimRef ? [`${spec.claimRef.namespace}/${spec.claimRef.name}`] : []), ...pending((claim) => claim.spec.volumeName === metadata.name)]),
      source(caches.classes, ({ metadata }) => pending(({ spec }) => (spec.storageClassName ?? metadata.name) === metadata.name)),
      source(caches.snapshots, ({ metadata }) => pending((claim) => claim.metadata.namespace === metadata.namespace && claim.spec.dataSource?.name === metadata.name)),
      source(caches.pods, (pod) => claimsOfPod(pod).map((name) => `${pod.metadata.namespace}/${name}`)),
      source(caches.instances, (instance) => claimsOfInstance(instance).map((name) => `${instance.metadata.namespace}/${name}`)),
      source(caches.nodes, () => []),
    ],
  });
}
