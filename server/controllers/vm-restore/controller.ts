import { FINALIZER_CLEANUP, LABEL_OWNER_UID } from '../../contract/names.ts';
import type { BackupRepository } from '../../contract/backup-repository.ts';
import type { Job, VirtualMachineInstance } from '../../contract/kubernetes.ts';
import type { VMRestore } from '../../contract/vm-restore.ts';
import { isRestoreTerminal } from '../../domain/phases.ts';
import { createController, source, type Controller } from '../../kube/controller.ts';
import type { Informer } from '../../kube/informer.ts';
import { formatKey, keyOf } from '../../kube/keys.ts';
import type { Indexers } from '../../kube/object-cache.ts';
import type { ControllerContext } from '../context.ts';
import { requests } from '../sources.ts';
import { vmRestoreReconciler } from './reconcile.ts';

/** Names of the indexes of the restores' informer. */
const BY_UID = 'uid';
const WAITING_BY_REPOSITORY = 'waiting-by-repository';
const STARTING_BY_VM = 'starting-by-vm';

/** The indexes that the restores' informer must have: a change of something else finds its restores without a look at all of them. */
export const RESTORE_INDEXES: Indexers<VMRestore> = {
  [BY_UID]: ({ metadata }) => (metadata.uid ? [metadata.uid] : []),
  [WAITING_BY_REPOSITORY]: ({ status }) => (status?.backup && (status.phase === 'Planning' || status.phase === 'Queued') ? [status.backup.repository] : []),
  [STARTING_BY_VM]: ({ metadata: { namespace }, spec, status }) => (status?.phase === 'Starting' ? [formatKey({ ...(namespace === undefined ? {} : { namespace }), name: spec.target.name })] : []),
};

/** What wakes the controller; what it decides on it reads itself. */
export interface RestoreInformers {
  /** With {@link RESTORE_INDEXES}. */
  restores: Informer<VMRestore>;
  repositories: Informer<BackupRepository>;
  /** Jobs of the system namespace: their changes wake the restores that they work for. */
  jobs: Informer<Job>;
  instances: Informer<VirtualMachineInstance>;
}

/** How many restores are looked at side by side; the data moves in pods, so this bounds API calls only. */
const CONCURRENCY = 8;

/** It has come to its end and holds nothing any more. */
function isSettled({ metadata, status }: VMRestore): boolean {
  return isRestoreTerminal(status?.phase ?? 'Pending') && !metadata.finalizers?.includes(FINALIZER_CLEANUP);
}

/** The controller of VMRestores: read, decide, act, write the status once. */
export function vmRestoreController(ctx: ControllerContext, { restores, repositories, jobs, instances }: RestoreInformers): Controller {
  const matching = (index: string, value: string): string[] => restores.byIndex(index, value).map(keyOf);

  return createController({
    name: 'vm-restore', concurrency: CONCURRENCY, clock: ctx.clock, log: ctx.log, metrics: ctx.metrics?.controller('vm-restore'),
    reconcile: vmRestoreReconciler(ctx),
    sources: [
      requests(restores, isSettled),
      source(repositories, ({ metadata }) => matching(WAITING_BY_REPOSITORY, metadata.name)),
      source(jobs, ({ metadata }) => matching(BY_UID, metadata.labels?.[LABEL_OWNER_UID] ?? '')),
      source(instances, (instance) => matching(STARTING_BY_VM, keyOf(instance))),
    ],
  });
}
