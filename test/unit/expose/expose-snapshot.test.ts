import { describe, expect, it } from 'vitest';
import { EVENT, PV, PVC, STORAGE_CLASS, VOLUME_SNAPSHOT } from '../../../server/contract/api.ts';
import type { KubeEvent, PersistentVolume, PersistentVolumeClaim, VolumeSnapshot } from '../../../server/contract/kubernetes.ts';
import { exposeSnapshot, exposureNames } from '../../../server/expose/expose-snapshot.ts';
import { releaseVolumes } from '../../../server/expose/release.ts';
import { drive, killAt, OPERATION, SOURCE, world, type World } from './harness.ts';
import { SYSTEM_NAMESPACE, volumeObjects } from './storage-sim.ts';

const names = exposureNames(OPERATION);
const expose = (at: World) => drive(at, () => exposeSnapshot(at.deps, OPERATION, SOURCE));
const releaseAll = (at: World) => drive(at, async () => ({ state: await releaseVolumes(at.deps, OPERATION) ? 'Done' : 'Waiting' }));

describe('exposing a snapshot', () => {
  it('given a ready snapshot, when exposed, then its bytes are bound in the system namespace, nothing is left in the VM\'s, and release frees the storage', async () => {
    const at = world();
    const before = volumeObjects(at.kube);

    expect(await expose(at)).toEqual({ state: 'Ready', claimName: names.exposed, volumeMode: 'Block' });
    const claim = await at.kube.get<PersistentVolumeClaim>(PVC, { namespace: SYSTEM_NAMESPACE, name: names.exposed });

    expect(at.sim.backing.get(claim.spec.volumeName ?? '')).toBe('snapshot vms/snap0');
    expect(claim.spec.resources.requests.storage).toBe('96Mi');
    expect(at.kube.all<PersistentVolumeClaim>(PVC).filter((each) => each.metadata.namespace === 'vms').map((each) => each.metadata.name)).toEqual(['disk0']);
    await releaseAll(at);
    expect(volumeObjects(at.kube)).toEqual(before);
    expect(at.sim.backing.size).toBe(0);
  });

  it('given a class that retains volumes, when exposed and released, then the storage is freed all the same', async () => {
    const at = world({ reclaimPolicy: 'Retain' });

    await expose(at);
    await releaseAll(at);
    expect(at.sim.backing.size).toBe(0);
    expect(at.kube.all<PersistentVolume>(PV).map((volume) => volume.metadata.name)).toEqual(['pv-disk0']);
  });

  it('given a node-bound class that waits for a consumer, when exposed, then the claim names the ready node of the source volume', async () => {
    const at = world({ storageClassName: 'lvm-thin' });
    let annotations: Record<string, string> | undefined;

    at.kube.admit = (object, verb) => {
      if (verb === 'create') {
        annotations ??= object.metadata.annotations;
      }
    };
    expect((await expose(at)).state).toBe('Ready');
    expect(annotations).toEqual({ 'volume.kubernetes.io/selected-node': 'node-2' });
  });

  it('given a VM that was deleted after the cut, when exposed, then a class of the snapshot\'s driver is taken', async () => {
    const at = world({ volumeMode: 'Filesystem' });

    await at.kube.delete(PVC, { namespace: 'vms', name: 'disk0' });
    at.sim.run();
    expect(await expose(at)).toMatchObject({ state: 'Ready', volumeMode: 'Filesystem' });
  });

  it('given a snapshot that is not ready, when exposed, then it waits with the driver\'s words and creates nothing', async () => {
    const at = world();

    at.kube.update<VolumeSnapshot>(VOLUME_SNAPSHOT, SOURCE.snapshot, (snapshot) => {
      snapshot.status = { readyToUse: false, error: { message: 'backup target is away' } };
    });
    expect(await exposeSnapshot(at.deps, OPERATION, SOURCE)).toMatchObject({ state: 'Waiting', step: 'SnapshotReady', message: expect.stringContaining('backup target is away') as string });
    expect(at.kube.writes).toEqual([]);
    await at.clock.advance(60 * 60_000 + 1);
    expect(await exposeSnapshot(at.deps, OPERATION, SOURCE)).toMatchObject({ state: 'Failed', failure: { code: 'HVB-STORAGE-SNAPSHOT-FAILED', message: expect.stringContaining('backup target is away') as string } });
  });

  it.each([
    ['the snapshot is gone', (at: World) => at.kube.delete(VOLUME_SNAPSHOT, SOURCE.snapshot), 'HVB-STORAGE-SNAPSHOT-FAILED'],
    ['no class of the driver is left', (at: World) => at.kube.delete(STORAGE_CLASS, { name: 'longhorn' }), 'HVB-STORAGE-EXPOSE-FAILED'],
  ])('given %s, when exposed, then it fails with a code and nothing is made', async (_title, change, code) => {
    const at = world();

    await change(at);
    const result = await exposeSnapshot(at.deps, OPERATION, SOURCE);

    expect(result).toMatchObject({ state: 'Failed', failure: { code } });
    expect(at.kube.all<PersistentVolumeClaim>(PVC)).toHaveLength(1);
  });

  it('given a provisioner that has run out of space, when exposed, then it fails at once with its words, and release leaves nothing', async () => {
    const at = world({ storageClassName: 'lvm-thin' });

    await exposeSnapshot(at.deps, OPERATION, SOURCE);
    const claim = await at.kube.get<PersistentVolumeClaim>(PVC, { namespace: 'vms', name: names.temporary });

    at.kube.seed<KubeEvent>(EVENT, {
      apiVersion: 'v1', kind: 'Event', metadata: { namespace: 'vms', name: 'e' }, type: 'Warning', reason: 'ProvisioningFailed', message: 'rpc error: code = ResourceExhausted',
      involvedObject: { kind: 'PersistentVolumeClaim', namespace: 'vms', name: names.temporary, uid: claim.metadata.uid },
    });
    expect(await exposeSnapshot(at.deps, OPERATION, SOURCE)).toMatchObject({ state: 'Failed', failure: { code: 'HVB-STORAGE-FULL', evidence: expect.stringContaining('ResourceExhausted') as string } });
    await releaseAll(at);
    expect(at.sim.backing.size).toBe(0);
  });

  it('given a provisioner that never answers, when the limit passes, then it fails and says what was waited for', async () => {
    const at = world();
    const limits = { readyMs: 1_000, provisionMs: 10_000, bindMs: 1_000 };

    await exposeSnapshot(at.deps, OPERATION, SOURCE, limits);
    await at.clock.advance(10_000);
    expect((await exposeSnapshot(at.deps, OPERATION, SOURCE, limits)).state).toBe('Waiting');
    await at.clock.advance(1);
    expect(await exposeSnapshot(at.deps, OPERATION, SOURCE, limits)).toMatchObject({ state: 'Failed', failure: { code: 'HVB-STORAGE-EXPOSE-FAILED' } });
  });

  it('given a claim of the temporary one\'s name that says it is bound to somebody else\'s volume, when exposed, then it fails and the volume stays as it was', async () => {
    const at = world();
    const volume = await at.kube.get<PersistentVolume>(PV, { name: 'pv-disk0' });
    const forged = await at.kube.create<PersistentVolumeClaim>(PVC, {
      apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { namespace: 'vms', name: names.temporary },
      spec: { accessModes: volume.spec.accessModes, volumeMode: 'Block', storageClassName: volume.spec.storageClassName ?? '', volumeName: volume.metadata.name, resources: { requests: { storage: '64Mi' } } },
    });

    await at.kube.replaceStatus(PVC, { ...forged, status: { phase: 'Bound' } });
    expect(await exposeSnapshot(at.deps, OPERATION, SOURCE)).toMatchObject({ state: 'Failed', failure: { code: 'HVB-STORAGE-EXPOSE-FAILED', message: expect.stringContaining('bound to another claim') as string } });
    expect(await at.kube.get(PV, { name: 'pv-disk0' })).toEqual(volume);
  });

  it('given a kill before or after any write, when called again, then the end is that of an undisturbed run, and after release nothing is left', async () => {
    const calm = world();

    await expose(calm);
    const end = volumeObjects(calm.kube);
    const writes = calm.kube.writes.length;

    expect(writes).toBeGreaterThanOrEqual(5);
    for (let k = 0; k < writes; k++) {
      for (const moment of ['before', 'after'] as const) {
        const at = world();

        killAt(at, k, moment);
        expect((await expose(at)).state, `killed ${moment} write ${k}`).toBe('Ready');
        expect(volumeObjects(at.kube), `killed ${moment} write ${k}`).toEqual(end);
        await releaseAll(at);
        expect(at.sim.backing.size).toBe(0);
      }
    }
  });

  it.each(['Delete', 'Retain'] as const)('given an exposure in a class with policy %s that stopped after any write, when released with a kill at any write, then storage and objects are gone and strangers stay', async (reclaimPolicy) => {
    const calm = world({ reclaimPolicy });
    const before = volumeObjects(calm.kube);

    await expose(calm);
    const writes = calm.kube.writes.length;

    for (let stop = 0; stop <= writes; stop++) {
      for (let k = 0; k < 6; k++) {
        const at = world({ reclaimPolicy });

        killAt(at, stop, 'before');
        for (let call = 0; call < 20; call++) {
          const outcome = await exposeSnapshot(at.deps, OPERATION, SOURCE).catch(() => 'killed' as const);

          if (outcome === 'killed' || outcome.state === 'Ready') {
            break;
          }
          at.sim.run();
        }
        killAt(at, k, k % 2 ? 'before' : 'after');
        await releaseAll(at);
        expect(volumeObjects(at.kube), `stopped at ${stop}, killed at ${k}`).toEqual(before);
        expect(at.sim.backing.size, `stopped at ${stop}, killed at ${k}`).toBe(0);
      }
    }
  });
});
