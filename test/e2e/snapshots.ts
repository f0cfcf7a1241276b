import type { EmbeddedCluster } from '../../server/embedded/cluster.ts';
import type { KubeObject } from '../../server/embedded/api/index.ts';
import type { DiskRecords } from '../../server/embedded/guest/read-records.ts';
import type { VolumeMode } from '../../server/contract/kubernetes.ts';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { VolumeFiles } from '../../server/embedded/drivers/volume-files.ts';
import { readRecords } from '../../server/embedded/guest/read-records.ts';

/** What a VolumeSnapshot held: taken from its bytes before anybody could delete them. */
export interface CutBytes { claim: string; sha256: string; bytes: number; records: DiskRecords }

/** SHA-256 of a file in hex. */
export async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');

  await pipeline(createReadStream(file), hash);

  return hash.digest('hex');
}

function objectAt(cluster: EmbeddedCluster, resource: string, key: string): KubeObject & { spec?: Record<string, unknown>; status?: Record<string, unknown> } {
  const object = cluster.api.store.get(resource, key);

  if (!object) throw new Error(`${resource} ${key} is not there`);

  return object;
}

async function snapshotImage(folder: string, handle: string, mode: VolumeMode): Promise<string> {
  const pools = join(folder, 'cluster', 'volumes');

  for (const pool of await readdir(pools)) {
    const image = VolumeFiles.imageOf(join(pools, pool, 'snapshots', handle), mode);
    if (await stat(image).then(() => true, () => false)) return image;
  }
  throw new Error(`the bytes of snapshot ${handle} are in no pool of ${pools}`);
}

/**
 * Reads every VolumeSnapshot's bytes before it is deleted: the delete request waits for it. By name of the source claim;
 * the last attempt wins, as it does in a backup.
 */
export function keepCuts(cluster: EmbeddedCluster, folder: string): { cuts: Map<string, CutBytes>; stop: () => void } {
  const cuts = new Map<string, CutBytes>();
  const stop = cluster.api.onRequest(async ({ phase, verb, resource, namespace, name }) => {
    if (phase !== 'before' || verb !== 'delete' || resource !== 'volumesnapshots' || !name) return;
    const key = `${namespace ?? ''}/${name}`;

    // A delete that is tried again finds nothing, which is for the API to say.
    if (!cluster.api.store.get('snapshot.storage.k8s.io/volumesnapshots', key)) return;
    const snapshot = objectAt(cluster, 'snapshot.storage.k8s.io/volumesnapshots', key);
    const claim = (snapshot.spec?.['source'] as { persistentVolumeClaimName: string }).persistentVolumeClaimName;
    const content = objectAt(cluster, 'snapshot.storage.k8s.io/volumesnapshotcontents', String(snapshot.status?.['boundVolumeSnapshotContentName']));
    const mode = (content.spec?.['sourceVolumeMode'] ?? 'Block') as VolumeMode;
    // Longhorn's handles are `snap://<volume>/<snapshot>`.
    const handle = String(content.status?.['snapshotHandle']).split('/').at(-1) as string;
    const image = await snapshotImage(folder, handle, mode);

    cuts.set(claim, { claim, sha256: await sha256Of(image), bytes: (await stat(image)).size, records: await readRecords(image) });
  });

  return { cuts, stop };
}

/** Path of the image behind a bound claim. */
export async function imageOfClaim(cluster: EmbeddedCluster, namespace: string, name: string): Promise<string> {
  const claim = objectAt(cluster, '/persistentvolumeclaims', `${namespace}/${name}`);
  const volume = objectAt(cluster, '/persistentvolumes', String(claim.spec?.['volumeName']));
  const place = await cluster.drivers.files.findVolume(String((volume.spec?.['csi'] as { volumeHandle: string }).volumeHandle));

  if (!place) throw new Error(`the volume of claim ${namespace}/${name} has no bytes`);

  return VolumeFiles.imageOf(place, (volume.spec?.['volumeMode'] ?? 'Filesystem') as VolumeMode);
}
