import { JOB, POD, PVC } from '../../../server/contract/api.ts';
import type { Job, PersistentVolumeClaim, Pod } from '../../../server/contract/kubernetes.ts';
import { SYSTEM_NAMESPACE } from '../../../server/contract/names.ts';
import { ownerReference } from '../../../server/kube/objects.ts';
import type { World } from '../expose/harness.ts';

/** How the simulated mover ends: exit code and termination message, with the log that it wrote. */
export interface Ending { exitCode: number; message?: string; log?: string; signal?: number; reason?: string; pod?: Partial<NonNullable<Pod['status']>> }

const claimsOf = (pod: Pod): string[] => (pod.spec.volumes ?? []).flatMap((volume) => volume.persistentVolumeClaim?.claimName ?? []);

/**
 * What Kubernetes' Job controller and a kubelet do: one pod per Job, which runs once its claims are bound, and ends as
 * `mover` says. A pod holds its claims until it is deleted, also when it is over, as in Kubernetes.
 */
export class JobSim {
  readonly #at: World;
  readonly #mover: (job: Job) => Ending | 'running';

  constructor(at: World, mover: (job: Job) => Ending | 'running') {
    this.#at = at;
    this.#mover = mover;
  }

  /** Lets Jobs, pods and storage work until they rest. */
  run(): void {
    const { kube, sim } = this.#at;

    for (const job of kube.all<Job>(JOB)) {
      if (!job.status && !kube.all<Pod>(POD).some((pod) => pod.metadata.ownerReferences?.[0]?.uid === job.metadata.uid)) {
        kube.seed<Pod>(POD, {
          apiVersion: 'v1', kind: 'Pod', spec: job.spec.template.spec, status: { phase: 'Pending' },
          metadata: { namespace: SYSTEM_NAMESPACE, name: `${job.metadata.name}-x`, labels: job.spec.template.metadata?.labels, ownerReferences: [ownerReference(job)] },
        });
      }
    }
    sim.used.clear();
    kube.all<Pod>(POD).flatMap(claimsOf).forEach((claim) => sim.used.add(`${SYSTEM_NAMESPACE}/${claim}`));
    sim.run();
    kube.all<Pod>(POD).forEach((pod) => this.#advance(pod));
  }

  #advance(pod: Pod): void {
    const { kube } = this.#at;
    const bound = claimsOf(pod).every((name) => kube.all<PersistentVolumeClaim>(PVC).some((claim) => claim.metadata.namespace === SYSTEM_NAMESPACE && claim.metadata.name === name && claim.status?.phase === 'Bound'));
    const job = kube.all<Job>(JOB).find((each) => each.metadata.uid === pod.metadata.ownerReferences?.[0]?.uid);
    const key = { namespace: SYSTEM_NAMESPACE, name: pod.metadata.name };

    if (!bound || !job || pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') {
      return;
    }
    const ending = this.#mover(job);

    if (ending === 'running') {
      kube.update<Pod>(POD, key, (object) => {
        object.status = { phase: 'Running' };
      });

      return;
    }
    const succeeded = ending.exitCode === 0;

    kube.logs.set(`${SYSTEM_NAMESPACE}/${pod.metadata.name}/mover`, ending.log ?? '');
    kube.update<Pod>(POD, key, (object) => {
      const { exitCode, message, signal, reason } = ending;

      object.status = { phase: succeeded ? 'Succeeded' : 'Failed', containerStatuses: [{ name: 'mover', state: { terminated: { exitCode, ...(message === undefined ? {} : { message }), ...(signal === undefined ? {} : { signal }), ...(reason === undefined ? {} : { reason }) } } }], ...ending.pod };
    });
    kube.update<Job>(JOB, { namespace: SYSTEM_NAMESPACE, name: job.metadata.name }, (object) => {
      object.status = { conditions: [{ type: succeeded ? 'Complete' : 'Failed', status: 'True' }] };
    });
  }
}
