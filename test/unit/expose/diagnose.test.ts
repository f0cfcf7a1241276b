import { describe, expect, it } from 'vitest';
import { EVENT, PVC, VOLUME_SNAPSHOT, VOLUME_SNAPSHOT_CONTENT } from '../../../server/contract/api.ts';
import type { KubeEvent, KubeObject, PersistentVolumeClaim, Pod, VolumeSnapshot, VolumeSnapshotContent } from '../../../server/contract/kubernetes.ts';
import { diagnoseClaim, diagnosePod, diagnoseSnapshot, saysNoSpace, warningsOf } from '../../../server/expose/diagnose.ts';
import { world, type World } from './harness.ts';

const claim = (storageClassName: string, extra: Partial<PersistentVolumeClaim> = {}): PersistentVolumeClaim => ({
  apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { namespace: 'vms', name: 'c', uid: 'c-uid' },
  spec: { accessModes: ['ReadWriteOnce'], storageClassName, resources: { requests: { storage: '1Gi' } } }, status: { phase: 'Pending' }, ...extra,
});
const pod = (status: Pod['status']): Pod => ({ apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'vms', name: 'p', uid: 'p-uid' }, spec: { containers: [] }, status });

let events = 0;

function warn(at: World, object: KubeObject, reason: string, message: string, extra: Partial<KubeEvent> = {}): void {
  const { kind } = object;
  const { namespace, name, uid } = object.metadata;

  at.kube.seed<KubeEvent>(EVENT, { apiVersion: 'v1', kind: 'Event', metadata: { namespace, name: `e${++events}` }, type: 'Warning', reason, message, lastTimestamp: at.clock.now().toISOString(), involvedObject: { kind, namespace, name, uid }, ...extra });
}

describe('diagnosing a claim', () => {
  it('given a class that does not exist, when diagnosed, then waiting is of no use', async () => {
    const at = world();

    expect(await diagnoseClaim(at.kube, claim('gone'), false)).toMatchObject({ fatal: 'HVB-STORAGE-CLASS-MISSING', summary: expect.stringContaining('storage class gone') as string });
  });

  it('given a class that waits for a consumer, when there is none, then that is what it waits for; with one, it is the driver', async () => {
    const at = world();

    expect(await diagnoseClaim(at.kube, claim('lvm-thin'), false)).toMatchObject({ summary: expect.stringContaining('first consumer') as string });
    expect(await diagnoseClaim(at.kube, claim('lvm-thin'), true)).toMatchObject({ summary: expect.stringContaining('lvm.driver.harvesterhci.io has not reported') as string });
  });

  it('given warnings, when diagnosed, then the newest of this very object is the reason, and a lack of space is final', async () => {
    const at = world();

    warn(at, claim('longhorn'), 'ProvisioningFailed', 'the new trouble', { lastTimestamp: '2026-01-02T00:00:00Z' });
    warn(at, claim('longhorn'), 'ProvisioningFailed', 'the old trouble');
    warn(at, claim('longhorn'), 'ProvisioningFailed', 'of an earlier claim', { lastTimestamp: '2026-01-03T00:00:00Z', involvedObject: { kind: 'PersistentVolumeClaim', namespace: 'vms', name: 'c', uid: 'other' } });
    warn(at, claim('longhorn'), 'Provisioning', 'all is well', { type: 'Normal', lastTimestamp: '2026-01-03T00:00:00Z' });
    const diagnosis = await diagnoseClaim(at.kube, claim('longhorn'), false);

    expect(diagnosis.summary).toContain('ProvisioningFailed: the new trouble');
    expect(diagnosis.evidence).toContain('the old trouble');
    expect(diagnosis.evidence).not.toContain('earlier claim');
    expect(diagnosis.fatal).toBeUndefined();
    warn(at, claim('longhorn'), 'ProvisioningFailed', 'insufficient free space in volume group', { lastTimestamp: '2026-01-04T00:00:00Z' });
    expect((await diagnoseClaim(at.kube, claim('longhorn'), false)).fatal).toBe('HVB-STORAGE-FULL');
  });

  it('given a claim that lost its volume, when diagnosed, then that is final', async () => {
    expect((await diagnoseClaim(world().kube, claim('longhorn', { status: { phase: 'Lost' } }), true)).fatal).toBe('HVB-STORAGE-EXPOSE-FAILED');
  });

  it.each([
    ['No space left on device', true], ['rpc error: code = ResourceExhausted', true], ['requested size exceeds available capacity', true], ['not enough free space', true],
    ['attach timed out', false], ['the space bar is stuck', false],
  ])('given "%s", when read, then it says that storage ran out: %s', (text, expected) => {
    expect(saysNoSpace(text)).toBe(expected);
  });
});

describe('diagnosing a pod', () => {
  it('given a pod that finds no node, when diagnosed, then the scheduler\'s words are told', async () => {
    const diagnosis = await diagnosePod(world().kube, pod({ phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes are available' }] }));

    expect(diagnosis).toMatchObject({ summary: expect.stringContaining('0/3 nodes are available') as string });
    expect(diagnosis.fatal).toBeUndefined();
  });

  it('given an image that cannot be pulled or is no image, when diagnosed, then it is named, and the latter is final', async () => {
    const waiting = (reason: string) => pod({ phase: 'Pending', containerStatuses: [{ name: 'mover', state: { waiting: { reason, message: 'x:y' } } }] });

    expect(await diagnosePod(world().kube, waiting('ImagePullBackOff'))).toMatchObject({ summary: expect.stringContaining('ImagePullBackOff x:y') as string });
    expect((await diagnosePod(world().kube, waiting('ImagePullBackOff'))).fatal).toBeUndefined();
    expect((await diagnosePod(world().kube, waiting('InvalidImageName'))).fatal).toBe('HVB-MOVER-NOT-STARTED');
  });

  it('given a volume that cannot be attached, when diagnosed, then the event is the reason', async () => {
    const at = world();
    const stuck = pod({ phase: 'Pending', containerStatuses: [{ name: 'mover', state: { waiting: { reason: 'ContainerCreating' } } }] });

    expect((await diagnosePod(at.kube, stuck)).summary).toContain('is starting');
    warn(at, stuck, 'FailedAttachVolume', 'Multi-Attach error');
    expect((await diagnosePod(at.kube, stuck)).summary).toContain('FailedAttachVolume: Multi-Attach error');
  });

  it('given many warnings, when listed, then the five newest are there, newest last', async () => {
    const at = world();

    for (let n = 0; n < 8; n++) {
      warn(at, pod({}), 'R', `m${n}`, { lastTimestamp: `2026-01-01T00:00:0${n}Z` });
    }
    expect(await warningsOf(at.kube, pod({}))).toEqual(['R: m3', 'R: m4', 'R: m5', 'R: m6', 'R: m7']);
  });
});

describe('diagnosing a snapshot', () => {
  const key = { namespace: 'vms', name: 'snap0' };
  const diagnose = async (at: World, change: (snapshot: VolumeSnapshot) => void) => diagnoseSnapshot(at.kube, at.kube.update<VolumeSnapshot>(VOLUME_SNAPSHOT, key, change));

  it('given an error of the driver at the snapshot or its content, when diagnosed, then it is told', async () => {
    const at = world();

    expect((await diagnose(at, (snapshot) => { snapshot.status = { error: { message: 'no space left in pool' } }; }))).toMatchObject({ fatal: 'HVB-STORAGE-FULL', summary: expect.stringContaining('no space left in pool') as string });
    at.kube.update<VolumeSnapshotContent>(VOLUME_SNAPSHOT_CONTENT, { name: 'content0' }, (content) => { content.status = { error: { message: 'volume is degraded' } }; });
    expect((await diagnose(at, (snapshot) => { snapshot.status = { boundVolumeSnapshotContentName: 'content0' }; })).summary).toContain('volume is degraded');
  });

  it('given a snapshot class that does not exist, when diagnosed, then waiting is of no use', async () => {
    const at = world();

    expect((await diagnose(at, (snapshot) => { snapshot.status = {}; snapshot.spec.volumeSnapshotClassName = 'gone'; })).fatal).toBe('HVB-STORAGE-NO-SNAPSHOT-CLASS');
    expect((await diagnose(at, (snapshot) => { delete snapshot.spec.volumeSnapshotClassName; })).summary).toContain('not taken up by a driver');
    expect(at.kube.all(PVC)).toHaveLength(1);
  });
});
