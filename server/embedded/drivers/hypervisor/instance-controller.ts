import { VIRTUAL_MACHINE_INSTANCE } from '../../../contract/api.ts';
import type { Condition, VirtualMachineInstance } from '../../../contract/kubernetes.ts';
import { createController, source, type Controller, type ReconcileResult } from '../../../kube/controller.ts';
import { keyOf, parseKey } from '../../../kube/keys.ts';
import { setCondition } from '../../../kube/objects.ts';
import type { DriverContext } from '../context.ts';
import { attachConflict, claimsOfInstance, place, type Workload } from '../placement.ts';
import { BootError, type Guests } from './guests.ts';
import { editInstance, type InstanceStatus } from './instance-status.ts';
import { isFinal } from './run-strategy.ts';

/** Keeps a deleted instance until its guest is down. */
export const INSTANCE_FINALIZER = 'foregroundDeleteVirtualMachine';
/** On a VM whose guest has no agent: `absent`. */
export const AGENT_ANNOTATION = 'embedded.harvesterhci.io/guest-agent';
const RETRY_MS = 500;

/** The hypervisor's node side: places VM instances, boots and stops their guests. */
export function createInstanceController(context: DriverContext, guests: Guests): Controller {
  const { client, caches, clock, latencies, events } = context;
  /** When the instance was booted, by UID: the agent answers some time later. */
  const bootedAtMs = new Map<string, number>();
  const condition = (type: string, status: Condition['status'], reason?: string, message?: string): Omit<Condition, 'lastTransitionTime'> => ({ type, status, ...(reason ? { reason } : {}), ...(message ? { message } : {}) });

  async function edit(instance: VirtualMachineInstance, change: (status: InstanceStatus) => InstanceStatus, conditions: readonly Omit<Condition, 'lastTransitionTime'>[] = []): Promise<void> {
    await editInstance(client, instance, (status) => {
      const next = change(status);

      return { ...next, conditions: conditions.reduce((all, each) => setCondition(all, each, clock.now()), next.conditions ?? []) };
    });
  }

  async function wait(instance: VirtualMachineInstance, reason: string, message: string): Promise<ReconcileResult> {
    await edit(instance, (status) => ({ ...status, phase: status.nodeName ? 'Scheduled' : 'Scheduling' }), [condition('PodScheduled', 'False', reason, message), condition('Ready', 'False', 'GuestNotRunning', 'Guest VM is not reported as running')]);

    return { requeueAfterMs: RETRY_MS };
  }

  function hasAgent(instance: VirtualMachineInstance): boolean {
    return instance.metadata.annotations?.[AGENT_ANNOTATION] !== 'absent';
  }

  async function run(instance: VirtualMachineInstance, node: string): Promise<ReconcileResult> {
    if (instance.status?.phase !== 'Running') {
      await clock.sleep(latencies.bootMs);
    }
    try {
      await guests.boot(instance);
    } catch (error) {
      if (!(error instanceof BootError)) {
        throw error;
      }
      await events.record(instance, 'Warning', 'SyncFailed', error.message);

      return void await edit(instance, (status) => ({ ...status, phase: 'Failed' }), [condition('Ready', 'False', 'BootFailed', error.message)]);
    }
    bootedAtMs.set(instance.metadata.uid ?? '', clock.monotonicMs());
    await edit(instance, (status) => ({
      ...status, phase: 'Running', nodeName: node, fsFreezeStatus: undefined,
      conditions: (status.conditions ?? []).filter(({ type }) => type !== 'Paused' && type !== 'AgentConnected'),
    }), [condition('PodScheduled', 'True'), condition('Ready', 'True'), condition('LiveMigratable', 'True')]);

    return hasAgent(instance) ? { requeueAfterMs: latencies.agentMs } : undefined;
  }

  async function start(instance: VirtualMachineInstance): Promise<ReconcileResult> {
    const { namespace = '', name, uid = '' } = instance.metadata;
    const workload: Workload = { kind: 'VirtualMachineInstance', namespace, name, uid, claims: claimsOfInstance(instance), nodeSelector: instance.spec?.['nodeSelector'] as Record<string, string> | undefined };
    let node = instance.status?.nodeName;

    if (node === undefined) {
      const placement = await place(context, workload);

      if (placement.node === undefined) {
        return wait(instance, placement.reason, placement.message);
      }
      node = placement.node;
    }
    const conflict = instance.status?.phase === 'Running' ? undefined : await attachConflict(context, workload, node);

    return conflict ? wait(instance, 'MultiAttach', conflict) : run(instance, node);
  }

  async function connectAgent(instance: VirtualMachineInstance): Promise<ReconcileResult> {
    const leftMs = (bootedAtMs.get(instance.metadata.uid ?? '') ?? 0) + latencies.agentMs - clock.monotonicMs();

    if (!hasAgent(instance) || instance.status?.conditions?.some(({ type }) => type === 'AgentConnected')) {
      return undefined;
    }
    if (leftMs > 0) {
      return { requeueAfterMs: leftMs };
    }
    await edit(instance, (status) => ({ ...status, guestOSInfo: { prettyName: 'Simulated Linux 1.0' } }), [condition('AgentConnected', 'True')]);
  }

  async function finishDeletion(instance: VirtualMachineInstance): Promise<void> {
    await guests.shutDown(instance);
    bootedAtMs.delete(instance.metadata.uid ?? '');
    await editInstance(client, instance, (status) => ({ ...status, phase: status.phase === 'Failed' ? 'Failed' : 'Succeeded' }), (finalizers) => finalizers.filter((one) => one !== INSTANCE_FINALIZER));
  }

  async function reconcile(key: string): Promise<ReconcileResult> {
    const instance = await client.find<VirtualMachineInstance>(VIRTUAL_MACHINE_INSTANCE, parseKey(key));

    if (!instance || instance.metadata.deletionTimestamp) {
      return instance?.metadata.finalizers?.includes(INSTANCE_FINALIZER) ? finishDeletion(instance) : undefined;
    }
    if (isFinal(instance)) {
      return guests.shutDown(instance);
    }

    // Running without a guest: the process that had it was killed, which is a power cut for the guest.
    return guests.get(instance) ? connectAgent(instance) : start(instance);
  }

  const waiting = (namespace: string | undefined, claim?: string): string[] => caches.instances.list(namespace)
    .filter((instance) => instance.status?.phase !== 'Running' && !isFinal(instance) && (claim === undefined || claimsOfInstance(instance).includes(claim))).map(keyOf);

  return createController({
    name: 'hypervisor-instances', reconcile, concurrency: 4, clock, log: context.log,
    sources: [
      source(caches.instances, (instance) => [keyOf(instance)]),
      source(caches.claims, ({ metadata }) => waiting(metadata.namespace, metadata.name)),
      source(caches.nodes, () => waiting(undefined)),
    ],
  });
}
