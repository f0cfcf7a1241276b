import { BACKUP_REPOSITORY, SECRET } from '../../contract/api.ts';
import { KEY_SECRET_ENTRY, type BackupRepository } from '../../contract/backup-repository.ts';
import { failure, type Failure } from '../../contract/failures.ts';
import type { Job, Secret } from '../../contract/kubernetes.ts';
import { FINALIZER_CLEANUP, LABEL_OWNER_UID } from '../../contract/names.ts';
import { assertTransition, REPOSITORY_TRANSITIONS } from '../../domain/phases.ts';
import { decideRepository, PROBE_EVERY_MS } from '../../domain/repository/decide.ts';
import type { Observation, Operation } from '../../engines/engine.ts';
import { createController, source, type Controller, type ReconcileResult } from '../../kube/controller.ts';
import type { Informer } from '../../kube/informer.ts';
import { keyOf } from '../../kube/keys.ts';
import { setCondition } from '../../kube/objects.ts';
import { WAIT_POLL_MS, WORK_POLL_MS, type ControllerContext } from '../context.ts';
import { findRepository } from '../repository-of.ts';
import { requests } from '../sources.ts';

type Status = NonNullable<BackupRepository['status']>;

/** What the repository controller needs. */
export interface BackupRepositoryDeps {
  ctx: ControllerContext;
  repositories: Informer<BackupRepository>;
  /** Jobs of the system namespace. */
  jobs: Informer<Job>;
}

/** The controller of BackupRepositories: initialises them once, then probes them when asked, when due, and when their key changes. */
export function backupRepositoryController({ ctx, repositories, jobs }: BackupRepositoryDeps): Controller {
  return createController({
    name: 'backup-repository', concurrency: 2, clock: ctx.clock, log: ctx.log, metrics: ctx.metrics?.controller('backup-repository'),
    reconcile: backupRepositoryReconciler(ctx),
    sources: [
      requests(repositories),
      source(jobs, (job) => repositories.list().filter(({ metadata: { uid } }) => uid === job.metadata.labels?.[LABEL_OWNER_UID]).map(keyOf)),
    ],
  });
}

/** The reconcile of one BackupRepository by its name, without the loop around it. */
export function backupRepositoryReconciler(ctx: ControllerContext): (name: string) => Promise<ReconcileResult> {
  return (name) => reconcile(ctx, name);
}

async function reconcile(ctx: ControllerContext, name: string): Promise<ReconcileResult> {
  const repository = await ctx.client.find<BackupRepository>(BACKUP_REPOSITORY, { name });

  if (!repository) return;
  if (repository.metadata.deletionTimestamp) return letGo(ctx, repository);
  if (!repository.metadata.finalizers?.includes(FINALIZER_CLEANUP)) {
    const { finalizers = [], resourceVersion } = repository.metadata;

    await ctx.client.patch(BACKUP_REPOSITORY, { name }, { metadata: { resourceVersion, finalizers: [...finalizers, FINALIZER_CLEANUP] } });
    return { requeueAfterMs: 0 };
  }
  const found = await findRepository(ctx, name);

  if (!found.found) return blocked(ctx, repository, failure(found.code, found.message, ctx.clock.now()));
  const key = await keyVersion(ctx, repository);

  if (typeof key !== 'string') return blocked(ctx, repository, key);

  const engine = ctx.engineFor(found.engine);
  const done = repository.status?.operations ?? 0;

  // What the last operation left goes before anything else begins; its result stands in the status already.
  if (done > 0 && !await engine.release(operation(repository, found.engine, done - 1))) return { requeueAfterMs: WORK_POLL_MS };
  const decision = decideRepository(repository, key, ctx.clock.now());

  // A probe that has begun is seen to its end, whatever has become of its reason.
  if (decision.action === 'Wait' && repository.status?.probingSince === undefined) return { requeueAfterMs: Math.min(decision.forMs, PROBE_EVERY_MS) };
  const observation = await engine.advance(operation(repository, found.engine, done));

  if (observation.phase === 'Succeeded' || observation.phase === 'Failed') {
    return write(ctx, repository, ended(repository, observation, key, ctx.clock.now()));
  }
  if (repository.status?.probingSince === undefined) {
    await write(ctx, repository, { ...repository.status, phase: repository.status?.repositoryID === undefined ? 'Initializing' : repository.status.phase, probingSince: ctx.clock.now().toISOString() });
  }
  return { requeueAfterMs: WORK_POLL_MS };
}

function operation(repository: BackupRepository, engine: Operation['engine'], number: number): Operation {
  const { uid = '', name } = repository.metadata;

  return { id: `${uid}/repository/${number}`, owner: { kind: 'BackupRepository', uid, name }, engine, repository, task: { type: repository.status?.repositoryID === undefined ? 'init' : 'probe' } };
}

/** The version of the key Secret, or what is wrong with it. */
async function keyVersion({ client, clock, systemNamespace }: ControllerContext, repository: BackupRepository): Promise<string | Failure> {
  const name = repository.spec.encryption.secretRef.name;
  const secret = await client.find<Secret>(SECRET, { namespace: systemNamespace, name });

  if (!secret?.data?.[KEY_SECRET_ENTRY]) {
    return failure('HVB-REPO-KEY-MISSING', secret ? `Secret ${systemNamespace}/${name} has no entry "${KEY_SECRET_ENTRY}"` : `Secret ${systemNamespace}/${name} does not exist`, clock.now());
  }
  return `${secret.metadata.uid}/${secret.metadata.resourceVersion}`;
}

/** The status after an operation came to its end. */
function ended(repository: BackupRepository, observation: Extract<Observation, { phase: 'Succeeded' | 'Failed' }>, key: string, now: Date): Status {
  const operations = (repository.status?.operations ?? 0) + 1;

  if (observation.phase === 'Failed') return { ...failed(repository, observation.failure, key, now), operations };
  const { result } = observation;
  const known = repository.status?.repositoryID;

  if (result.type !== 'init' && result.type !== 'probe') return { ...failed(repository, failure('HVB-MOVER-PROTOCOL', `the mover answered "${result.type}" to a probe`, now), key, now), operations };
  if (known !== undefined && result.repositoryID !== known) {
    return { ...failed(repository, failure('HVB-REPO-NOT-INITIALISED', `the place holds another repository (${result.repositoryID}) than the one this object was made for (${known})`, now), key, now), operations };
  }
  const { failure: _healed, probingSince, ...rest }: Status = repository.status ?? { phase: 'Pending' };

  return {
    ...rest, phase: 'Ready', repositoryID: result.repositoryID, operations, failedProbes: 0, keyVersion: key, lastProbeAt: probingSince ?? now.toISOString(),
    ...(result.type === 'probe' ? { backups: result.backups, ...(result.sizeBytes === undefined ? {} : { sizeBytes: result.sizeBytes }) } : {}),
    conditions: setCondition(rest.conditions, { type: 'Ready', status: 'True', reason: 'Opened', message: 'The repository opens with its key.' }, now),
  };
}

function failed(repository: BackupRepository, cause: Failure, key: string, now: Date): Status {
  const { probingSince, ...status }: Status = repository.status ?? { phase: 'Pending' };

  return {
    ...status, phase: 'Failed', failure: cause, keyVersion: key, lastProbeAt: probingSince ?? now.toISOString(), failedProbes: (status.failedProbes ?? 0) + 1,
    conditions: setCondition(status.conditions, { type: 'Ready', status: 'False', reason: cause.code, message: cause.message }, now),
  };
}

/** What is missing before the repository can be asked at all is looked for again soon, but told only once. */
async function blocked(ctx: ControllerContext, repository: BackupRepository, cause: Failure): Promise<ReconcileResult> {
  const { status, metadata } = repository;

  if (status?.failure?.message !== cause.message || status.observedGeneration !== metadata.generation) await write(ctx, repository, failed(repository, cause, '', ctx.clock.now()));
  return { requeueAfterMs: WAIT_POLL_MS };
}

async function write(ctx: ControllerContext, repository: BackupRepository, next: Status): Promise<ReconcileResult> {
  const from = repository.status?.phase ?? 'Pending';
  const { generation } = repository.metadata;

  assertTransition(REPOSITORY_TRANSITIONS, from, next.phase);
  await ctx.client.replaceStatus(BACKUP_REPOSITORY, { ...repository, status: { ...next, ...(generation === undefined ? {} : { observedGeneration: generation }) } });
  if (from !== next.phase) {
    ctx.log.info('phase', { repository: repository.metadata.name, from, to: next.phase, code: next.failure?.code });
    if (next.phase === 'Failed') await ctx.events.record(repository, 'Warning', 'Failed', `${next.failure?.code}: ${next.failure?.message}`);
    if (next.phase === 'Ready') await ctx.events.record(repository, 'Normal', 'Ready', 'The repository opens with its key.');
  }
  return { requeueAfterMs: WORK_POLL_MS };
}

/** Deleting the object leaves the repository and its backups where they are: only what works for it in the cluster goes. */
async function letGo(ctx: ControllerContext, repository: BackupRepository): Promise<ReconcileResult> {
  const { name, finalizers = [], resourceVersion } = repository.metadata;
  const found = await findRepository(ctx, name);
  const number = repository.status?.operations ?? 0;

  if (found.found) {
    const engine = ctx.engineFor(found.engine);
    const stopped = await engine.cancel(operation(repository, found.engine, number));
    const released = await Promise.all([number, number - 1].filter((each) => each >= 0).map((each) => engine.release(operation(repository, found.engine, each))));

    if (!stopped || released.includes(false)) return { requeueAfterMs: WORK_POLL_MS };
  }
  await ctx.client.patch(BACKUP_REPOSITORY, { name }, { metadata: { resourceVersion, finalizers: finalizers.filter((each) => each !== FINALIZER_CLEANUP) } });
}
