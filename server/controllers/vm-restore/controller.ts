import { LABEL_OWNER_UID } from '../../contract/names.ts';
import type { BackupRepository } from '../../contract/backup-repository.ts';
import type { Job, VirtualMachineInstance } from '../../contract/kubernetes.ts';
import type { VMRestore } from '../../contract/vm-restore.ts';
import { createController, source, type Controller } from '../../kube/controller.ts';
import type { Informer } from '../../kube/informer.ts';
import { keyOf } from '../../kube/keys.ts';
import type { ControllerContext } from '../context.ts';
import { requests } from '../sources.ts';
import { vmRestoreReconciler } from './reconcile.ts';

/** What wakes the controller; what it decides on it reads itself. */
export interface RestoreInformers {
  restores: Informer<VMRestore>;
  repositories: Informer<BackupRepository>;
  /** Jobs of the system namespace: their changes wake the restores that they work for. */
  jobs: Informer<Job>;
  instances: Informer<VirtualMachineInstance>;
}

/** How many restores are looked at side by side; the data moves in pods, so this bounds API calls only. */
const CONCURRENCY = 8;

/** The controller of VMRestores: read, decide, act, write the status once. */
export function vmRestoreController(ctx: ControllerContext, { restores, repositories, jobs, instances }: RestoreInformers): Controller {
  const matching = (wanted: (restore: VMRestore) => boolean): string[] => restores.list().filter(wanted).map(keyOf);

  return createController({
    name: 'vm-restore', concurrency: CONCURRENCY, clock: ctx.clock, log: ctx.log, metrics: ctx.metrics?.controller('vm-restore'),
    reconcile: vmRestoreReconciler(ctx),
    sources: [
      requests(restores),
      source(repositories, ({ metadata }) => matching(({ status }) => status?.backup?.repository === metadata.name && (status.phase === 'Planning' || status.phase === 'Queued'))),
      source(jobs, ({ metadata }) => matching((restore) => restore.metadata.uid === metadata.labels?.[LABEL_OWNER_UID])),
      source(instances, ({ metadata }) => matching(({ status, spec, metadata: own }) => status?.phase === 'Starting' && spec.target.name === metadata.name && own.namespace === metadata.namespace)),
    ],
  });
}
