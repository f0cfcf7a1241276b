import { PV, PVC, SECRET, VIRTUAL_MACHINE, type ResourceType } from '../../contract/api.ts';
import { LABEL_RESTORED_BY } from '../../contract/names.ts';
import type { KubeObject, PersistentVolume, PersistentVolumeClaim } from '../../contract/kubernetes.ts';
import { labelSelector } from '../../kube/objects.ts';
import { WORK_POLL_MS } from '../context.ts';
import { begunOperations, type EndableOperation } from './operations.ts';
import { go, wait, type Outcome, type Work } from './work.ts';

/** RollingBack: work stops, its temporary objects go, and then what the restore had created, the VM first as it uses the rest. */
export async function rollBack(work: Work): Promise<Outcome> {
  const { uid, status } = work;

  if (!await stopOperations(work, await begunOperations(work))) return wait('Stops the movers and removes their temporary objects.', WORK_POLL_MS);
  for (const type of [VIRTUAL_MACHINE, SECRET, PVC]) {
    const left = await removeCreated(work, type);

    if (left.length > 0) return wait(`Removes ${type.kind} ${left.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`).join(', ')}.`, WORK_POLL_MS);
  }
  work.documents.forget(uid);
  return go(status.failure?.code === 'HVB-CANCELLED' ? 'Cancelled' : 'Failed', { created: [] });
}

/** Ends the reading of the backup document. True when nothing of it is left. */
export async function stopReading(work: Work): Promise<boolean> {
  return stopOperations(work, await begunOperations(work));
}

async function stopOperations({ context: { slots }, status }: Work, operations: readonly EndableOperation[]): Promise<boolean> {
  let clean = true;

  for (const { operation, engine } of operations) {
    // Released only when it has stopped: a mover must not write into what is being removed.
    const gone = await engine.cancel(operation) && await engine.release(operation);

    if (gone) slots.giveBack(status.backup?.repository ?? '', operation.id);
    clean &&= gone;
  }
  return clean;
}

/** Deletes what this restore created of a kind, by UID; gives what is still there. */
async function removeCreated(work: Work, type: ResourceType): Promise<KubeObject[]> {
  const { context: { client }, namespace, uid } = work;
  const { items } = await client.list(type, { namespace, labelSelector: labelSelector({ [LABEL_RESTORED_BY]: uid }) });
  const ours = items.filter((object) => isOurs(work, type, object));

  for (const object of ours.filter(({ metadata }) => !metadata.deletionTimestamp)) {
    if (type === PVC) await reclaim(work, object as PersistentVolumeClaim);
    await client.delete(type, { namespace, name: object.metadata.name }, { ...(object.metadata.uid ? { uid: object.metadata.uid } : {}), propagationPolicy: 'Background' });
  }
  return ours;
}

/** Labels can be copied by anybody, so the name has to be a planned one, and the UID the one that was noted, if any was. */
function isOurs({ status }: Work, type: ResourceType, { metadata }: KubeObject): boolean {
  const same = ({ kind, name }: { kind: string; name: string }): boolean => kind === type.kind && name === metadata.name;
  const noted = status.created?.find(same);

  return (status.plan?.objects.some(same) ?? false) && (noted === undefined || noted.uid === metadata.uid);
}

/** A class with policy Retain would keep the storage of a disk that nobody ever had. */
async function reclaim({ context: { client } }: Work, claim: PersistentVolumeClaim): Promise<void> {
  const volume = claim.spec.volumeName ? await client.find<PersistentVolume>(PV, { name: claim.spec.volumeName }) : undefined;

  if (volume?.spec.persistentVolumeReclaimPolicy === 'Retain' && volume.spec.claimRef?.uid === claim.metadata.uid) {
    await client.patch(PV, { name: volume.metadata.name }, { metadata: { resourceVersion: volume.metadata.resourceVersion }, spec: { persistentVolumeReclaimPolicy: 'Delete' } });
  }
}
