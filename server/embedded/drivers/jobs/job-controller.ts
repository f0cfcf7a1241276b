import { createHash } from 'node:crypto';
import { JOB, POD } from '../../../contract/api.ts';
import type { Job, Pod } from '../../../contract/kubernetes.ts';
import { isApiError } from '../../../kube/client.ts';
import { createController, source, type Controller, type ReconcileResult } from '../../../kube/controller.ts';
import { keyOf, parseKey } from '../../../kube/keys.ts';
import { findCondition, isOwnedBy, ownerReference, setCondition } from '../../../kube/objects.ts';
import { writeStatus, type DriverContext } from '../context.ts';

const MAX_BACKOFF_MS = 360_000;

type JobStatus = NonNullable<Job['status']>;

function isFinished(job: Job): boolean {
  return ['Complete', 'Failed'].some((type) => findCondition(job.status?.conditions, type)?.status === 'True');
}

/** Counts as the API keeps them: without the zeros. */
function counts(numbers: { active: number; succeeded: number; failed: number }): Pick<JobStatus, 'active' | 'succeeded' | 'failed'> {
  return { active: numbers.active || undefined, succeeded: numbers.succeeded || undefined, failed: numbers.failed || undefined };
}

/** Name of the pod of an attempt: the same attempt always gives the same, so that a repeated step makes no second pod. */
function podNameOf(job: Job, attempt: number): string {
  const suffix = createHash('sha256').update(`${job.metadata.uid} ${attempt}`).digest('hex').slice(0, 5);

  return `${job.metadata.name.slice(0, 57)}-${suffix}`;
}

/** Turns Jobs of one completion into pods, one at a time. */
export function createJobController(context: DriverContext): Controller {
  const { client, caches, clock, events, latencies, log } = context;

  function withConditions(status: JobStatus | undefined, types: readonly string[], reason: string, message: string): JobStatus['conditions'] {
    return types.reduce((all, type) => setCondition(all, { type, status: 'True', reason, message }, clock.now()), status?.conditions ?? []);
  }

  function failed(status: JobStatus, reason: string, message: string): JobStatus {
    // The API refuses Failed without FailureTarget, as it does Complete without SuccessCriteriaMet.
    return { ...status, active: undefined, conditions: withConditions(status, ['FailureTarget', 'Failed'], reason, message) };
  }

  async function startAttempt(job: Job, attempt: number): Promise<void> {
    const { metadata, spec } = job.spec.template;

    try {
      await client.create<Pod>(POD, {
        apiVersion: 'v1', kind: 'Pod', spec,
        metadata: { name: podNameOf(job, attempt), namespace: job.metadata.namespace, labels: metadata?.labels, annotations: metadata?.annotations, ownerReferences: [ownerReference(job)] },
      });
    } catch (error) {
      if (!isApiError(error, 'AlreadyExists')) {
        throw error;
      }
    }
  }

  /** After a Job has ended: removes it when its time to live is over. */
  async function expire(job: Job): Promise<ReconcileResult> {
    const seconds = job.spec.ttlSecondsAfterFinished;
    const endedAt = findCondition(job.status?.conditions, 'Failed')?.lastTransitionTime ?? job.status?.completionTime;

    if (seconds === undefined || endedAt === undefined) {
      return undefined;
    }
    const leftMs = new Date(endedAt).getTime() + seconds * 1000 - clock.now().getTime();

    return leftMs > 0 ? { requeueAfterMs: leftMs } : client.delete(JOB, job.metadata, { uid: job.metadata.uid, propagationPolicy: 'Background' });
  }

  async function stopPods(pods: readonly Pod[]): Promise<void> {
    for (const { metadata } of pods) {
      await client.delete(POD, { namespace: metadata.namespace, name: metadata.name }, { uid: metadata.uid });
    }
  }

  function backoffLeftMs(job: Job, failures: readonly Pod[]): number {
    const last = Math.max(0, ...failures.map((pod) => new Date(pod.status?.containerStatuses?.[0]?.state?.terminated?.finishedAt ?? 0).getTime()));
    const delay = failures.length === 0 ? 0 : Math.min(latencies.jobBackoffMs * 2 ** (failures.length - 1), MAX_BACKOFF_MS);

    return last + delay - clock.now().getTime();
  }

  async function reconcile(key: string): Promise<ReconcileResult> {
    const job = await client.find<Job>(JOB, parseKey(key));

    if (!job || job.metadata.deletionTimestamp || isFinished(job)) {
      return job && !job.metadata.deletionTimestamp ? expire(job) : undefined;
    }
    const pods = (await client.list<Pod>(POD, { namespace: job.metadata.namespace })).items.filter((pod) => isOwnedBy(pod, job));
    const active = pods.filter(({ status }) => status?.phase !== 'Succeeded' && status?.phase !== 'Failed');
    const failures = pods.filter(({ status }) => status?.phase === 'Failed');
    const succeeded = pods.filter(({ status }) => status?.phase === 'Succeeded').length;
    const status: JobStatus = {
      ...job.status, startTime: job.status?.startTime ?? clock.now().toISOString(),
      ...counts({ active: active.length, succeeded, failed: Math.max(failures.length, job.status?.failed ?? 0) }),
    };
    const write = (next: JobStatus): Promise<Job> => writeStatus(client, JOB, job, next);

    if (succeeded > 0) {
      const conditions = withConditions(job.status, ['SuccessCriteriaMet', 'Complete'], 'CompletionsReached', 'Reached expected number of succeeded pods');

      return void await write({ ...status, active: undefined, completionTime: clock.now().toISOString(), conditions });
    }
    const deadlineLeftMs = job.spec.activeDeadlineSeconds === undefined ? undefined
      : new Date(status.startTime ?? 0).getTime() + job.spec.activeDeadlineSeconds * 1000 - clock.now().getTime();

    if (deadlineLeftMs !== undefined && deadlineLeftMs <= 0) {
      await stopPods(active);
      await events.record(job, 'Warning', 'DeadlineExceeded', 'Job was active longer than specified deadline');

      return void await write(failed(status, 'DeadlineExceeded', 'Job was active longer than specified deadline'));
    }
    if ((status.failed ?? 0) > (job.spec.backoffLimit ?? 6)) {
      return void await write(failed(status, 'BackoffLimitExceeded', 'Job has reached the specified backoff limit'));
    }
    if (job.spec.suspend) {
      await stopPods(active);
    }
    await write(status);
    const backoffMs = backoffLeftMs(job, failures);
    const due = active.length === 0 && !job.spec.suspend;

    if (due && backoffMs <= 0) {
      await startAttempt(job, status.failed ?? 0);
    }
    const next = [deadlineLeftMs, due && backoffMs > 0 ? backoffMs : undefined].filter((ms) => ms !== undefined);

    return next.length > 0 ? { requeueAfterMs: Math.min(...next) } : undefined;
  }

  return createController({
    name: 'jobs', reconcile, concurrency: 2, clock, log,
    sources: [
      source(caches.jobs, (job) => [keyOf(job)]),
      source(caches.pods, (pod) => (pod.metadata.ownerReferences ?? []).filter(({ kind }) => kind === 'Job').map(({ name }) => `${pod.metadata.namespace}/${name}`)),
    ],
  });
}
