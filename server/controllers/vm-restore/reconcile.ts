import { VM_RESTORE } from '../../contract/api.ts';
import { FINALIZER_CLEANUP } from '../../contract/names.ts';
import { vmRestoreSpec, type RestorePhase, type VMRestore, type VMRestoreStatus } from '../../contract/vm-restore.ts';
import { assertTransition, isRestoreTerminal, RESTORE_TRANSITIONS } from '../../domain/phases.ts';
import { canonicalJson } from '../../domain/restore/canonical.ts';
import { closeTimings, enterPhase } from '../../domain/timings.ts';
import type { ReconcileResult } from '../../kube/controller.ts';
import { parseKey } from '../../kube/keys.ts';
import { WORK_POLL_MS, type ControllerContext } from '../context.ts';
import { Stopwatch } from '../stopwatch.ts';
import { restoreConditions } from './conditions.ts';
import { createVM } from './create-vm.ts';
import { DocumentReader } from './document-reader.ts';
import { awaitApproval, planIt } from './planning.ts';
import { accept } from './prepare.ts';
import { queue, restoreVolumes } from './restore-volumes.ts';
import { rollBack, stopReading } from './roll-back.ts';
import { awaitStart } from './start-vm.ts';
import { failNow, goWith, wait, type Outcome, type Work } from './work.ts';

/** What each phase does; the ends do nothing. */
const STEPS: Readonly<Record<Exclude<RestorePhase, 'Completed' | 'Failed' | 'Cancelled'>, (work: Work) => Promise<Outcome>>> = {
  Pending: accept,
  Planning: planIt,
  AwaitingApproval: awaitApproval,
  Queued: queue,
  RestoringVolumes: restoreVolumes,
  CreatingVM: createVM,
  Starting: awaitStart,
  RollingBack: rollBack,
};
/** Phases that have created nothing but, at most, the reading of the document. */
const BEFORE_CHANGES: readonly RestorePhase[] = ['Pending', 'Planning', 'AwaitingApproval'];

/**
 * Brings a restore one step on: reads it as it is, acts, and writes the status once. Nothing is remembered that matters, so
 * it may be killed between any two lines: what was created is found again by its name and label.
 */
export function vmRestoreReconciler(context: ControllerContext): (key: string) => Promise<ReconcileResult> {
  const documents = new DocumentReader();
  const stopwatch = new Stopwatch(context.clock);

  return async (key) => {
    const found = await context.client.find<VMRestore>(VM_RESTORE, parseKey(key));

    if (!found?.metadata.uid || !found.metadata.namespace) return;
    const phase = found.status?.phase ?? 'Pending';

    if (isRestoreTerminal(phase)) {
      documents.forget(found.metadata.uid);
      await dropFinalizer(context, found);
      return;
    }
    const restore = await holdFinalizer(context, found);
    const parsed = vmRestoreSpec.safeParse(restore.spec);
    const work: Work = {
      context, documents, stopwatch, restore, uid: found.metadata.uid, namespace: found.metadata.namespace,
      spec: parsed.data ?? restore.spec, status: restore.status ?? { phase },
    };

    return write(work, phase, parsed.success ? await step(work, phase) : goWith(BEFORE_CHANGES.includes(phase) ? 'Failed' : 'RollingBack', failNow(work, 'HVB-REQUEST-INVALID', parsed.error.issues.map(({ path, message }) => `spec.${path.join('.')}: ${message}`).join('; '))));
  };
}

async function step(work: Work, phase: RestorePhase): Promise<Outcome> {
  const { restore, spec } = work;
  const stop = spec.cancel === true ? 'It was cancelled.' : restore.metadata.deletionTimestamp ? 'The restore was deleted while it was at work.' : undefined;
  const early = BEFORE_CHANGES.includes(phase);
  const outcome = stop !== undefined && phase !== 'RollingBack'
    ? goWith(early ? 'Cancelled' : 'RollingBack', failNow(work, 'HVB-CANCELLED', stop))
    : await STEPS[phase as keyof typeof STEPS](work);
  const ends = outcome.status.phase === 'Failed' || outcome.status.phase === 'Cancelled';

  if (early && ends && work.status.backup && !await stopReading(work)) return wait('Stops reading the backup document.', WORK_POLL_MS);
  return outcome;
}

/** Without the finalizer a deletion would leave movers and volumes behind. */
async function holdFinalizer({ client }: ControllerContext, restore: VMRestore): Promise<VMRestore> {
  const { finalizers = [], deletionTimestamp } = restore.metadata;

  if (finalizers.includes(FINALIZER_CLEANUP) || deletionTimestamp) return restore;
  return client.replace(VM_RESTORE, { ...restore, metadata: { ...restore.metadata, finalizers: [...finalizers, FINALIZER_CLEANUP] } });
}

/** A restore that has ended holds nothing any more; deleting it leaves the VM and its disks alone. */
async function dropFinalizer({ client }: ControllerContext, restore: VMRestore): Promise<void> {
  const { finalizers = [] } = restore.metadata;

  if (!finalizers.includes(FINALIZER_CLEANUP)) return;
  await client.replace(VM_RESTORE, { ...restore, metadata: { ...restore.metadata, finalizers: finalizers.filter((each) => each !== FINALIZER_CLEANUP) } });
}

async function write(work: Work, from: RestorePhase, outcome: Outcome): Promise<ReconcileResult> {
  const { context, restore } = work;
  const now = context.clock.now();
  const merged: VMRestoreStatus = { ...work.status, phase: from, ...outcome.status };
  const to = merged.phase;

  assertTransition<RestorePhase>(RESTORE_TRANSITIONS, from, to);
  const entered = enterPhase(merged.timings, to, now);
  const ended = isRestoreTerminal(to);
  const status: VMRestoreStatus = { ...merged, timings: ended ? closeTimings(entered, now) : entered, ...(to === 'Completed' ? { completedAt: now.toISOString() } : {}) };

  status.conditions = restoreConditions(status, now);
  if (canonicalJson(status) !== canonicalJson(restore.status ?? {})) await context.client.replaceStatus(VM_RESTORE, { ...restore, status });
  if (from !== to) await announce(work, status);
  return from === to ? { ...(outcome.requeueAfterMs === undefined ? {} : { requeueAfterMs: outcome.requeueAfterMs }) } : { requeueAfterMs: 0 };
}

async function announce({ context, restore, uid }: Work, { phase, failure, message, plan }: VMRestoreStatus): Promise<void> {
  const bad = phase === 'Failed' || phase === 'RollingBack';
  const words = failure && phase !== 'Completed' ? `${failure.code}: ${failure.message}` : message ?? (phase === 'Completed' ? `VM ${restore.metadata.namespace}/${restore.spec.target.name} is restored.` : phase === 'Queued' ? `Plan ${plan?.hash.slice(0, 12)} is approved.` : `The restore is ${phase}.`);

  context.log.info('restore goes on', { restore: `${restore.metadata.namespace}/${restore.metadata.name}`, uid, phase, ...(failure ? { code: failure.code } : {}) });
  await context.events.record(restore, bad ? 'Warning' : 'Normal', phase, words);
}
