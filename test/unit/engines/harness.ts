import { PVC, SECRET } from '../../../server/contract/api.ts';
import type { Job, PersistentVolumeClaim, Secret } from '../../../server/contract/kubernetes.ts';
import { requestSchema, type MoverRequest, type MoverResult } from '../../../server/contract/mover-protocol.ts';
import { SYSTEM_NAMESPACE } from '../../../server/contract/names.ts';
import type { Engine, Observation, Operation, Task } from '../../../server/engines/engine.ts';
import { createMoverEngine } from '../../../server/engines/mover/mover-engine.ts';
import { Killed, TARGET, world, type World } from '../expose/harness.ts';
import { JobSim, type Ending } from './job-sim.ts';

export const IDENTITY = { cluster: 'c', namespace: 'vms', vmName: 'vm', vmUID: 'vm-uid', backupUID: 'b-uid' };
export const VOLUME_RESULT: MoverResult = { type: 'backup-volume', volume: { snapshotID: 's', digestsID: 'd', sizeBytes: 1, rootDigest: 'sha256:0', bytesRead: 1, bytesZero: 0, bytesUploaded: 1 } };
export const RESTORE_RESULT: MoverResult = { type: 'restore-volume', bytesWritten: 1, bytesSkipped: 0, rootDigest: 'sha256:0' };
export const BACKUP_TASK: Task = { type: 'backup-volume', identity: IDENTITY, volume: { name: 'disk0', sizeBytes: 64 * 1024 * 1024 }, snapshot: { namespace: 'vms', name: 'snap0' } };
export const RESTORE_TASK: Task = { type: 'restore-volume', documentID: 'doc', snapshotID: 's', sourceName: 'disk0', sourceBytes: 1, target: TARGET };

/** Ends well with that result. */
export const good = (result: MoverResult, log = ''): Ending => ({ exitCode: 0, message: JSON.stringify({ type: 'result', result }), log });

export interface EngineWorld extends World { engine: Engine; jobs: JobSim; requests: MoverRequest[] }

/** A cluster with a repository's PVC and key, and movers that end as `mover` says. */
export function engineWorld(mover: (request: MoverRequest, job: Job) => Ending | 'running', source: Parameters<typeof world>[0] = {}): EngineWorld {
  const at = world(source);
  const requests: MoverRequest[] = [];

  at.kube.seed<Secret>(SECRET, { apiVersion: 'v1', kind: 'Secret', metadata: { namespace: SYSTEM_NAMESPACE, name: 'repo-key' }, data: { password: 'cGFzcw==' } });
  at.kube.seed<PersistentVolumeClaim>(PVC, { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { namespace: SYSTEM_NAMESPACE, name: 'repo', finalizers: ['kubernetes.io/pvc-protection'] }, spec: { accessModes: ['ReadWriteMany'], volumeName: 'repo-volume', resources: { requests: { storage: '1Gi' } } }, status: { phase: 'Bound' } });
  const jobs = new JobSim(at, (job) => {
    const secret = at.kube.all<Secret>(SECRET).find((each) => each.metadata.name === job.metadata.name);
    const request = requestSchema.parse(JSON.parse(Buffer.from(secret?.data?.['request.json'] ?? '', 'base64').toString()));

    requests.push(request);

    return mover(request, job);
  });

  return { ...at, jobs, requests, engine: createMoverEngine(at.deps) };
}

/** An operation of the tests; its id is the same for the same task type. */
export function operation(task: Task): Operation {
  const owner = { kind: task.type.startsWith('restore') ? 'VMRestore' as const : 'VMBackup' as const, uid: 'owner-uid', namespace: 'vms', name: 'owner' };
  const api = { apiVersion: 'backup.harvesterhci.io/v1beta1' };

  return {
    id: `owner-uid/${task.type}`, owner, task,
    engine: { ...api, kind: 'BackupEngine', metadata: { name: 'restic' }, spec: { mover: { image: 'mover:1' }, parameters: { compression: 'max' } } },
    repository: { ...api, kind: 'BackupRepository', metadata: { name: 'r' }, spec: { engine: 'restic', target: { filesystem: { claimName: 'repo', path: 'a/b' } }, encryption: { secretRef: { name: 'repo-key' } } } },
  };
}

/** Advances to the end, with the cluster working in between; a killed caller begins again. */
export async function finish(at: EngineWorld, op: Operation): Promise<Observation> {
  for (let call = 0; call < 40; call++) {
    const observation = await at.engine.advance(op).catch(passKilled);

    if (observation?.phase === 'Succeeded' || observation?.phase === 'Failed') {
      return observation;
    }
    at.jobs.run();
  }
  throw new Error('no end after 40 calls');
}

/** Releases until nothing is left; a killed caller begins again. */
export async function releaseAll(at: EngineWorld, op: Operation): Promise<void> {
  for (let call = 0; call < 40; call++) {
    if (await at.engine.release(op).catch(passKilled)) {
      return;
    }
    at.jobs.run();
  }
  throw new Error('not released after 40 calls');
}

function passKilled(error: unknown): undefined {
  if (!(error instanceof Killed)) {
    throw error;
  }
}
