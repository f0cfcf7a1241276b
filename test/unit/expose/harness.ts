import type { TargetVolume } from '../../../server/engines/engine.ts';
import type { OperationRef } from '../../../server/expose/operation-labels.ts';
import type { ExposeDeps } from '../../../server/expose/result.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { FakeKube } from '../../support/fake-kube.ts';
import { seedCluster, StorageSim } from './storage-sim.ts';

/** The operation of these tests. */
export const OPERATION: OperationRef = { id: 'backup-1/disk0/1', owner: { kind: 'VMBackup', uid: 'owner-uid', namespace: 'vms', name: 'backup-1' } };
/** The snapshot that {@link seedCluster} makes. */
export const SOURCE = { snapshot: { namespace: 'vms', name: 'snap0' }, sizeBytes: 64 * 1024 * 1024 };
/** A disk to be restored. */
export const TARGET: TargetVolume = {
  namespace: 'other', claimName: 'restored-disk0', storageClassName: 'lvm-thin', accessMode: 'ReadWriteOnce', volumeMode: 'Block', sizeBytes: 64 * 1024 * 1024,
  imageBytes: 64 * 1024 * 1024,
  labels: { app: 'vm' }, annotations: { note: 'kept' },
};

/** The process died at a write. */
export class Killed extends Error {}

export interface World { kube: FakeKube; clock: FakeClock; sim: StorageSim; deps: ExposeDeps }

export function world(source: Parameters<typeof seedCluster>[1] = {}): World {
  const clock = new FakeClock();
  const kube = new FakeKube(clock);
  const sim = new StorageSim(kube);

  seedCluster(kube, source);
  sim.run();

  return { kube, clock, sim, deps: { client: kube, clock } };
}

/** Calls `step` until it reports an end, with the cluster's controllers working in between; starts again when killed. */
export async function drive<T extends { state: string }>(at: World, step: () => Promise<T>): Promise<T> {
  for (let call = 0; call < 30; call++) {
    try {
      const result = await step();

      if (result.state !== 'Waiting') {
        return result;
      }
    } catch (error) {
      if (!(error instanceof Killed)) {
        throw error;
      }
    }
    at.sim.run();
    await at.clock.advance(1000);
  }
  throw new Error('no end after 30 calls');
}

/** From now on the `k`-th write (from 0) kills, before or after it took effect. */
export function killAt(at: World, k: number, moment: 'before' | 'after'): void {
  const first = at.kube.writes.length;

  at.kube.onWrite = (write, when) => {
    if (write.index === first + k && when === moment) {
      throw new Killed(`killed ${moment} ${write.verb} ${write.kind} ${write.key}`);
    }
  };
}
