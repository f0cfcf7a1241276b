import { VOLUME_SNAPSHOT, VOLUME_SNAPSHOT_CONTENT } from '../../contract/api.ts';
import type { VolumeSnapshot, VolumeSnapshotContent } from '../../contract/kubernetes.ts';
import { LABEL_ATTEMPT, LABEL_OWNER_KIND, LABEL_OWNER_UID } from '../../contract/names.ts';
import type { VMBackup } from '../../contract/vm-backup.ts';
import { isApiError, type KubeClient } from '../../kube/client.ts';
import { hashedName, labelSelector } from '../../kube/objects.ts';
import type { CutState } from '../../guest/window.ts';
import { uidOf } from './operations.ts';

/** Name of the VolumeSnapshot of one volume in one attempt at the freeze window. */
export function snapshotName(backup: VMBackup, volume: string, attempt: number): string {
  return hashedName(backup.metadata.name, volume, uidOf(backup), String(attempt));
}

/** Every VolumeSnapshot of the backup, of whatever attempt. */
export async function listSnapshots(client: KubeClient, backup: VMBackup): Promise<VolumeSnapshot[]> {
  const { items } = await client.list<VolumeSnapshot>(VOLUME_SNAPSHOT, { ...(backup.metadata.namespace ? { namespace: backup.metadata.namespace } : {}), labelSelector: labelSelector({ [LABEL_OWNER_UID]: uidOf(backup) }) });

  return items;
}

/** Creates the VolumeSnapshots of all disks side by side; one that exists already is success. */
export async function createSnapshots(client: KubeClient, backup: VMBackup, classes: ReadonlyMap<string, string>, attempt: number): Promise<void> {
  await Promise.all((backup.status?.volumes ?? []).map(async (volume) => {
    const snapshot: VolumeSnapshot = {
      apiVersion: 'snapshot.storage.k8s.io/v1', kind: 'VolumeSnapshot',
      metadata: {
        name: snapshotName(backup, volume.name, attempt),
        ...(backup.metadata.namespace ? { namespace: backup.metadata.namespace } : {}),
        labels: { [LABEL_OWNER_UID]: uidOf(backup), [LABEL_OWNER_KIND]: 'VMBackup', [LABEL_ATTEMPT]: String(attempt) },
      },
      spec: { source: { persistentVolumeClaimName: volume.claimName }, volumeSnapshotClassName: classes.get(volume.claimName) ?? '' },
    };

    try {
      await client.create(VOLUME_SNAPSHOT, snapshot);
    } catch (error) {
      if (!isApiError(error, 'AlreadyExists')) throw error;
    }
  }));
}

/** The attempt's cuts as they stand. */
export async function readCuts(client: KubeClient, backup: VMBackup, attempt: number): Promise<CutState[]> {
  const byName = new Map((await listSnapshots(client, backup)).map((snapshot) => [snapshot.metadata.name, snapshot]));

  return (backup.status?.volumes ?? []).map((volume) => {
    const name = snapshotName(backup, volume.name, attempt);
    const status = byName.get(name)?.status;

    return { volume: volume.name, snapshotName: name, ...(status?.creationTime ? { cutAt: new Date(status.creationTime) } : {}), ...(status?.error?.message ? { error: status.error.message } : {}) };
  });
}

/**
 * The cuts' instants as exactly as the driver gives them: a VolumeSnapshot tells whole seconds, its content nanoseconds.
 * Read after the thaw, since no guest should stay frozen for it; a content that is not there leaves the whole second.
 */
export async function exactCuts(client: KubeClient, backup: VMBackup, states: readonly CutState[]): Promise<CutState[]> {
  const byName = new Map((await listSnapshots(client, backup)).map((snapshot) => [snapshot.metadata.name, snapshot]));

  return Promise.all(states.map(async (state) => {
    const name = byName.get(state.snapshotName)?.status?.boundVolumeSnapshotContentName;
    const content = name === undefined ? undefined : await client.find<VolumeSnapshotContent>(VOLUME_SNAPSHOT_CONTENT, { name });
    const nanoseconds = content?.status?.creationTime;

    return nanoseconds === undefined ? state : { ...state, cutAt: new Date(nanoseconds / 1e6) };
  }));
}

/** Deletes every VolumeSnapshot of the backup; true when none is left. */
export async function deleteSnapshots(client: KubeClient, backup: VMBackup): Promise<boolean> {
  const snapshots = await listSnapshots(client, backup);

  await Promise.all(snapshots.filter((each) => !each.metadata.deletionTimestamp).map(({ metadata: { name, namespace, uid } }) => (
    client.delete(VOLUME_SNAPSHOT, { name, ...(namespace ? { namespace } : {}) }, uid ? { uid } : {})
  )));
  return snapshots.length === 0;
}
