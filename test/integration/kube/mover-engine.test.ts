import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BACKUP_ENGINE, JOB, POD, PV, PVC, SECRET, VOLUME_SNAPSHOT } from '../../../server/contract/api.ts';
import type { BackupDocument } from '../../../server/contract/backup-document.ts';
import type { BackupEngine } from '../../../server/contract/backup-engine.ts';
import type { BackupRepository } from '../../../server/contract/backup-repository.ts';
import type { KubeObject, PersistentVolume, PersistentVolumeClaim, Secret, VolumeSnapshot } from '../../../server/contract/kubernetes.ts';
import { SYSTEM_NAMESPACE } from '../../../server/contract/names.ts';
import type { Engine, Observation, Operation, TargetVolume, Task } from '../../../server/engines/engine.ts';
import { createMoverEngine } from '../../../server/engines/mover/mover-engine.ts';
import type { HttpKubeClient } from '../../../server/kube/http-client.ts';
import { isApiError } from '../../../server/kube/client.ts';
import { systemClock } from '../../../server/telemetry/system-clock.ts';
import { startTestCluster, waitFor, type TestCluster } from '../../support/cluster.ts';

const OWNER = { kind: 'VMBackup' as const, uid: 'owner-uid', namespace: 'office', name: 'b' };
const IDENTITY = { cluster: 'c', namespace: 'office', vmName: 'wiki', vmUID: 'vm-uid', backupUID: 'owner-uid' };
const REPOSITORY: BackupRepository = {
  apiVersion: 'backup.harvesterhci.io/v1beta1', kind: 'BackupRepository', metadata: { name: 'main' },
  spec: { engine: 'restic', target: { filesystem: { claimName: 'backup-storage', path: 'main' } }, encryption: { secretRef: { name: 'repo-key' } } },
};

async function sha256(file: string, bytes: number): Promise<string> {
  return createHash('sha256').update((await readFile(file)).subarray(0, bytes)).digest('hex');
}

describe('mover engine on the embedded cluster with the real mover', () => {
  let cluster: TestCluster;
  let client: HttpKubeClient;
  let engine: Engine;
  let restic: BackupEngine;
  let before: string[];

  /** Everything that an operation could leave behind. */
  async function leftovers(): Promise<string[]> {
    const all = await Promise.all([JOB, POD, PVC, PV, SECRET].map(async (type) => (await cluster.client.list<KubeObject>(type)).items));

    return all.flat().map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`).sort();
  }

  const operation = (id: string, task: Task): Operation => ({ id, owner: OWNER, engine: restic, repository: REPOSITORY, task });

  /** Advances until the end; conflicts are looked at again, as controllers do. */
  function finish(op: Operation): Promise<Extract<Observation, { phase: 'Succeeded' | 'Failed' }>> {
    let last: Observation | undefined;

    return waitFor(`operation ${op.id}`, async () => {
      last = await engine.advance(op).catch((error: unknown) => {
        if (!isApiError(error, 'Conflict')) {
          throw error;
        }

        return undefined;
      });

      return last?.phase === 'Succeeded' || last?.phase === 'Failed' ? last : undefined;
    }, { seconds: 60, describe: () => last });
  }

  async function run(op: Operation): Promise<Extract<Observation, { phase: 'Succeeded' }>> {
    const observation = await finish(op);

    expect(observation.phase, JSON.stringify(observation)).toBe('Succeeded');
    if (observation.phase !== 'Succeeded') {
      throw new Error('unreachable');
    }

    return observation;
  }

  const release = (op: Operation): Promise<true> => waitFor(`release of ${op.id}`, async () => engine.release(op).catch((error: unknown) => {
    if (!isApiError(error, 'Conflict')) {
      throw error;
    }

    return false;
  }), { seconds: 30, describe: leftovers });

  async function snapshot(claim: string, className: string, namespace: string): Promise<{ namespace: string; name: string }> {
    const key = { namespace, name: `snap-${claim}` };

    await cluster.client.create<VolumeSnapshot>(VOLUME_SNAPSHOT, { apiVersion: 'snapshot.storage.k8s.io/v1', kind: 'VolumeSnapshot', metadata: key, spec: { volumeSnapshotClassName: className, source: { persistentVolumeClaimName: claim } } });
    await waitFor('snapshot cut', async () => (await cluster.client.get<VolumeSnapshot>(VOLUME_SNAPSHOT, key)).status?.creationTime);

    return key;
  }

  beforeAll(async () => {
    cluster = await startTestCluster();
    client = cluster.clientAs('server');
    engine = createMoverEngine({ client, clock: systemClock });
    restic = await cluster.client.get<BackupEngine>(BACKUP_ENGINE, { name: 'restic' });
    await cluster.client.create<Secret>(SECRET, { apiVersion: 'v1', kind: 'Secret', metadata: { namespace: SYSTEM_NAMESPACE, name: 'repo-key' }, data: { password: Buffer.from('correct horse').toString('base64') } });
    await waitFor('repository claim bound', async () => (await cluster.client.get<PersistentVolumeClaim>(PVC, { namespace: SYSTEM_NAMESPACE, name: 'backup-storage' })).status?.phase === 'Bound');
    before = await leftovers();
  });
  afterAll(() => cluster.stop());

  it('given an engine and an empty place, when described, initialised and probed, then the mover answers and nothing is left', async () => {
    const describeIt = operation('describe', { type: 'describe' });
    const init = operation('init', { type: 'init' });
    const probe = operation('probe', { type: 'probe' });

    expect((await run(describeIt)).result).toMatchObject({ type: 'describe', capabilities: { engine: 'restic' } });
    expect((await run(init)).result).toMatchObject({ type: 'init', created: true });
    expect((await run(probe)).result).toMatchObject({ type: 'probe', backups: 0 });
    for (const op of [describeIt, init, probe]) {
      await release(op);
    }
    expect(await leftovers()).toEqual(before);
  });

  it('given a disk on Longhorn, when backed up and restored to LVM and to NFS in another namespace, then the bytes are the same and only the new disks are left', async () => {
    const image = await cluster.imageOf('office', 'wiki-rootdisk');
    const sourceBytes = (await readFile(image)).length;
    const digest = await sha256(image, sourceBytes);
    const backup = operation('owner-uid/volume/rootdisk', { type: 'backup-volume', identity: IDENTITY, volume: { name: 'rootdisk', sizeBytes: sourceBytes }, snapshot: await snapshot('wiki-rootdisk', 'longhorn-snapshot', 'office') });
    const { result } = await run(backup);

    if (result.type !== 'backup-volume') {
      throw new Error(result.type);
    }
    await release(backup);
    expect(await leftovers()).toEqual(before);

    const secretText = 'a value that no log may show';
    const document: BackupDocument = {
      version: 1, identity: IDENTITY, createdAt: '2026-01-01T00:00:00Z', vm: { apiVersion: 'kubevirt.io/v1', kind: 'VirtualMachine', metadata: { name: 'wiki', namespace: 'office' }, spec: {} },
      secrets: [{ name: 's', data: { k: Buffer.from(secretText).toString('base64') } }],
      volumes: [{ name: 'rootdisk', claimName: 'wiki-rootdisk', sizeBytes: sourceBytes, volumeMode: 'Block', accessModes: ['ReadWriteMany'], storageClassName: 'harvester-longhorn', snapshotID: result.volume.snapshotID, rootDigest: result.volume.rootDigest }],
      excluded: [], consistency: { policy: 'Skip', level: 'Stopped', reason: 'off', agentConnected: false },
    };
    const commit = operation('owner-uid/document', { type: 'backup-document', identity: IDENTITY, document: JSON.stringify(document), volumes: [{ name: 'rootdisk', snapshotID: result.volume.snapshotID, digestsID: result.volume.digestsID }] });
    const committed = (await run(commit)).result;

    if (committed.type !== 'backup-document') {
      throw new Error(committed.type);
    }
    await release(commit);
    const fetch = operation('owner-uid/fetch', { type: 'restore-document', documentID: committed.documentID });

    expect(JSON.parse((await run(fetch)).document ?? '')).toEqual(document);
    const [pod] = (await cluster.client.list<KubeObject>(POD, { namespace: SYSTEM_NAMESPACE })).items;

    expect(await cluster.client.podLog({ namespace: SYSTEM_NAMESPACE, name: pod?.metadata.name ?? '' }, { container: 'mover' })).not.toContain(Buffer.from(secretText).toString('base64'));
    await release(fetch);

    const targets: TargetVolume[] = [
      { namespace: 'web', claimName: 'restored-lvm', storageClassName: 'lvm-thin', accessMode: 'ReadWriteOnce', volumeMode: 'Block', sizeBytes: sourceBytes, imageBytes: sourceBytes, labels: { restored: 'yes' }, annotations: {} },
      { namespace: 'web', claimName: 'restored-nfs', storageClassName: 'nfs', accessMode: 'ReadWriteMany', volumeMode: 'Filesystem', sizeBytes: sourceBytes, imageBytes: sourceBytes, labels: { restored: 'yes' }, annotations: {} },
    ];

    for (const target of targets) {
      const restore = operation(`restore/${target.claimName}`, { type: 'restore-volume', documentID: committed.documentID, snapshotID: result.volume.snapshotID, sourceName: 'rootdisk', sourceBytes, target });

      expect((await run(restore)).result).toMatchObject({ type: 'restore-volume', rootDigest: result.volume.rootDigest });
      await release(restore);
      expect(await sha256(await cluster.imageOf('web', target.claimName), sourceBytes), target.claimName).toBe(digest);
    }
    const claims = await Promise.all(targets.map(({ namespace, claimName }) => cluster.client.get<PersistentVolumeClaim>(PVC, { namespace, name: claimName })));
    const volumes = await Promise.all(claims.map((claim) => cluster.client.get<PersistentVolume>(PV, { name: claim.spec.volumeName ?? '' })));

    expect(claims.map((claim) => [claim.metadata.labels, claim.status?.phase])).toEqual(targets.map(() => [{ restored: 'yes' }, 'Bound']));
    expect(volumes.map((volume) => [volume.spec.persistentVolumeReclaimPolicy, volume.metadata.labels ?? {}])).toEqual(targets.map(() => ['Delete', {}]));
    expect((await leftovers()).filter((each) => !before.includes(each)).map((each) => each.replace(/pvc-.*/, 'pvc'))).toEqual(['PersistentVolume /pvc', 'PersistentVolume /pvc', 'PersistentVolumeClaim web/restored-lvm', 'PersistentVolumeClaim web/restored-nfs']);
  });

  it('given a disk on node-local LVM, when backed up, then it is exposed on its node and its bytes can be read', async () => {
    const { size: sizeBytes } = await stat(await cluster.imageOf('web', 'cache-rootdisk'));
    const op = operation('owner-uid/volume/cache', { type: 'backup-volume', identity: { ...IDENTITY, backupUID: 'cache-uid' }, volume: { name: 'rootdisk', sizeBytes }, snapshot: await snapshot('cache-rootdisk', 'lvm-snapshot', 'web') });
    const { result } = await run(op);

    expect(result).toMatchObject({ type: 'backup-volume', volume: { sizeBytes, bytesRead: sizeBytes, rootDigest: expect.stringMatching(/^sha256:/) as string } });
    await release(op);
  });

  it('given a mover that is killed, when tried again after release, then it succeeds and nothing is left', async () => {
    const now = await leftovers();
    const { size: sizeBytes } = await stat(await cluster.imageOf('office', 'wiki-rootdisk'));
    const op = operation('owner-uid/volume/again', { type: 'backup-volume', identity: { ...IDENTITY, backupUID: 'again-uid' }, volume: { name: 'rootdisk', sizeBytes }, snapshot: { namespace: 'office', name: 'snap-wiki-rootdisk' } });
    const killing = waitFor('mover process', async () => {
      const pods = (await cluster.client.list<KubeObject>(POD, { namespace: SYSTEM_NAMESPACE })).items;

      return pods.some(({ metadata }) => cluster.drivers.killPod({ namespace: SYSTEM_NAMESPACE, name: metadata.name }, 'SIGKILL'));
    }, { seconds: 60 });
    const [failed] = await Promise.all([finish(op), killing]);

    expect(failed).toMatchObject({ phase: 'Failed', failure: { code: 'HVB-MOVER-KILLED', retryable: true } });
    await release(op);
    expect(await leftovers()).toEqual(now);
    await run(op);
    await release(op);
    expect(await leftovers()).toEqual(now);
  });

  it('given a wrong password, when probed, then the failure names the key and the password is nowhere in it', async () => {
    await cluster.client.patch(SECRET, { namespace: SYSTEM_NAMESPACE, name: 'repo-key' }, { data: { password: Buffer.from('wrong horse').toString('base64') } });
    const probe = operation('probe/wrong', { type: 'probe' });
    const failed = await finish(probe);

    expect(failed).toMatchObject({ phase: 'Failed', failure: { code: 'HVB-REPO-WRONG-KEY', retryable: false } });
    expect(JSON.stringify(failed)).not.toContain('wrong horse');
    await release(probe);
  });
});
