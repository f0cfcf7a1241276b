import { BACKUP_ENGINE } from '../../contract/api.ts';
import type { BackupEngine } from '../../contract/backup-engine.ts';
import { failure } from '../../contract/failures.ts';
import type { Job } from '../../contract/kubernetes.ts';
import { LABEL_OWNER_UID } from '../../contract/names.ts';
import type { Operation } from '../../engines/engine.ts';
import { createController, source, type Controller, type ReconcileResult } from '../../kube/controller.ts';
import type { Informer } from '../../kube/informer.ts';
import { keyOf } from '../../kube/keys.ts';
import { setCondition } from '../../kube/objects.ts';
import { WORK_POLL_MS, type ControllerContext } from '../context.ts';
import { requests } from '../sources.ts';

type Status = NonNullable<BackupEngine['status']>;

/** An engine that can't be asked is asked again after so long (milliseconds). */
const RETRY_MS = 60_000;

/** What the engine controller needs. */
export interface BackupEngineDeps { ctx: ControllerContext; engines: Informer<BackupEngine>; /** Jobs of the system namespace. */ jobs: Informer<Job> }

/** The controller of BackupEngines: asks each mover once per version of its object what it is and can do. */
export function backupEngineController({ ctx, engines, jobs }: BackupEngineDeps): Controller {
  return createController({
    name: 'backup-engine', clock: ctx.clock, log: ctx.log, metrics: ctx.metrics?.controller('backup-engine'),
    reconcile: backupEngineReconciler(ctx),
    sources: [
      requests(engines),
      source(jobs, (job) => engines.list().filter(({ metadata: { uid } }) => uid === job.metadata.labels?.[LABEL_OWNER_UID]).map(keyOf)),
    ],
  });
}

/** The reconcile of one BackupEngine by its name, without the loop around it. */
export function backupEngineReconciler(ctx: ControllerContext): (name: string) => Promise<ReconcileResult> {
  return (name) => reconcile(ctx, name);
}

async function reconcile(ctx: ControllerContext, name: string): Promise<ReconcileResult> {
  const engine = await ctx.client.find<BackupEngine>(BACKUP_ENGINE, { name });

  if (!engine || engine.metadata.deletionTimestamp) return;
  const { uid = '', generation = 0 } = engine.metadata;
  const operation: Operation = { id: `${uid}/describe/${generation}`, owner: { kind: 'BackupEngine', uid, name }, engine, task: { type: 'describe' } };
  const implementation = ctx.engineFor(engine);

  if (engine.status?.observedGeneration === generation && engine.status.phase !== 'Pending') {
    const asked = Date.parse(engine.status.failure?.at ?? '');
    const waitMs = engine.status.phase === 'Ready' ? Infinity : asked + RETRY_MS - ctx.clock.now().getTime();

    // While nothing is due, what the last asking left goes; once it is due, the next asking must not be swept away again.
    if (waitMs > 0) {
      if (!await implementation.release(operation)) return { requeueAfterMs: WORK_POLL_MS };
      return engine.status.phase === 'Ready' ? undefined : { requeueAfterMs: waitMs };
    }
  }
  const observation = await implementation.advance(operation);
  const now = ctx.clock.now();

  if (observation.phase !== 'Succeeded' && observation.phase !== 'Failed') return { requeueAfterMs: WORK_POLL_MS };
  if (observation.phase === 'Succeeded' && observation.result.type === 'describe') {
    const conditions = setCondition(engine.status?.conditions, { type: 'Ready', status: 'True', reason: 'Described', message: 'The mover answered.' }, now);

    return write(ctx, engine, { phase: 'Ready', capabilities: observation.result.capabilities, conditions });
  }
  const cause = observation.phase === 'Failed' ? { ...observation.failure, at: now.toISOString() } : failure('HVB-MOVER-PROTOCOL', `the mover answered "${observation.result.type}" to describe`, now);
  const conditions = setCondition(engine.status?.conditions, { type: 'Ready', status: 'False', reason: cause.code, message: cause.message }, now);

  return write(ctx, engine, { phase: 'Unavailable', failure: cause, conditions });
}

async function write(ctx: ControllerContext, engine: BackupEngine, status: Status): Promise<ReconcileResult> {
  await ctx.client.replaceStatus(BACKUP_ENGINE, { ...engine, status: { ...status, ...(engine.metadata.generation === undefined ? {} : { observedGeneration: engine.metadata.generation }) } });
  ctx.log.info('engine', { engine: engine.metadata.name, phase: status.phase, version: status.capabilities?.version });
  return { requeueAfterMs: 0 };
}
