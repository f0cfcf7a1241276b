import { PVC } from '../../contract/api.ts';
import type { Failure } from '../../contract/failures.ts';
import { LABEL_RESTORED_BY } from '../../contract/names.ts';
import type { PlanVolume, RestoreVolume, VMRestoreStatus } from '../../contract/vm-restore.ts';
import { nextProgress, sumProgress } from '../../domain/progress.ts';
import type { Engine, Observation, Operation } from '../../engines/engine.ts';
import { MOVE_ATTEMPTS, WAIT_POLL_MS, WORK_POLL_MS } from '../context.ts';
import { findRepository, requestProbe, type RepositoryLookup } from '../repository-of.ts';
import { attemptOf, volumeOperation, volumeOperationID } from './operations.ts';
import { failNow, go, goWith, wait, type Outcome, type Work } from './work.ts';

type Found = Extract<RepositoryLookup, { found: true }>;
type Created = NonNullable<VMRestoreStatus['created']>[number];

/** What one look at one volume came to. */
interface VolumeStep { volume: RestoreVolume; failure?: Failure; created?: Created }

/** Queued: begins when the repository is ready and has a mover free. */
export async function queue(work: Work): Promise<Outcome> {
  const { context, status, uid } = work;
  const plan = status.plan?.volumes ?? [];
  const lookup = await findRepository(context, status.backup?.repository ?? '');

  if (!lookup.found) return goWith('Failed', failNow(work, lookup.code, lookup.message));
  const { name } = lookup.repository.metadata;

  if (lookup.repository.status?.phase !== 'Ready') return wait(`Waits for BackupRepository ${name}, which is ${lookup.repository.status?.phase ?? 'Pending'}.`, WAIT_POLL_MS);
  const [first] = plan;

  if (first && !context.slots.take(name, volumeOperationID(uid, first.name, 1), lookup.limit)) return wait(`Waits for a free mover on BackupRepository ${name} (limit ${lookup.limit}).`, WORK_POLL_MS);
  return go('RestoringVolumes', { volumes: plan.map(({ name: volume, claimName }): RestoreVolume => ({ name: volume, claimName, phase: 'Pending' })), progress: sumProgress(plan.map(({ sourceBytes }) => ({ sizeBytes: sourceBytes }))) });
}

/** RestoringVolumes: brings every volume one step nearer, as many side by side as the repository has movers free. */
export async function restoreVolumes(work: Work): Promise<Outcome> {
  const { context, status } = work;
  const lookup = await findRepository(context, status.backup?.repository ?? '');

  if (!lookup.found) return goWith('RollingBack', failNow(work, lookup.code, lookup.message));
  const steps: VolumeStep[] = [];

  for (const volume of status.volumes ?? []) {
    const plan = status.plan?.volumes.find(({ name }) => name === volume.name);

    if (!plan) throw new Error(`volume ${volume.name} is not in the plan`);
    steps.push(await advanceVolume(work, lookup, volume, plan));
  }
  const volumes = steps.map(({ volume }) => volume);
  const created = steps.reduce((all, step) => withCreated(all, step.created), status.created ?? []);
  const sizes = new Map(status.plan?.volumes.map(({ name, sourceBytes }) => [name, sourceBytes]));
  const progress = sumProgress(volumes.map(({ name, progress: each }) => ({ sizeBytes: sizes.get(name) ?? 0, ...(each ? { progress: each } : {}) })));
  const seen = { volumes, progress, ...(created.length > 0 ? { created } : {}) };
  const failure = steps.find((step) => step.failure)?.failure;

  if (failure) {
    if (failure.category === 'Repository') await requestProbe(context, lookup.repository.metadata.name);
    return goWith('RollingBack', failure, seen);
  }
  if (volumes.every(({ phase }) => phase === 'Completed')) return go('CreatingVM', seen);
  return { status: { ...seen, message: undefined }, requeueAfterMs: WORK_POLL_MS };
}

/** The list with the object noted, once. */
export function withCreated(created: readonly Created[], one: Created | undefined): Created[] {
  return one === undefined || created.some(({ uid }) => uid === one.uid) ? [...created] : [...created, one];
}

async function advanceVolume(work: Work, found: Found, volume: RestoreVolume, plan: PlanVolume): Promise<VolumeStep> {
  const engine = work.context.engineFor(found.engine);
  const operation = volumeOperation(work, volume, plan, found.engine, found.repository);

  switch (volume.phase) {
    case 'Completed':
      return { volume };
    case 'HandingOver':
      return await release(work, found, engine, operation) ? { volume: { ...without(volume), phase: 'Completed' } } : { volume };
    case 'Failed':
      // Noted in an earlier look, so that a restart in between does not take the broken try up again.
      return await release(work, found, engine, operation) ? { volume: { ...without(volume), phase: 'Pending', attempts: attemptOf(volume) + 1 } } : { volume };
    default:
      if (!work.context.slots.take(found.repository.metadata.name, operation.id, found.limit, volume.phase === 'Writing')) return { volume: { ...volume, message: 'Waits for a free mover.' } };
      return observe(work, operation, volume, plan, await engine.advance(operation));
  }
}

function without({ message: _message, ...volume }: RestoreVolume): RestoreVolume {
  return volume;
}

async function release(work: Work, found: Found, engine: Engine, operation: Operation): Promise<boolean> {
  if (!await engine.release(operation)) return false;
  work.context.slots.giveBack(found.repository.metadata.name, operation.id);
  work.stopwatch.forget(operation.id);
  return true;
}

async function observe(work: Work, operation: Operation, old: RestoreVolume, plan: PlanVolume, observation: Observation): Promise<VolumeStep> {
  const volume = { ...without(old), attempts: attemptOf(old) };

  switch (observation.phase) {
    case 'Absent':
      return { volume };
    case 'Preparing':
      return { volume: { ...volume, message: observation.message } };
    case 'Running': {
      const progress = observation.progress && nextProgress(old.progress, { ...observation.progress, bytesTotal: plan.sourceBytes }, work.stopwatch.lap(operation.id));

      return { volume: { ...volume, phase: 'Writing', ...(progress ? { progress } : {}) } };
    }
    case 'Succeeded':
      return finish(work, volume, plan, observation.result);
    case 'Failed':
      return failed(volume, observation.failure);
  }
}

function failed(volume: RestoreVolume, failure: Failure): VolumeStep {
  const { progress: _progress, ...rest } = volume;
  const again = failure.retryable && attemptOf(volume) < MOVE_ATTEMPTS;

  return { volume: { ...rest, phase: 'Failed', message: again ? `${failure.message} It is tried again.` : failure.message }, ...(again ? {} : { failure }) };
}

async function finish(work: Work, volume: RestoreVolume, plan: PlanVolume, result: Extract<Observation, { phase: 'Succeeded' }>['result']): Promise<VolumeStep> {
  const where = `volume ${volume.name} (PVC ${work.namespace}/${volume.claimName})`;

  if (result.type !== 'restore-volume') return failed(volume, failNow(work, 'HVB-MOVER-PROTOCOL', `The mover of ${where} answered with a result of type ${result.type}.`));
  if (result.rootDigest !== plan.rootDigest) return failed(volume, failNow(work, 'HVB-DATA-MISMATCH', `${where}: what was written has the digest ${result.rootDigest}, the backup has ${plan.rootDigest}.`));
  const claim = await work.context.client.find(PVC, { namespace: work.namespace, name: volume.claimName });

  if (claim?.metadata.labels?.[LABEL_RESTORED_BY] !== work.uid || !claim.metadata.uid) return failed(volume, failNow(work, 'HVB-STORAGE-HANDOVER-FAILED', `${where}: the PVC is not there, or is not of this restore.`));
  return {
    volume: { ...volume, phase: 'HandingOver', rootDigest: result.rootDigest, bytesWritten: result.bytesWritten, progress: { bytesTotal: plan.sourceBytes, bytesDone: plan.sourceBytes } },
    created: { kind: 'PersistentVolumeClaim', namespace: work.namespace, name: volume.claimName, uid: claim.metadata.uid },
  };
}
