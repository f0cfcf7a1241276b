import { describe, expect, it } from 'vitest';
import { PV, PVC, STORAGE_CLASS } from '../../../server/contract/api.ts';
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '../../../server/contract/kubernetes.ts';
import { createTarget, isBlank, targetClaimName } from '../../../server/expose/create-target.ts';
import { handOver } from '../../../server/expose/hand-over.ts';
import { releaseVolumes } from '../../../server/expose/release.ts';
import { ApiError } from '../../../server/kube/client.ts';
import { drive, killAt, Killed, OPERATION, TARGET, world, type World } from './harness.ts';
import { SYSTEM_NAMESPACE, volumeObjects } from './storage-sim.ts';

const written = `${SYSTEM_NAMESPACE}/${targetClaimName(OPERATION)}`;
const releaseAll = (at: World) => drive(at, async () => ({ state: await releaseVolumes(at.deps, OPERATION) ? 'Done' : 'Waiting' }));
const restored = (at: World) => at.kube.all<PersistentVolumeClaim>(PVC).find((claim) => claim.metadata.namespace === TARGET.namespace);

/** Creates the target and plays the mover: uses the claim, then is gone. */
async function write(at: World, target = TARGET): Promise<void> {
  await drive(at, () => createTarget(at.deps, OPERATION, target));
  at.sim.used.add(written);
  at.sim.run();
  at.sim.used.delete(written);
}

const handOverAll = (at: World, target = TARGET) => drive(at, () => handOver(at.deps, OPERATION, target));

describe('target volume', () => {
  it('given a class that waits for its first consumer, when created, then it is ready unbound, and the mover binds it', async () => {
    const at = world();

    expect(await createTarget(at.deps, OPERATION, TARGET)).toEqual({ state: 'Ready', claimName: targetClaimName(OPERATION), blank: true });
    at.sim.run();
    expect(at.sim.backing.size).toBe(0);
    at.sim.used.add(written);
    at.sim.run();
    expect([...at.sim.backing.values()]).toEqual(['blank']);
  });

  it('given a class that binds at once, when created, then it is ready only when bound', async () => {
    const at = world();
    const target = { ...TARGET, storageClassName: 'longhorn' };

    expect((await createTarget(at.deps, OPERATION, target)).state).toBe('Waiting');
    at.sim.run();
    expect((await createTarget(at.deps, OPERATION, target)).state).toBe('Ready');
  });

  it('given a class that does not exist, when created, then it fails and makes nothing', async () => {
    const at = world();

    expect(await createTarget(at.deps, OPERATION, { ...TARGET, storageClassName: 'gone' })).toMatchObject({ state: 'Failed', failure: { code: 'HVB-STORAGE-CLASS-MISSING' } });
    expect(at.kube.writes).toEqual([]);
  });

  it('given classes of different drivers, when asked for blankness, then only thin block volumes and new image files count as zeros', async () => {
    const at = world();
    const blank = async (name: string, volumeMode: 'Block' | 'Filesystem'): Promise<boolean> => isBlank(await at.kube.get<StorageClass>(STORAGE_CLASS, { name }), { volumeMode });

    expect([await blank('longhorn', 'Block'), await blank('lvm-thin', 'Block'), await blank('lvm-striped', 'Block'), await blank('nfs', 'Filesystem'), await blank('nfs', 'Block')]).toEqual([true, true, false, true, false]);
    expect(isBlank({ ...await at.kube.get<StorageClass>(STORAGE_CLASS, { name: 'longhorn' }), parameters: { backingImage: 'vm-image-1' } }, { volumeMode: 'Block' })).toBe(false);
  });
});

describe('hand-over', () => {
  it('given a written volume, when handed over, then the same volume is the new PVC\'s with its labels, and release and our labels leave it alone', async () => {
    const at = world();

    await write(at);
    const [volumeName] = at.sim.backing.keys();
    const result = await handOverAll(at);
    const claim = restored(at);

    expect(result).toEqual({ state: 'Done', claimUID: claim?.metadata.uid });
    expect(claim?.metadata).toMatchObject({ name: TARGET.claimName, labels: TARGET.labels, annotations: TARGET.annotations });
    expect(claim?.spec.volumeName).toBe(volumeName);
    const volume = await at.kube.get<PersistentVolume>(PV, { name: volumeName ?? '' });

    expect(volume.spec.persistentVolumeReclaimPolicy).toBe('Delete');
    expect(volume.metadata.labels).toEqual({});
    const end = volumeObjects(at.kube);

    await releaseAll(at);
    expect(volumeObjects(at.kube)).toEqual(end);
    expect([...at.sim.backing.keys()]).toEqual([volumeName]);
  });

  it('given a class that retains volumes, when handed over, then that policy is put back', async () => {
    const at = world({ reclaimPolicy: 'Retain' });

    await write(at);
    await handOverAll(at);
    expect(at.kube.all<PersistentVolume>(PV).find((volume) => volume.spec.claimRef?.namespace === TARGET.namespace)?.spec.persistentVolumeReclaimPolicy).toBe('Retain');
  });

  it('given a PVC of that name that somebody else made, when handed over, then it is a conflict, and theirs is not touched by release', async () => {
    const at = world();

    await write(at);
    at.kube.seed<PersistentVolumeClaim>(PVC, { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { namespace: TARGET.namespace, name: TARGET.claimName }, spec: { accessModes: ['ReadWriteOnce'], volumeName: 'theirs', resources: { requests: { storage: '1Gi' } } }, status: { phase: 'Bound' } });
    expect(await handOverAll(at)).toMatchObject({ state: 'Failed', failure: { code: 'HVB-TARGET-CONFLICT' } });
    await releaseAll(at);
    expect(restored(at)?.spec.volumeName).toBe('theirs');
    expect(at.sim.backing.size).toBe(0);
  });

  it.each([
    [new ApiError(404, 'NotFound', 'namespaces "other" not found'), 'HVB-TARGET-NAMESPACE-MISSING'],
    [new ApiError(403, 'Forbidden', 'exceeded quota'), 'HVB-STORAGE-HANDOVER-FAILED'],
  ])('given a cluster that refuses the PVC (%s), when handed over, then it fails with a code, and release frees the storage', async (error, code) => {
    const at = world();

    await write(at);
    at.kube.admit = (object) => {
      if (object.metadata.namespace === TARGET.namespace) {
        throw error;
      }
    };
    expect(await handOverAll(at)).toMatchObject({ state: 'Failed', failure: { code } });
    await releaseAll(at);
    expect(at.sim.backing.size).toBe(0);
  });

  it('given a claim that something still uses, when the limit passes, then it fails and says so', async () => {
    const at = world();

    await write(at);
    at.sim.used.add(written);
    await handOver(at.deps, OPERATION, TARGET, 5_000);
    at.sim.run();
    expect((await handOver(at.deps, OPERATION, TARGET, 5_000)).state).toBe('Waiting');
    await at.clock.advance(5_001);
    expect(await handOver(at.deps, OPERATION, TARGET, 5_000)).toMatchObject({ state: 'Failed', failure: { code: 'HVB-STORAGE-HANDOVER-FAILED', evidence: 'finalizers: kubernetes.io/pvc-protection' } });
  });

  it('given a kill before or after any write, when called again, then the end is that of an undisturbed run', async () => {
    const calm = world();

    await write(calm);
    const first = calm.kube.writes.length;

    await handOverAll(calm);
    const end = volumeObjects(calm.kube);
    const writes = calm.kube.writes.length - first;

    expect(writes).toBeGreaterThanOrEqual(5);
    for (let k = 0; k < writes; k++) {
      for (const moment of ['before', 'after'] as const) {
        const at = world();

        await write(at);
        killAt(at, k, moment);
        expect((await handOverAll(at)).state, `killed ${moment} write ${k}`).toBe('Done');
        expect(volumeObjects(at.kube), `killed ${moment} write ${k}`).toEqual(end);
        expect(at.sim.backing.size).toBe(1);
      }
    }
  });

  it('given a hand-over that stopped before any write, when released with a kill at any write, then all is gone, or all is handed over and stays', async () => {
    const calm = world();
    const before = volumeObjects(calm.kube);

    await write(calm);
    const first = calm.kube.writes.length;

    await handOverAll(calm);
    const end = volumeObjects(calm.kube);
    const writes = calm.kube.writes.length - first;

    for (let stop = 0; stop <= writes; stop++) {
      for (let k = 0; k < 6; k++) {
        const at = world();
        const label = `stopped at ${stop}, killed at ${k}`;

        await write(at);
        killAt(at, stop, 'before');
        for (let call = 0; call < 20; call++) {
          const outcome = await handOver(at.deps, OPERATION, TARGET).catch((error: unknown) => {
            expect(error, label).toBeInstanceOf(Killed);

            return 'killed' as const;
          });

          if (outcome === 'killed' || outcome.state === 'Done') {
            break;
          }
          at.sim.run();
        }
        killAt(at, k, k % 2 ? 'before' : 'after');
        await releaseAll(at);
        expect(volumeObjects(at.kube), label).toEqual(stop === writes ? end : before);
        expect(at.sim.backing.size, label).toBe(stop === writes ? 1 : 0);
      }
    }
  });
});
