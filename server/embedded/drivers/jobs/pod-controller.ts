import { POD } from '../../../contract/api.ts';
import type { Condition, Pod } from '../../../contract/kubernetes.ts';
import { createController, source, type Controller, type ReconcileResult } from '../../../kube/controller.ts';
import { setCondition } from '../../../kube/objects.ts';
import { keyOf, parseKey } from '../../../kube/keys.ts';
import { withFinalizer, withoutFinalizer, writeStatus, type DriverContext } from '../context.ts';
import { attachConflict, claimsOfPod, place, type Workload } from '../placement.ts';
import { programOf, type ImageTable } from './images.ts';
import { startProcess, type RunningProcess } from './process.ts';
import { MountError, Sandbox, type RecordedExit } from './sandbox.ts';

/** Keeps a deleted pod until its process has ended. */
const FINALIZER = 'embedded.harvesterhci.io/kubelet';
const RETRY_MS = 500;
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** What the kubelet needs beyond the drivers' context. */
export interface PodOptions {
  images: ImageTable;
  /** Absolute path of the folder of all pods. */
  podsFolder: string;
  /** Variables that every container gets, such as RESTIC_BINARY. */
  env: Readonly<Record<string, string>>;
}

/** Scheduler and kubelet in one: places pods and runs their first container as a child process. */
export interface PodController extends Controller {
  /** Sends a signal to a pod's process; false when it has none. */
  kill(pod: { namespace: string; name: string }, signal: NodeJS.Signals, reason?: 'OOMKilled'): boolean;
}

interface Running { process: RunningProcess; key: string; killing?: boolean }

function isFinished(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

/** @see PodController */
export function createPodController(context: DriverContext, { images, podsFolder, env }: PodOptions): PodController {
  const { client, caches, clock, events, log } = context;
  const running = new Map<string, Running>();
  const sandboxOf = (pod: Pod): Sandbox => new Sandbox(podsFolder, pod.metadata.uid ?? '');
  const containerOf = (pod: Pod): Pod['spec']['containers'][number] => pod.spec.containers[0] as Pod['spec']['containers'][number];

  function unschedulable(pod: Pod, message: string): Condition[] {
    return setCondition(pod.status?.conditions, { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }, clock.now());
  }

  async function wait(pod: Pod, reason: string, message: string): Promise<ReconcileResult> {
    await writeStatus(client, POD, pod, { ...pod.status, phase: 'Pending', containerStatuses: [{ name: containerOf(pod).name, state: { waiting: { reason, message } } }] });

    return { requeueAfterMs: RETRY_MS };
  }

  async function schedule(pod: Pod, workload: Workload): Promise<ReconcileResult> {
    const placement = await place(context, workload);

    if (placement.node === undefined) {
      await writeStatus(client, POD, pod, { ...pod.status, phase: 'Pending', conditions: unschedulable(pod, placement.message) });

      return { requeueAfterMs: RETRY_MS };
    }
    const { namespace, name } = pod.metadata;

    await client.createSubresource(POD, { namespace, name }, 'binding', { apiVersion: 'v1', kind: 'Binding', metadata: { name }, target: { apiVersion: 'v1', kind: 'Node', name: placement.node } });
  }

  async function finish(pod: Pod, exit: RecordedExit): Promise<void> {
    const { exitCode, signal, reason, message, finishedAt, startedAt } = exit;
    const terminated = { exitCode, ...(signal === undefined ? {} : { signal }), reason, ...(message === undefined ? {} : { message }), ...(startedAt ? { startedAt } : {}), finishedAt };

    await writeStatus(client, POD, pod, { ...pod.status, phase: exitCode === 0 ? 'Succeeded' : 'Failed', containerStatuses: [{ name: containerOf(pod).name, state: { terminated } }] });
  }

  async function launch(pod: Pod): Promise<ReconcileResult> {
    const container = containerOf(pod);
    const program = programOf(images, container.image);
    const sandbox = sandboxOf(pod);

    if (!program) {
      await events.record(pod, 'Warning', 'Failed', `Failed to pull image "${container.image}": this cluster has no such image`);

      return wait(pod, 'ImagePullBackOff', `Back-off pulling image "${container.image}"`);
    }
    try {
      await sandbox.build(context, pod, container);
    } catch (error) {
      if (!(error instanceof MountError)) {
        throw error;
      }
      await events.record(pod, 'Warning', 'FailedMount', error.message);

      return wait(pod, 'ContainerCreating', error.message);
    }
    const [command = '', ...args] = [...(container.command ?? program.command), ...(container.args ?? [])];
    const own = Object.fromEntries((container.env ?? []).map(({ name, value }) => [name, value ?? '']));
    const started = clock.now();

    await sandbox.markStarted(started);
    const child = startProcess({
      command, args, cwd: sandbox.root, logFile: sandbox.logFile,
      // Folders that the container names are folders of the sandbox; nothing of the machine's own home gets in.
      env: { PATH: process.env['PATH'] ?? DEFAULT_PATH, ...env, ...program.env, ...own, HOME: sandbox.root, TMPDIR: sandbox.inside(own['TMPDIR'] ?? '/tmp'), MOVER_ROOT: sandbox.root },
    });
    const uid = pod.metadata.uid ?? '';
    const key = keyOf(pod);

    running.set(uid, { process: child, key });
    void child.exited.then(async (exit) => {
      const message = exit.message ?? await sandbox.terminationMessage(container);

      await sandbox.recordExit({ ...exit, message, startedAt: started.toISOString(), finishedAt: clock.now().toISOString() });
    }).catch((error: unknown) => {
      log.error('the exit of a pod could not be recorded', { pod: key, error });
    }).finally(() => {
      running.delete(uid);
      controller.enqueue(key);
    });
    await writeStatus(client, POD, pod, { ...pod.status, phase: 'Running', containerStatuses: [{ name: container.name, state: { running: { startedAt: started.toISOString() } } }] });
  }

  /** A pod whose process was started before: by this process, or by one that died with it. */
  async function observe(pod: Pod, sandbox: Sandbox, startedAt: string): Promise<void> {
    const exit = await sandbox.recordedExit();

    if (exit) {
      return finish(pod, exit);
    }
    if (!running.has(pod.metadata.uid ?? '')) {
      const lost: RecordedExit = { exitCode: 137, signal: 9, reason: 'Error', message: 'the node went down while the container ran', startedAt, finishedAt: clock.now().toISOString() };

      await sandbox.recordExit(lost);
      await finish(pod, lost);
    } else if (pod.status?.phase !== 'Running') {
      await writeStatus(client, POD, pod, { ...pod.status, phase: 'Running', containerStatuses: [{ name: containerOf(pod).name, state: { running: { startedAt } } }] });
    }
  }

  function terminate(pod: Pod, entry: Running): void {
    if (entry.killing) {
      return;
    }
    entry.killing = true;
    entry.process.kill('SIGTERM');
    const timer = new AbortController();

    void clock.sleep((pod.spec.terminationGracePeriodSeconds ?? 30) * 1000, timer.signal).then(() => entry.process.kill('SIGKILL'), () => undefined);
    void entry.process.exited.then(() => timer.abort());
  }

  async function finishDeletion(pod: Pod): Promise<void> {
    const entry = running.get(pod.metadata.uid ?? '');

    if (entry) {
      // Comes back when the process has ended.
      terminate(pod, entry);

      return;
    }
    const { namespace, name, uid } = pod.metadata;

    await sandboxOf(pod).remove();
    await withoutFinalizer(client, POD, pod, FINALIZER);
    // A pod that was on a node waits for the kubelet's word that its time of grace may end.
    await client.delete(POD, { namespace, name }, { uid, gracePeriodSeconds: 0 });
  }

  async function reconcile(key: string): Promise<ReconcileResult> {
    const found = await client.find<Pod>(POD, parseKey(key));

    if (!found || found.metadata.deletionTimestamp || isFinished(found)) {
      return found?.metadata.deletionTimestamp ? finishDeletion(found) : undefined;
    }
    const pod = await withFinalizer(client, POD, found, FINALIZER);
    const { namespace = '', name, uid = '' } = pod.metadata;
    const workload: Workload = { kind: 'Pod', namespace, name, uid, claims: claimsOfPod(pod), nodeSelector: pod.spec.nodeSelector };

    if (!pod.spec.nodeName) {
      return schedule(pod, workload);
    }
    const sandbox = sandboxOf(pod);
    const startedAt = await sandbox.startedAt();

    if (startedAt !== undefined) {
      return observe(pod, sandbox, startedAt);
    }
    const conflict = await attachConflict(context, workload, pod.spec.nodeName);

    if (conflict) {
      await events.record(pod, 'Warning', 'FailedAttachVolume', conflict);

      return wait(pod, 'ContainerCreating', conflict);
    }

    return launch(pod);
  }

  const controller = createController({
    name: 'kubelet', reconcile, concurrency: 4, clock, log,
    sources: [
      source(caches.pods, (pod) => [keyOf(pod)]),
      source(caches.claims, ({ metadata }) => caches.pods.list(metadata.namespace).filter((pod) => pod.status?.phase === 'Pending' && claimsOfPod(pod).includes(metadata.name)).map(keyOf)),
      source(caches.nodes, () => caches.pods.list().filter((pod) => !pod.spec.nodeName).map(keyOf)),
    ],
  });

  return {
    ...controller,
    async run(signal) {
      await controller.run(signal);
      const left = [...running.values()];

      left.forEach(({ process: child }) => child.kill('SIGKILL'));
      await Promise.all(left.map(({ process: child }) => child.exited));
    },
    kill({ namespace, name }, signal, reason) {
      const entry = [...running.values()].find((each) => each.key === `${namespace}/${name}`);

      entry?.process.kill(signal, reason);

      return entry !== undefined;
    },
  };
}
