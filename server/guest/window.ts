import type { Clock } from '../contract/clock.ts';
import type { Logger } from '../telemetry/log.ts';
import type { GuestFreezer } from './freeze.ts';

/** A disk's VolumeSnapshot as the window sees it. */
export interface CutState { volume: string; snapshotName: string; cutAt?: Date; error?: string }

/** What the window works with: one VM, all of its disks. */
export interface WindowRequest {
  namespace: string;
  vmName: string;
  /** False: cut without a freeze. */
  freeze: boolean;
  deadlineSeconds: number;
  /** Policy Required: give up at the deadline. Otherwise wait on for the cuts after the thaw. */
  giveUpAtDeadline: boolean;
  /** How long to wait for the cuts in all (milliseconds). */
  cutTimeoutMs: number;
  /** Creates the VolumeSnapshots of all disks at once; creating one that exists is success. */
  createSnapshots(): Promise<void>;
  /** Reads them all. */
  readSnapshots(): Promise<CutState[]>;
}

/** How the window went. */
export type WindowOutcome =
  | { type: 'Cut'; states: CutState[]; frozen: boolean; frozenAt?: Date; thawedAt?: Date; cutSeenAfterMs?: number; windowMs?: number; freezeError?: string }
  | { type: 'FreezeFailed'; message: string }
  | { type: 'SnapshotFailed'; message: string }
  | { type: 'DeadlinePassed'; message: string };

const POLL_MS = 50;
/** A CSI sidecar retries a failed snapshot after about a second, so one error is not the end; but a guest must not stay frozen over a hopeless one. */
const ERROR_GRACE_MS = 5_000;
const THAW_TRIES = 5;

/**
 * Freezes once, cuts every disk, thaws: in this order whatever fails. The guest thaws as soon as every VolumeSnapshot has a
 * `creationTime` (the cut is made; `readyToUse` may come much later), and on every error path. The deadline that KubeVirt
 * holds is only the net for the case that this process dies or the API is away.
 * @param required a failed freeze ends the window instead of going on without
 */
export async function takeCut(request: WindowRequest, deps: { freezer: GuestFreezer; clock: Clock; log: Logger; signal?: AbortSignal }, required: boolean): Promise<WindowOutcome> {
  const { clock } = deps;
  const start = clock.monotonicMs();
  const elapsed = (): number => clock.monotonicMs() - start;
  let frozen = false;
  let frozenAt: Date | undefined;
  let freezeError: string | undefined;

  if (request.freeze) {
    try {
      frozenAt = clock.now();
      await deps.freezer.freeze(request.namespace, request.vmName, request.deadlineSeconds);
      frozen = true;
    } catch (error) {
      freezeError = messageOf(error);
      // The call may have frozen the guest and lost only its answer.
      await thaw(request, deps);
      if (required) return { type: 'FreezeFailed', message: freezeError };
    }
  }

  let thawedAt: Date | undefined;
  let windowMs: number | undefined;
  let firstErrorMs: number | undefined;
  const end = async (): Promise<void> => {
    if (!frozen || thawedAt) return;
    await thaw(request, deps);
    thawedAt = clock.now();
    windowMs = elapsed();
  };

  try {
    await request.createSnapshots();
    for (;;) {
      const states = await request.readSnapshots();
      const failed = states.find((state) => state.error !== undefined && state.cutAt === undefined);

      if (states.every((state) => state.cutAt !== undefined)) {
        const cutSeenAfterMs = elapsed();

        await end();
        return { type: 'Cut', states, frozen, ...(frozen && frozenAt ? { frozenAt } : {}), ...(thawedAt ? { thawedAt } : {}), cutSeenAfterMs, ...(windowMs === undefined ? {} : { windowMs }), ...(freezeError ? { freezeError } : {}) };
      }
      if (frozen && elapsed() >= request.deadlineSeconds * 1000) {
        // From here on the guest's own timer has thawed it: holding on would prove nothing.
        await end();
        if (request.giveUpAtDeadline) return { type: 'DeadlinePassed', message: `not every VolumeSnapshot was cut within the freeze deadline of ${request.deadlineSeconds} s` };
      }
      firstErrorMs = failed ? (firstErrorMs ?? elapsed()) : undefined;
      if (elapsed() >= request.cutTimeoutMs || (firstErrorMs !== undefined && elapsed() - firstErrorMs >= ERROR_GRACE_MS)) {
        return { type: 'SnapshotFailed', message: failed ? `VolumeSnapshot ${request.namespace}/${failed.snapshotName} of volume ${failed.volume}: ${failed.error}` : `no VolumeSnapshot within ${Math.round(request.cutTimeoutMs / 1000)} s for ${waiting(states)}` };
      }
      await clock.sleep(POLL_MS, deps.signal);
    }
  } catch (error) {
    return { type: 'SnapshotFailed', message: messageOf(error) };
  } finally {
    await end();
  }
}

async function thaw(request: WindowRequest, { freezer, clock, log }: { freezer: GuestFreezer; clock: Clock; log: Logger }): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await freezer.thaw(request.namespace, request.vmName);
      return;
    } catch (error) {
      if (attempt === THAW_TRIES) {
        // Not thrown: the deadline thaws the guest, and the window's own outcome must not be lost over it.
        log.error('the guest could not be thawed; its deadline will', { vm: `${request.namespace}/${request.vmName}`, deadlineSeconds: request.deadlineSeconds, error });
        return;
      }
      await clock.sleep(100 * attempt);
    }
  }
}

function waiting(states: readonly CutState[]): string {
  return states.filter((state) => state.cutAt === undefined).map((state) => state.volume).join(', ');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
