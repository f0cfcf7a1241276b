import { VIRTUAL_MACHINE_INSTANCE } from '../../contract/api.ts';
import { failure, type FailureCode } from '../../contract/failures.ts';
import type { VirtualMachineInstance } from '../../contract/kubernetes.ts';
import type { VMBackup, VMBackupStatus } from '../../contract/vm-backup.ts';
import { judgeWindow } from '../../domain/backup/consistency.ts';
import { capture } from '../../domain/backup/document.ts';
import { decideQuiesce, guestFacts } from '../../domain/backup/quiesce.ts';
import { kubevirtFreezer } from '../../guest/freeze.ts';
import { takeCut, type WindowOutcome } from '../../guest/window.ts';
import { WAIT_POLL_MS, WORK_POLL_MS, type ControllerContext } from '../context.ts';
import type { CaptureStore } from './capture-store.ts';
import { inspect } from './inspect.ts';
import { createSnapshots, deleteSnapshots, exactCuts, listSnapshots, readCuts } from './snapshots.ts';
import { currentStatus, enter, fail, withProgress, type Step } from './status.ts';

const QUIESCE_ATTEMPTS = 3;

/** What the quiesce step needs beside the context. */
export interface QuiesceDeps { captures: CaptureStore; cutTimeoutMs: number; /** Serialises the windows of one VM: two at once would thaw each other. */ exclusively<T>(vmUID: string, work: () => Promise<T>): Promise<T> }

/**
 * Quiescing: one freeze window over all disks, in one go. The phase was written before, so after a crash in here the next
 * server finds it: VolumeSnapshots that are there already belong to a window that nobody saw the end of. Their cuts are not
 * known to be of one instant, so the guest is thawed, they go, and the window is tried anew.
 */
export async function quiesce(ctx: ControllerContext, deps: QuiesceDeps, backup: VMBackup, signal: AbortSignal): Promise<Step> {
  return deps.exclusively(backup.status?.vm?.uid ?? '', () => inWindow(ctx, deps, backup, signal));
}

async function inWindow(ctx: ControllerContext, deps: QuiesceDeps, backup: VMBackup, signal: AbortSignal): Promise<Step> {
  const status = currentStatus(backup);
  const attempt = status.quiesceAttempts ?? 1;
  const namespace = backup.metadata.namespace ?? '';
  const vmName = backup.spec.source.name;
  const freezer = kubevirtFreezer(ctx.client);
  const bad = (code: FailureCode, message: string): Step => ({ status: fail(status, failure(code, message, ctx.clock.now()), ctx.clock.now()), requeueAfterMs: 0 });

  const vmi = await ctx.client.find<VirtualMachineInstance>(VIRTUAL_MACHINE_INSTANCE, { namespace, name: vmName });

  if (vmi?.status?.fsFreezeStatus === 'frozen') await freezer.thaw(namespace, vmName);
  if ((await listSnapshots(ctx.client, backup)).length > 0) {
    await deleteSnapshots(ctx.client, backup);
    return { status: { ...status, message: 'A freeze window was interrupted; its snapshots are removed before the next try.' }, requeueAfterMs: WORK_POLL_MS };
  }
  if (backup.spec.cancel) return bad('HVB-CANCELLED', 'The backup was cancelled before its disks were cut.');

  const inspection = await inspect(ctx.client, backup);

  if (!inspection.ok) return bad(inspection.code, inspection.message);
  const guest = guestFacts(vmi);
  const { policy, deadlineSeconds } = backup.spec.quiesce;
  const decision = decideQuiesce(policy, guest, `${namespace}/${vmName}`);

  if (decision.action === 'Fail') return bad(decision.code, decision.message);
  if (decision.action === 'Wait') return { status: { ...status, message: decision.reason }, requeueAfterMs: WAIT_POLL_MS };

  const current: VMBackup = { ...backup, status: withProgress({ ...status, volumes: inspection.resolved.volumes, excluded: inspection.resolved.excluded }) };

  await deps.captures.put(backup, capture(inspection.vm, inspection.secrets, inspection.claims));
  const outcome = await takeCut({
    namespace, vmName, deadlineSeconds, freeze: decision.action === 'Freeze', giveUpAtDeadline: policy === 'Required', cutTimeoutMs: deps.cutTimeoutMs,
    createSnapshots: () => createSnapshots(ctx.client, current, inspection.snapshotClasses, attempt),
    readSnapshots: () => readCuts(ctx.client, current, attempt),
  }, { freezer, clock: ctx.clock, log: ctx.log, signal }, policy === 'Required');

  if (outcome.type === 'Cut') return { status: afterCut(current, { ...outcome, states: await exactCuts(ctx.client, backup, outcome.states) }, guest.agentConnected, decision.action === 'Cut' ? decision : undefined, ctx.clock.now()), requeueAfterMs: 0 };
  // A server that is being stopped proves nothing about the VM: the next one tries again.
  signal.throwIfAborted();
  if (attempt < QUIESCE_ATTEMPTS) {
    // The count is raised with the next window; the snapshots of this one go first, at the top.
    return { status: { ...status, quiesceAttempts: attempt + 1, message: `Try ${attempt} of ${QUIESCE_ATTEMPTS} failed: ${outcome.message}` }, requeueAfterMs: WORK_POLL_MS };
  }
  return bad(CODES[outcome.type], outcome.message);
}

const CODES = { FreezeFailed: 'HVB-GUEST-FREEZE-FAILED', SnapshotFailed: 'HVB-STORAGE-SNAPSHOT-FAILED', DeadlinePassed: 'HVB-GUEST-FREEZE-EXPIRED' } as const satisfies Record<string, FailureCode>;

function afterCut(backup: VMBackup, outcome: Extract<WindowOutcome, { type: 'Cut' }>, agentConnected: boolean, without: { level: 'Crash' | 'Stopped'; reason: string } | undefined, now: Date): VMBackupStatus {
  const status = currentStatus(backup);
  const cuts = new Map(outcome.states.map((state) => [state.volume, state]));
  const { policy, deadlineSeconds } = backup.spec.quiesce;
  const { frozenAt, thawedAt, cutSeenAfterMs, windowMs } = outcome;

  return enter(status, 'Moving', now, {
    volumes: (status.volumes ?? []).map((volume) => {
      const cut = cuts.get(volume.name);

      return { ...volume, ...(cut ? { snapshotName: cut.snapshotName } : {}), ...(cut?.cutAt ? { cutAt: cut.cutAt.toISOString() } : {}) };
    }),
    consistency: judgeWindow({
      policy, agentConnected, frozen: outcome.frozen, deadlineMs: deadlineSeconds * 1000,
      cuts: outcome.states.flatMap((state) => (state.cutAt ? [state.cutAt] : [])),
      otherwise: without ?? { level: 'Crash', reason: `The freeze failed: ${outcome.freezeError ?? 'no answer'}. The policy is BestEffort, so the backup went on.` },
      ...(frozenAt ? { frozenAt } : {}), ...(thawedAt ? { thawedAt } : {}),
      ...(cutSeenAfterMs === undefined ? {} : { cutSeenAfterMs }), ...(windowMs === undefined ? {} : { windowMs }),
    }),
  });
}
