import type { RestorePlan } from '../../contract/vm-restore.ts';
import { describe, failedChecks, planRestore, refuseApproval } from '../../domain/restore/plan.ts';
import { WAIT_POLL_MS } from '../context.ts';
import { findRepository } from '../repository-of.ts';
import { collectFacts } from './collect-facts.ts';
import { sha256 } from './hash.ts';
import { failNow, go, goWith, wait, type Outcome, type Work } from './work.ts';

type Planned = { plan: RestorePlan } | { outcome: Outcome };

/** Makes a plan from what the repository and the cluster say now. */
async function makePlan(work: Work): Promise<Planned> {
  const { context, status, spec } = work;
  const lookup = await findRepository(context, status.backup?.repository ?? '');

  if (!lookup.found) return { outcome: goWith('Failed', failNow(work, lookup.code, lookup.message)) };
  if (lookup.repository.status?.phase !== 'Ready') return { outcome: wait(`Waits for BackupRepository ${lookup.repository.metadata.name}, which is ${lookup.repository.status?.phase ?? 'Pending'}.`, WAIT_POLL_MS) };
  const read = await work.documents.read(work, lookup);

  if (read.state === 'Failed') return { outcome: goWith('Failed', read.failure) };
  if (read.state === 'Waiting') return { outcome: wait(read.message, read.requeueAfterMs) };
  return { plan: planRestore(read.document, spec, await collectFacts(work, read.document), sha256, context.clock.now()) };
}

/** Planning: makes the plan; `autoApprove` runs one without a failed check at once, anything else waits for a person. */
export async function planIt(work: Work): Promise<Outcome> {
  const planned = await makePlan(work);

  if ('outcome' in planned) return planned.outcome;
  const { plan } = planned;
  const failed = failedChecks(plan);
  const status = { plan, observedGeneration: work.restore.metadata.generation };

  if (failed.length > 0) return go('AwaitingApproval', { ...status, message: `Cannot be run as it is: ${failed.map(describe).join(' ')}` });
  if (work.spec.autoApprove) return go('Queued', status);
  return go('AwaitingApproval', { ...status, message: 'Waits for somebody to approve the plan.' });
}

/** AwaitingApproval: an approval is checked against a plan made at that moment; any other change of the request gives a new plan. */
export async function awaitApproval(work: Work): Promise<Outcome> {
  const { spec, status, restore } = work;

  if (spec.approvedPlan === undefined) return restore.metadata.generation === status.observedGeneration ? { status: {} } : go('Planning');
  const planned = await makePlan(work);

  if ('outcome' in planned) return planned.outcome;
  const { plan } = planned;
  const refusal = refuseApproval(spec.approvedPlan, status.plan, plan);

  if (refusal) return goWith('Failed', failNow(work, refusal.code, refusal.message), { plan });
  return go('Queued', { plan, observedGeneration: restore.metadata.generation });
}
