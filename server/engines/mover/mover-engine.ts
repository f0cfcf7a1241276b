import { JOB, SECRET } from '../../contract/api.ts';
import { failure, type Failure } from '../../contract/failures.ts';
import type { Job, Secret } from '../../contract/kubernetes.ts';
import type { MoverResult } from '../../contract/mover-protocol.ts';
import { SYSTEM_NAMESPACE } from '../../contract/names.ts';
import { handOver } from '../../expose/hand-over.ts';
import { belongsTo, type OperationRef } from '../../expose/operation-labels.ts';
import { releaseVolumes } from '../../expose/release.ts';
import { refusalOf, type ExposeDeps } from '../../expose/result.ts';
import { isApiError } from '../../kube/client.ts';
import { generateKeyPair, open, SealError } from '../../mover/seal.ts';
import type { Engine, Observation, Operation, TargetVolume } from '../engine.ts';
import { buildJob } from './job.ts';
import { jobEnded, judge, podEnded } from './judge.ts';
import { gatherSealed, lastProgress, logExcerpt } from './lines.ts';
import { prepare, type Prepared } from './prepare.ts';
import { ENTRY_DOCUMENT, ENTRY_REQUEST, keepFailure, keepResult, openRecord, operationName, writeEntries, type OperationRecord } from './record.ts';
import { buildRequest, isResultOf } from './request.ts';
import { diagnoseStart, logOf, podsOf } from './watch-pod.ts';

const PROGRESS_TAIL = 20;
const END_TAIL = 50;

/**
 * The engine of all movers: restic, Kopia and every custom image differ only inside the pod. Per operation there is a
 * Secret (its memory, see record.ts), a Job of the same name, and what `expose` makes of its volume.
 */
export function createMoverEngine(deps: ExposeDeps): Engine {
  const { client } = deps;

  return {
    async advance(operation) {
      const record = await openRecord(client, operation, () => (operation.task.type === 'restore-document' ? generateKeyPair() : undefined));

      if (record.failure) {
        return { phase: 'Failed', failure: record.failure };
      }
      const observation = await step(deps, operation, record);

      if (observation.phase === 'Failed') {
        await keepFailure(client, operation, observation.failure);
      }

      return observation;
    },
    cancel: (operation) => stopJob(deps, operation),
    async release(operation) {
      if (!await stopJob(deps, operation) || !await releaseVolumes(deps, operation)) {
        return false;
      }
      const key = { namespace: SYSTEM_NAMESPACE, name: operationName(operation) };
      const secret = await client.find<Secret>(SECRET, key);

      if (secret && belongsTo(operation, secret)) {
        await client.delete(SECRET, key, { uid: secret.metadata.uid });
      }

      return true;
    },
  };
}

const findJob = ({ client }: ExposeDeps, operation: OperationRef): Promise<Job | undefined> => client.find<Job>(JOB, { namespace: SYSTEM_NAMESPACE, name: operationName(operation) });

/** Deletes the Job, its pod first (SIGTERM, then the grace period). True when neither is left. */
async function stopJob(deps: ExposeDeps, operation: OperationRef): Promise<boolean> {
  const job = await findJob(deps, operation);

  if (job && belongsTo(operation, job) && !job.metadata.deletionTimestamp) {
    await deps.client.delete(JOB, { namespace: SYSTEM_NAMESPACE, name: job.metadata.name }, { uid: job.metadata.uid, propagationPolicy: 'Foreground' });
  }

  return !job && (await podsOf(deps.client, operation)).length === 0;
}

async function step(deps: ExposeDeps, operation: Operation, record: OperationRecord): Promise<Observation> {
  if (operation.task.type === 'restore-volume' && record.result) {
    return deliver(deps, operation, operation.task.target, record.result);
  }
  const job = await findJob(deps, operation);

  return job ? observe(deps, operation, record, job) : start(deps, operation, record);
}

/** Nothing runs yet: gets ready, then writes the request, then the Job. */
async function start(deps: ExposeDeps, operation: Operation, record: OperationRecord): Promise<Observation> {
  const prepared = await prepare(deps, operation);

  if (prepared.state === 'Failed') {
    return { phase: 'Failed', failure: prepared.failure };
  }
  if (prepared.state === 'Waiting') {
    return { phase: 'Preparing', step: prepared.step, message: prepared.message };
  }
  try {
    await createJob(deps, operation, record, prepared);
  } catch (error) {
    const refusal = refusalOf(error);

    if (refusal === undefined) {
      throw error;
    }

    return { phase: 'Failed', failure: failure('HVB-MOVER-NOT-STARTED', `The cluster refused the mover's Job: ${refusal}`, deps.clock.now()) };
  }

  return { phase: 'Preparing', step: 'StartingMover', message: 'The mover was created.' };
}

async function createJob({ client }: ExposeDeps, operation: Operation, record: OperationRecord, { volume, blank }: Prepared): Promise<void> {
  if (!record.hasRequest) {
    const request = buildRequest(operation, {
      ...(volume ? { volumeMode: volume.volumeMode } : {}),
      ...(blank === undefined ? {} : { blank }),
      ...(record.keys ? { recipientPublicKey: record.keys.publicKey } : {}),
    });

    await writeEntries(client, operation, {
      [ENTRY_REQUEST]: JSON.stringify(request),
      ...(operation.task.type === 'backup-document' ? { [ENTRY_DOCUMENT]: operation.task.document } : {}),
    });
  }
  try {
    await client.create<Job>(JOB, buildJob(operation, volume));
  } catch (error) {
    if (!isApiError(error, 'AlreadyExists')) {
      throw error;
    }
  }
}

/** The Job is there: waits for its pod, reads its progress, or judges its end. */
async function observe(deps: ExposeDeps, operation: Operation, record: OperationRecord, job: Job): Promise<Observation> {
  const { client, clock } = deps;

  if (job.metadata.deletionTimestamp) {
    return { phase: 'Preparing', step: 'StoppingMover', message: `Job ${SYSTEM_NAMESPACE}/${job.metadata.name} is being deleted.` };
  }
  const pod = (await podsOf(client, operation)).at(-1);

  if (podEnded(pod) || jobEnded(job)) {
    const log = await logOf(client, pod, operation.task.type === 'restore-document' ? undefined : END_TAIL);
    const verdict = judge({ job, pod, lastLine: log.trimEnd().split('\n').at(-1) ?? '', logExcerpt: logExcerpt(log), at: clock.now() });

    return 'failure' in verdict ? { phase: 'Failed', failure: verdict.failure } : conclude(deps, operation, record, verdict.result, log);
  }
  if (pod?.status?.phase === 'Running') {
    const progress = lastProgress(await logOf(client, pod, PROGRESS_TAIL));

    return { phase: 'Running', ...(progress ? { progress: { bytesDone: progress.bytesDone, bytesTotal: progress.bytesTotal, ...(progress.bytesUploaded === undefined ? {} : { bytesUploaded: progress.bytesUploaded }) } } : {}) };
  }
  const diagnosis = await diagnoseStart(deps, job, pod);

  return 'failure' in diagnosis ? { phase: 'Failed', failure: diagnosis.failure } : { phase: 'Preparing', step: 'StartingMover', message: diagnosis.message };
}

/** The mover succeeded: takes what it gave. */
async function conclude(deps: ExposeDeps, operation: Operation, record: OperationRecord, result: MoverResult, log: string): Promise<Observation> {
  const { client, clock } = deps;
  const failed = (made: Failure): Observation => ({ phase: 'Failed', failure: made });

  if (!isResultOf(operation.task, result)) {
    return failed(failure('HVB-MOVER-PROTOCOL', `The mover answered "${result.type}" to ${operation.task.type}.`, clock.now()));
  }
  if (operation.task.type === 'restore-volume') {
    // Kept, as the pod has to go before the volume can change hands: it holds the PVC even when it is over.
    await keepResult(client, operation, result);

    return deliver(deps, operation, operation.task.target, result);
  }
  if (operation.task.type !== 'restore-document') {
    return { phase: 'Succeeded', result };
  }
  const sealed = gatherSealed(log);

  if (!sealed || !record.keys) {
    return failed(failure('HVB-MOVER-LOST', 'The log of the mover does not hold the whole backup document.', clock.now()));
  }
  try {
    return { phase: 'Succeeded', result, document: open(sealed, record.keys.privateKey).toString('utf8') };
  } catch (error) {
    if (!(error instanceof SealError)) {
      throw error;
    }

    return failed(failure('HVB-MOVER-PROTOCOL', `The backup document that the mover sent cannot be opened: ${error.message}`, clock.now()));
  }
}

/** The volume is written: its Job goes, then it is handed over. */
async function deliver(deps: ExposeDeps, operation: Operation, target: TargetVolume, result: MoverResult): Promise<Observation> {
  if (!await stopJob(deps, operation)) {
    return { phase: 'Preparing', step: 'HandingOver', message: 'The mover is done and leaves the volume.' };
  }
  const outcome = await handOver(deps, operation, target);

  switch (outcome.state) {
    case 'Done': return { phase: 'Succeeded', result };
    case 'Failed': return { phase: 'Failed', failure: outcome.failure };
    case 'Waiting': return { phase: 'Preparing', step: 'HandingOver', message: outcome.message };
  }
}
