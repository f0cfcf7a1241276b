import { VM_BACKUP } from '../../contract/api.ts';
import type { BackupRepository } from '../../contract/backup-repository.ts';
import { LABEL_OWNER_UID } from '../../contract/names.ts';
import type { Job } from '../../contract/kubernetes.ts';
import type { VMBackup, VMBackupStatus } from '../../contract/vm-backup.ts';
import { verificationRequest } from '../../domain/backup/verification.ts';
import { isBackupTerminal } from '../../domain/phases.ts';
import { ApiError } from '../../kube/client.ts';
import { createController, source, type Controller, type ReconcileResult } from '../../kube/controller.ts';
import type { Informer } from '../../kube/informer.ts';
import { keyOf, parseKey } from '../../kube/keys.ts';
import type { Indexers } from '../../kube/object-cache.ts';
import type { ControllerContext } from '../context.ts';
import { perKey } from '../per-key.ts';
import { requests } from '../sources.ts';
import { Stopwatch } from '../stopwatch.ts';
import { accept, adopt, queue } from './accept.ts';
import { CaptureStore } from './capture-store.ts';
import { clean } from './clean.ts';
import { commit } from './commit.ts';
import { move } from './move.ts';
import { quiesce, type QuiesceDeps } from './quiesce.ts';
import { remove } from './remove.ts';
import { currentStatus, type Step } from './status.ts';
import { verify } from './verify.ts';

/** Names of the indexes of the backups' informer. */
const BY_UID = 'uid';
const QUEUED_BY_REPOSITORY = 'queued-by-repository';

/** The indexes that the backups' informer must have: a change of something else finds its backups without a look at all of them. */
export const BACKUP_INDEXES: Indexers<VMBackup> = {
  [BY_UID]: ({ metadata }) => (metadata.uid ? [metadata.uid] : []),
  [QUEUED_BY_REPOSITORY]: ({ spec, status }) => (status?.phase === 'Queued' ? [spec.repository] : []),
};

/** What the backup controller needs beside the context. */
export interface VMBackupDeps {
  ctx: ControllerContext;
  /** With {@link BACKUP_INDEXES}. */
  backups: Informer<VMBackup>;
  /** A repository that becomes ready wakes the backups that wait for it. */
  repositories: Informer<BackupRepository>;
  /** Jobs of the system namespace: their changes wake the backups that they work for. */
  jobs: Informer<Job>;
  /** How long the disks' cuts may take in all (milliseconds). */
  cutTimeoutMs: number;
}

/** How many backups are looked at side by side; the data moves in pods, so this bounds API calls only. */
const CONCURRENCY = 8;

/** The controller of VMBackups: read, decide, act, write the status once. */
export function vmBackupController({ ctx, backups, repositories, jobs, cutTimeoutMs }: VMBackupDeps): Controller {
  return createController({
    name: 'vm-backup', concurrency: CONCURRENCY, clock: ctx.clock, log: ctx.log, metrics: ctx.metrics?.controller('vm-backup'),
    reconcile: vmBackupReconciler(ctx, { cutTimeoutMs }),
    sources: [
      requests(backups, isSettled),
      source(repositories, ({ metadata: { name } }) => backups.byIndex(QUEUED_BY_REPOSITORY, name).map(keyOf)),
      source(jobs, (job) => backups.byIndex(BY_UID, job.metadata.labels?.[LABEL_OWNER_UID] ?? '').map(keyOf)),
    ],
  });
}

/** It has come to its end, and nobody asks for its deletion or its verification: {@link next} has nothing to do. */
function isSettled(backup: VMBackup): boolean {
  const { phase, verification } = currentStatus(backup);

  return backup.metadata.deletionTimestamp === undefined && isBackupTerminal(phase) && verification?.state !== 'Running' && verificationRequest(backup) === undefined;
}

/** The reconcile of one VMBackup by its key, without the loop around it. */
export function vmBackupReconciler(ctx: ControllerContext, { cutTimeoutMs }: Pick<VMBackupDeps, 'cutTimeoutMs'>): (key: string, signal: AbortSignal) => Promise<ReconcileResult> {
  const captures = new CaptureStore(ctx.client, ctx.systemNamespace);
  const deps: QuiesceDeps = { captures, cutTimeoutMs, exclusively: perKey() };
  const stopwatch = new Stopwatch(ctx.clock);

  return async (key, signal) => {
    const backup = await ctx.client.find<VMBackup>(VM_BACKUP, parseKey(key));

    if (!backup) return;
    const step = await next(ctx, deps, stopwatch, backup, signal);

    if (!step) return;
    if (step.status.phase === 'Queued' && step.status.vm) await adopt(ctx, backup, step.status.vm.uid);
    await write(ctx, backup, step.status);
    if (step.requeueAfterMs !== undefined) return { requeueAfterMs: step.requeueAfterMs };
  };
}

async function next(ctx: ControllerContext, deps: QuiesceDeps, stopwatch: Stopwatch, backup: VMBackup, signal: AbortSignal): Promise<Step | undefined> {
  if (backup.metadata.deletionTimestamp) return remove(ctx, deps.captures, backup);
  const { phase } = currentStatus(backup);

  switch (phase) {
    case 'Pending': return accept(ctx, backup);
    case 'Queued': return queue(ctx, backup);
    case 'Quiescing': return quiesce(ctx, deps, backup, signal);
    case 'Moving': return move(ctx, stopwatch, backup);
    case 'Committing': return commit(ctx, deps.captures, backup);
    case 'Cleaning': return clean(ctx, deps.captures, backup);
    case 'Completed': return verify(ctx, backup);
    case 'Failed': case 'Cancelled': case 'Deleting': return undefined;
  }
}

/** Writes the status once, and only when it says something new. Ends are told as Events as well. */
async function write(ctx: ControllerContext, backup: VMBackup, status: VMBackupStatus): Promise<void> {
  const next: VMBackupStatus = { ...status, ...(backup.metadata.generation === undefined ? {} : { observedGeneration: backup.metadata.generation }) };

  if (JSON.stringify(next) === JSON.stringify(backup.status)) return;
  const { metadata: { name, namespace } } = backup;
  const latest = await ctx.client.find<VMBackup>(VM_BACKUP, { name, ...(namespace ? { namespace } : {}) });

  if (!latest || latest.metadata.uid !== backup.metadata.uid) return;
  // Metadata may have moved on by our own hand (finalizer, label). A status that has moved on was written by another leader: ours would set it back.
  if (JSON.stringify(latest.status) !== JSON.stringify(backup.status)) throw new ApiError(409, 'Conflict', `the status of VMBackup ${namespace}/${name} was written by another server meanwhile`);
  await ctx.client.replaceStatus(VM_BACKUP, { ...latest, status: next });
  if (status.verification?.state !== backup.status?.verification?.state) await tellVerification(ctx, backup, status);
  if (status.phase === backup.status?.phase) return;
  ctx.log.info('phase', { backup: `${namespace}/${name}`, from: backup.status?.phase ?? 'none', to: status.phase, code: status.failure?.code });
  if (isBackupTerminal(status.phase)) {
    const failed = status.phase !== 'Completed';

    await ctx.events.record(backup, failed ? 'Warning' : 'Normal', status.phase, status.failure ? `${status.failure.code}: ${status.failure.message}` : 'The backup is complete.');
  }
}

async function tellVerification(ctx: ControllerContext, backup: VMBackup, { verification }: VMBackupStatus): Promise<void> {
  const { name, namespace } = backup.metadata;

  ctx.log.info('verification', { backup: `${namespace}/${name}`, state: verification?.state ?? 'stopped', code: verification?.failure?.code });
  if (verification?.state === 'Passed') await ctx.events.record(backup, 'Normal', 'VerificationPassed', `Every byte was read back and is as it was backed up (${verification.bytesRead ?? 0} bytes).`);
  if (verification?.state === 'Failed') await ctx.events.record(backup, 'Warning', 'VerificationFailed', `${verification.failure?.code}: ${verification.failure?.message}`);
}
