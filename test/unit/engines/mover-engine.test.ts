import { describe, expect, it } from 'vitest';
import { EVENT, JOB, POD, PV, PVC, SECRET } from '../../../server/contract/api.ts';
import type { Job, KubeEvent, PersistentVolume, PersistentVolumeClaim, Pod, Secret } from '../../../server/contract/kubernetes.ts';
import { requestSchema, type MoverLine } from '../../../server/contract/mover-protocol.ts';
import { SYSTEM_NAMESPACE } from '../../../server/contract/names.ts';
import { operationName } from '../../../server/engines/mover/record.ts';
import { seal } from '../../../server/mover/seal.ts';
import { killAt, TARGET } from '../expose/harness.ts';
import { volumeObjects } from '../expose/storage-sim.ts';
import { BACKUP_TASK, engineWorld, finish, good, IDENTITY, operation, releaseAll, RESTORE_RESULT, RESTORE_TASK, VOLUME_RESULT, type EngineWorld } from './harness.ts';

const everything = (at: EngineWorld): string[] => [
  ...volumeObjects(at.kube), ...at.kube.all<Job>(JOB).map((job) => `Job ${job.metadata.name}`), ...at.kube.all<Pod>(POD).map((pod) => `Pod ${pod.metadata.name}`),
  ...at.kube.all<Secret>(SECRET).map((secret) => `Secret ${secret.metadata.name}`),
];

const backup = operation(BACKUP_TASK);
const restore = operation(RESTORE_TASK);

describe('mover engine: a volume is backed up', () => {
  it('given a snapshot, when advanced to the end, then the mover got the exposed volume and the repository, and release leaves nothing', async () => {
    const at = engineWorld(() => good(VOLUME_RESULT));
    const before = everything(at);

    expect(await finish(at, backup)).toEqual({ phase: 'Succeeded', result: VOLUME_RESULT });
    expect(at.requests[0]).toEqual({
      apiVersion: 'mover.backup.harvesterhci.io/v1', operationID: backup.id, verb: 'backup', identity: IDENTITY,
      repository: { location: { type: 'filesystem', path: '/repository/a/b' }, keyFile: '/etc/hvb/repository-key/password', parameters: { compression: 'max' } },
      what: { type: 'volume', volume: { name: 'disk0', sizeBytes: 64 * 1024 * 1024, path: '/dev/hvb-volume' } },
    });
    await releaseAll(at, backup);
    expect(everything(at)).toEqual(before);
    expect(at.sim.backing.size).toBe(0);
  });

  it('given the Job, when looked at, then it has no token, no privilege, no second try, and no secret value in its arguments', async () => {
    const at = engineWorld(() => 'running');

    for (let call = 0; call < 8; call++) {
      await at.engine.advance(backup);
      at.jobs.run();
    }
    const [job] = at.kube.all<Job>(JOB);
    const pod = job?.spec.template.spec;
    const [container] = pod?.containers ?? [];

    expect(job?.metadata.namespace).toBe(SYSTEM_NAMESPACE);
    expect(job?.spec.backoffLimit).toBe(0);
    expect(pod).toMatchObject({ restartPolicy: 'Never', automountServiceAccountToken: false, securityContext: { seccompProfile: { type: 'RuntimeDefault' } } });
    expect(container?.securityContext).toEqual({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
    expect(container?.args).toEqual(['backup', '--request', '/etc/hvb/request/request.json']);
    expect(container?.volumeDevices).toEqual([{ name: 'volume', devicePath: '/dev/hvb-volume' }]);
    expect(container?.volumeMounts?.map(({ mountPath, readOnly = false }) => [mountPath, readOnly])).toEqual([['/etc/hvb/request', true], ['/etc/hvb/repository-key', true], ['/repository', false], ['/scratch', false]]);
    expect(JSON.stringify(job)).not.toContain('cGFzcw==');
  });

  it('given a running mover, when advanced, then the last progress line of its log is told', async () => {
    const at = engineWorld(() => 'running');

    for (let call = 0; call < 8; call++) {
      await at.engine.advance(backup);
      at.jobs.run();
    }
    const [pod] = at.kube.all<Pod>(POD);
    const line = (bytesDone: number): string => JSON.stringify({ type: 'progress', bytesDone, bytesTotal: 10, bytesUploaded: 1 });

    expect(await at.engine.advance(backup)).toEqual({ phase: 'Running' });
    at.kube.logs.set(`${SYSTEM_NAMESPACE}/${pod?.metadata.name}/mover`, `${line(3)}\nchatter\n${line(7)}\n{"type":"prog`);
    expect(await at.engine.advance(backup)).toEqual({ phase: 'Running', progress: { bytesDone: 7, bytesTotal: 10, bytesUploaded: 1 } });
  });

  it('given a Filesystem volume, when backed up, then the mover reads the image of a read-only mount', async () => {
    const at = engineWorld(() => good(VOLUME_RESULT), { volumeMode: 'Filesystem' });

    await finish(at, backup);
    expect(at.requests[0]).toMatchObject({ what: { volume: { path: '/volume/disk.img' } } });
    expect(at.kube.all<Job>(JOB)[0]?.spec.template.spec.containers[0]?.volumeMounts).toContainEqual({ name: 'volume', mountPath: '/volume', readOnly: true });
  });

  it('given a failure, when advanced again or half released, then it stays that failure and nothing begins anew until all is released', async () => {
    let runs = 0;
    const at = engineWorld(() => (++runs === 1 ? { exitCode: 137, signal: 9 } : good(VOLUME_RESULT)));
    const failed = await finish(at, backup);

    expect(failed).toMatchObject({ phase: 'Failed', failure: { code: 'HVB-MOVER-KILLED', retryable: true } });
    expect(await at.engine.release(backup)).toBe(false);
    expect(await at.engine.advance(backup)).toEqual(failed);
    at.jobs.run();
    expect(await at.engine.advance(backup)).toEqual(failed);
    await releaseAll(at, backup);
    expect(await finish(at, backup)).toEqual({ phase: 'Succeeded', result: VOLUME_RESULT });
  });

  it('given a running mover, when cancelled, then it is told true only when Job and pod are gone', async () => {
    const at = engineWorld(() => 'running');

    for (let call = 0; call < 8; call++) {
      await at.engine.advance(backup);
      at.jobs.run();
    }
    expect(await at.engine.cancel(backup)).toBe(false);
    expect(at.kube.writes.at(-1)).toMatchObject({ verb: 'delete', kind: 'Job' });
    expect(await at.engine.cancel(backup)).toBe(true);
    expect(at.kube.all<Pod>(POD)).toEqual([]);
  });

  it('given an object of the operation\'s name that is not its own, when released, then it stays', async () => {
    const at = engineWorld(() => 'running');

    at.kube.seed<Secret>(SECRET, { apiVersion: 'v1', kind: 'Secret', metadata: { namespace: SYSTEM_NAMESPACE, name: operationName(backup) } });
    await releaseAll(at, backup);
    expect(at.kube.all<Secret>(SECRET).map((secret) => secret.metadata.name)).toContain(operationName(backup));
  });

  it.each([
    ['the key Secret', (at: EngineWorld) => at.kube.delete(SECRET, { namespace: SYSTEM_NAMESPACE, name: 'repo-key' }), 'HVB-REPO-KEY-MISSING'],
    ['the repository\'s PVC', (at: EngineWorld) => at.kube.update<PersistentVolumeClaim>(PVC, { namespace: SYSTEM_NAMESPACE, name: 'repo' }, (claim) => { claim.metadata.deletionTimestamp = '2026-01-01T00:00:00Z'; }), 'HVB-REPO-TARGET-MISSING'],
  ])('given %s is gone, when advanced, then it fails before anything is made of the volume', async (_title, remove, code) => {
    const at = engineWorld(() => good(VOLUME_RESULT));

    await remove(at);
    expect(await finish(at, backup)).toMatchObject({ phase: 'Failed', failure: { code } });
    expect(at.kube.all<Job>(JOB)).toEqual([]);
    expect(at.sim.backing.size).toBe(0);
  });

  it('given a pod that never starts, when the limit passes, then it fails with the pod\'s own warnings', async () => {
    const at = engineWorld(() => good(VOLUME_RESULT));

    await at.engine.advance(operation({ type: 'probe' }));
    const [job] = at.kube.all<Job>(JOB);
    const pod = at.kube.seed<Pod>(POD, { apiVersion: 'v1', kind: 'Pod', metadata: { namespace: SYSTEM_NAMESPACE, name: 'p', labels: job?.metadata.labels }, spec: { containers: [] }, status: { phase: 'Pending' } });

    at.kube.seed<KubeEvent>(EVENT, { apiVersion: 'v1', kind: 'Event', metadata: { namespace: SYSTEM_NAMESPACE, name: 'e' }, type: 'Warning', reason: 'FailedMount', message: 'mount failed: exit status 32', involvedObject: { kind: 'Pod', name: 'p', uid: pod.metadata.uid } });
    expect(await at.engine.advance(operation({ type: 'probe' }))).toMatchObject({ phase: 'Preparing', step: 'StartingMover', message: expect.stringContaining('exit status 32') as string });
    await at.clock.advance(10 * 60_000 + 1);
    expect(await at.engine.advance(operation({ type: 'probe' }))).toMatchObject({ phase: 'Failed', failure: { code: 'HVB-MOVER-NOT-STARTED', evidence: expect.stringContaining('FailedMount') as string } });
  });

  it('given an answer to another question, when concluded, then it is a breach of the protocol', async () => {
    const at = engineWorld(() => good(RESTORE_RESULT));

    expect(await finish(at, backup)).toMatchObject({ phase: 'Failed', failure: { code: 'HVB-MOVER-PROTOCOL' } });
  });

  it('given a kill before or after any write, when run to the end and released, then the result is the same and nothing is left', async () => {
    const calm = engineWorld(() => good(VOLUME_RESULT));
    const before = everything(calm);

    await finish(calm, backup);
    await releaseAll(calm, backup);
    const writes = calm.kube.writes.length;

    expect(writes).toBeGreaterThan(10);
    for (let k = 0; k < writes; k++) {
      for (const moment of ['before', 'after'] as const) {
        const at = engineWorld(() => good(VOLUME_RESULT));

        killAt(at, k, moment);
        expect(await finish(at, backup), `killed ${moment} ${k}`).toEqual({ phase: 'Succeeded', result: VOLUME_RESULT });
        await releaseAll(at, backup);
        expect(everything(at), `killed ${moment} ${k}`).toEqual(before);
        expect(at.sim.backing.size, `killed ${moment} ${k}`).toBe(0);
      }
    }
  });
});

describe('mover engine: a volume is restored', () => {
  it('given a target, when advanced to the end, then the written volume is the target\'s, no Job is left to hold it, and release takes only the rest', async () => {
    const at = engineWorld(() => good(RESTORE_RESULT));

    expect(await finish(at, restore)).toEqual({ phase: 'Succeeded', result: RESTORE_RESULT });
    expect(at.requests[0]).toMatchObject({ verb: 'restore', what: { type: 'volume', sourceName: 'disk0', blank: true, volume: { name: TARGET.claimName, path: '/dev/hvb-volume' } } });
    expect(at.kube.all<Job>(JOB)).toEqual([]);
    await releaseAll(at, restore);
    const claim = await at.kube.get<PersistentVolumeClaim>(PVC, { namespace: TARGET.namespace, name: TARGET.claimName });

    expect(claim.status?.phase).toBe('Bound');
    expect([...at.sim.backing.keys()]).toEqual([claim.spec.volumeName]);
    expect(at.kube.all<Secret>(SECRET).map((secret) => secret.metadata.name)).toEqual(['repo-key']);
  });

  it('given a mover that fails, when released, then the half-written volume is freed and the target namespace is untouched', async () => {
    const at = engineWorld(() => ({ exitCode: 1, message: JSON.stringify({ type: 'error', code: 'HVB-STORAGE-FULL', message: 'no space', retryable: false }) }));

    expect(await finish(at, restore)).toMatchObject({ phase: 'Failed', failure: { code: 'HVB-STORAGE-FULL', message: 'no space', retryable: false } });
    await releaseAll(at, restore);
    expect(at.sim.backing.size).toBe(0);
    expect(at.kube.all<PersistentVolumeClaim>(PVC).filter((claim) => claim.metadata.namespace === TARGET.namespace)).toEqual([]);
  });

  it('given a kill before or after any write, when run to the end and released, then exactly one volume is there, handed over', async () => {
    const calm = engineWorld(() => good(RESTORE_RESULT));

    await finish(calm, restore);
    await releaseAll(calm, restore);
    const end = everything(calm);
    const writes = calm.kube.writes.length;

    expect(writes).toBeGreaterThan(8);
    for (let k = 0; k < writes; k++) {
      for (const moment of ['before', 'after'] as const) {
        const at = engineWorld(() => good(RESTORE_RESULT));

        killAt(at, k, moment);
        expect(await finish(at, restore), `killed ${moment} ${k}`).toEqual({ phase: 'Succeeded', result: RESTORE_RESULT });
        await releaseAll(at, restore);
        expect(everything(at), `killed ${moment} ${k}`).toEqual(end);
        expect(at.kube.all<PersistentVolume>(PV).filter((volume) => volume.metadata.name.startsWith('pvc-'))).toHaveLength(1);
      }
    }
  });

  it('given a restore that stopped before any write and is rolled back, when released, then no volume and no object of it is left', async () => {
    const calm = engineWorld(() => good(RESTORE_RESULT));
    const before = everything(calm);

    await finish(calm, restore);
    const writes = calm.kube.writes.length;

    for (let stop = 0; stop < writes; stop++) {
      const at = engineWorld(() => good(RESTORE_RESULT));

      killAt(at, stop, 'before');
      for (let call = 0; call < 30; call++) {
        const observation = await at.engine.advance(restore).catch(() => undefined);

        if (!observation || observation.phase === 'Succeeded') {
          break;
        }
        at.jobs.run();
      }
      at.kube.onWrite = undefined;
      await releaseAll(at, restore);
      expect(everything(at), `stopped at ${stop}`).toEqual(before);
      expect(at.sim.backing.size, `stopped at ${stop}`).toBe(0);
    }
  });
});

describe('mover engine: documents', () => {
  const text = JSON.stringify({ secret: 'S3CRET'.repeat(500) });
  const sealedLog = (recipient: string, drop = -1): string => {
    const box = seal(Buffer.from(text), Buffer.from(recipient, 'base64'));
    const parts = Array.from({ length: 4 }, (_unused, index) => box.subarray(index * 1000, index === 3 ? undefined : (index + 1) * 1000));
    const lines = parts.map((part, index): MoverLine => ({ type: 'sealed', index, count: parts.length, data: part.toString('base64') }));

    return lines.filter((_line, index) => index !== drop).map((line) => JSON.stringify(line)).join('\n');
  };
  const recipientOf = (request: unknown): string => {
    const parsed = requestSchema.parse(request);

    return parsed.verb === 'restore' && parsed.what.type === 'document' ? parsed.what.recipientPublicKey : '';
  };
  const fetch = operation({ type: 'restore-document', documentID: 'doc' });

  it('given a sealed document in the log, when concluded, then its text is given, and neither key nor text stands anywhere but in the operation\'s Secret', async () => {
    const at = engineWorld((request) => good({ type: 'restore-document', lines: 4 }, sealedLog(recipientOf(request))));

    expect(await finish(at, fetch)).toEqual({ phase: 'Succeeded', result: { type: 'restore-document', lines: 4 }, document: text });
    const secret = await at.kube.get<Secret>(SECRET, { namespace: SYSTEM_NAMESPACE, name: operationName(fetch) });
    const mounted = at.kube.all<Job>(JOB)[0]?.spec.template.spec.volumes?.flatMap((volume) => volume.secret?.items?.map((item) => item.key) ?? []);

    expect(mounted).toEqual(['request.json', 'password']);
    expect(Buffer.from(secret.data?.['request.json'] ?? '', 'base64').toString()).not.toContain(Buffer.from(secret.data?.['private-key'] ?? '', 'base64').toString('base64'));
    expect(JSON.stringify(secret.metadata)).not.toContain('S3CRET');
  });

  it('given a part that is missing or a box for another key, when concluded, then it fails with a code and without a text', async () => {
    const lost = engineWorld((request) => good({ type: 'restore-document', lines: 4 }, sealedLog(recipientOf(request), 2)));
    const foreign = engineWorld(() => good({ type: 'restore-document', lines: 4 }, sealedLog(Buffer.alloc(32, 9).toString('base64'))));

    expect(await finish(lost, fetch)).toMatchObject({ phase: 'Failed', failure: { code: 'HVB-MOVER-LOST', retryable: true } });
    expect(await finish(foreign, fetch)).toMatchObject({ phase: 'Failed', failure: { code: 'HVB-MOVER-PROTOCOL' } });
  });

  it('given a document to be written, when started, then it is mounted from the operation\'s Secret and named in the request', async () => {
    const at = engineWorld(() => good({ type: 'backup-document', documentID: 'x' }));
    const write = operation({ type: 'backup-document', identity: IDENTITY, document: text, volumes: [{ name: 'disk0', snapshotID: 's', digestsID: 'd' }] });

    expect(await finish(at, write)).toMatchObject({ phase: 'Succeeded' });
    const secret = await at.kube.get<Secret>(SECRET, { namespace: SYSTEM_NAMESPACE, name: operationName(write) });

    expect(Buffer.from(secret.data?.['document.json'] ?? '', 'base64').toString()).toBe(text);
    expect(at.requests[0]).toMatchObject({ what: { type: 'document', documentFile: '/etc/hvb/document/document.json' } });
    expect(at.kube.all<Job>(JOB)[0]?.spec.template.spec.containers[0]?.volumeMounts?.map(({ mountPath }) => mountPath)).toContain('/etc/hvb/document');
  });
});
