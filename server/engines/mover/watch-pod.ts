import { POD, PVC } from '../../contract/api.ts';
import { failure, type Failure } from '../../contract/failures.ts';
import type { Job, PersistentVolumeClaim, Pod } from '../../contract/kubernetes.ts';
import { SYSTEM_NAMESPACE } from '../../contract/names.ts';
import { diagnoseClaim, diagnosePod, warningsOf } from '../../expose/diagnose.ts';
import { operationSelector, type OperationRef } from '../../expose/operation-labels.ts';
import type { ExposeDeps } from '../../expose/result.ts';
import { ApiError, type KubeClient } from '../../kube/client.ts';
import { MOVER_CONTAINER } from './job.ts';

/** How long a pod may take from the Job's creation until it runs: scheduling, attaching, pulling the image (ms). */
export const START_LIMIT_MS = 10 * 60_000;

/** Pods of the operation, newest last. */
export async function podsOf(client: KubeClient, operation: OperationRef): Promise<Pod[]> {
  const { items } = await client.list<Pod>(POD, { namespace: SYSTEM_NAMESPACE, labelSelector: operationSelector(operation) });

  return items.sort((a, b) => (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? ''));
}

/** The log's last lines, or all of it; empty when there is none to be had (yet, or any more). */
export async function logOf(client: KubeClient, pod: Pod | undefined, tailLines?: number): Promise<string> {
  if (!pod) {
    return '';
  }
  try {
    return await client.podLog({ namespace: pod.metadata.namespace ?? SYSTEM_NAMESPACE, name: pod.metadata.name }, { container: MOVER_CONTAINER, ...(tailLines === undefined ? {} : { tailLines }) });
  } catch (error) {
    if (error instanceof ApiError) {
      return '';
    }
    throw error;
  }
}

/** Why a mover does not run yet, in words; or the failure when waiting longer is of no use. */
export async function diagnoseStart({ client, clock }: ExposeDeps, job: Job, pod: Pod | undefined): Promise<{ message: string } | { failure: Failure }> {
  const late = clock.now().getTime() - Date.parse(job.metadata.creationTimestamp ?? '') > START_LIMIT_MS;

  for (const claimName of claimsOf(job)) {
    const claim = await client.find<PersistentVolumeClaim>(PVC, { namespace: SYSTEM_NAMESPACE, name: claimName });

    if (claim && claim.status?.phase !== 'Bound') {
      const { summary, evidence, fatal } = await diagnoseClaim(client, claim, pod !== undefined);

      if (fatal || late) {
        return { failure: failure(fatal ?? 'HVB-MOVER-NOT-STARTED', summary, clock.now(), evidence) };
      }
    }
  }
  const warnings = pod ? [] : await warningsOf(client, job);
  const { summary, evidence, fatal } = pod
    ? await diagnosePod(client, pod)
    : { summary: warnings.at(-1) ?? `Job ${SYSTEM_NAMESPACE}/${job.metadata.name} has no pod yet.`, evidence: warnings.join('\n'), fatal: undefined };

  return fatal || late ? { failure: failure(fatal ?? 'HVB-MOVER-NOT-STARTED', summary, clock.now(), evidence) } : { message: summary };
}

function claimsOf(job: Job): string[] {
  return (job.spec.template.spec.volumes ?? []).flatMap((volume) => volume.persistentVolumeClaim?.claimName ?? []);
}
