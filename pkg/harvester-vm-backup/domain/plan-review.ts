import type { PlanCheck, RestorePlan, VMRestore } from '../../../server/contract/vm-restore.ts';

const ORDER: Record<PlanCheck['verdict'], number> = { Fail: 0, Warn: 1, Pass: 2 };

/** Checks with the worst first; within a verdict in the order of the plan. */
export function sortChecks(checks: readonly PlanCheck[]): PlanCheck[] {
  return [...checks].sort((a, b) => ORDER[a.verdict] - ORDER[b.verdict]);
}

/** How many checks came to each verdict. */
export function countVerdicts(checks: readonly PlanCheck[]): Record<PlanCheck['verdict'], number> {
  const counts = { Pass: 0, Warn: 0, Fail: 0 };

  checks.forEach(({ verdict }) => {
    counts[verdict] += 1;
  });

  return counts;
}

/** Where a restore stands on its way to an approval. */
export type ReviewState = 'planning' | 'approvable' | 'blocked' | 'failed' | 'approved';

/** A plan can be approved while the restore waits for it and no check failed. */
export function reviewState(restore: Pick<VMRestore, 'spec' | 'status'> | undefined): ReviewState {
  const { phase, plan, failure } = restore?.status ?? {};

  if (restore?.spec.approvedPlan) {
    return 'approved';
  }
  if (phase === 'Failed' || phase === 'Cancelled' || (failure && !plan)) {
    return 'failed';
  }
  if (phase !== 'AwaitingApproval' || !plan) {
    return 'planning';
  }

  return hasFailedCheck(plan) ? 'blocked' : 'approvable';
}

function hasFailedCheck(plan: RestorePlan): boolean {
  return plan.checks.some(({ verdict }) => verdict === 'Fail');
}

/** JSON patch that approves exactly the plan which the person saw. */
export function approvalPatch(hash: string): object[] {
  return [{ op: 'add', path: '/spec/approvedPlan', value: hash }];
}

/** JSON patch that asks a running backup or restore to stop. */
export const CANCEL_PATCH: object[] = [{ op: 'add', path: '/spec/cancel', value: true }];
