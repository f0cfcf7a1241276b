import { VIRTUAL_MACHINE, VIRTUAL_MACHINE_INSTANCE } from '../../../contract/api.ts';
import type { VirtualMachine, VirtualMachineInstance } from '../../../contract/kubernetes.ts';
import { isApiError } from '../../../kube/client.ts';
import { createController, source, type Controller, type ReconcileResult } from '../../../kube/controller.ts';
import { keyOf, parseKey } from '../../../kube/keys.ts';
import { ownerReference, setCondition } from '../../../kube/objects.ts';
import { withFinalizer, withoutFinalizer, writeStatus, type DriverContext } from '../context.ts';
import { claimsOfVolumes } from '../placement.ts';
import { createMissingClaims } from './claim-templates.ts';
import { completeIdentity } from './identity.ts';
import { AGENT_ANNOTATION, INSTANCE_FINALIZER } from './instance-controller.ts';
import { decide, isFinal, machineStatus, printableStatus, strategyOf, type MachineStatus, type StartFailure } from './run-strategy.ts';

const FINALIZER = 'kubevirt.io/virtualMachineControllerFinalize';
const MAX_BACKOFF_FACTOR = 30;
/** Conditions of the instance that the VM shows too. */
const MIRRORED = ['AgentConnected', 'Paused', 'LiveMigratable'];

/** The cluster side of VMs: their identity, their claims, when they run, and what their status says. */
export function createMachineController(context: DriverContext): Controller {
  const { client, caches, clock, latencies } = context;

  async function createInstance(vm: VirtualMachine): Promise<void> {
    const { metadata, spec } = vm.spec.template;
    const agent = vm.metadata.annotations?.[AGENT_ANNOTATION];
    const { name, namespace } = vm.metadata;

    try {
      await client.create<VirtualMachineInstance>(VIRTUAL_MACHINE_INSTANCE, {
        apiVersion: 'kubevirt.io/v1', kind: 'VirtualMachineInstance', spec, status: { phase: 'Pending' },
        metadata: {
          name, namespace, labels: metadata?.labels, annotations: { ...metadata?.annotations, ...(agent ? { [AGENT_ANNOTATION]: agent } : {}) },
          ownerReferences: [ownerReference(vm)], finalizers: [INSTANCE_FINALIZER],
        },
      });
    } catch (error) {
      if (!isApiError(error, 'AlreadyExists')) {
        throw error;
      }
    }
  }

  async function removeInstance(instance: VirtualMachineInstance): Promise<void> {
    const { namespace, name, uid } = instance.metadata;

    await client.delete(VIRTUAL_MACHINE_INSTANCE, { namespace, name }, { uid });
  }

  /** Counts a failure once per instance; forgets them all when an instance runs. */
  function nextFailure(failure: StartFailure | undefined, instance: VirtualMachineInstance | undefined): StartFailure | undefined {
    const uid = instance?.metadata.uid ?? '';

    if (instance?.status?.phase === 'Running') {
      return undefined;
    }
    if (instance?.status?.phase !== 'Failed' || failure?.lastFailedVMIUID === uid) {
      return failure;
    }
    const consecutiveFailCount = (failure?.consecutiveFailCount ?? 0) + 1;
    const waitMs = latencies.crashBackoffMs * Math.min(2 ** (consecutiveFailCount - 1), MAX_BACKOFF_FACTOR);

    return { consecutiveFailCount, lastFailedVMIUID: uid, retryAfterTimestamp: new Date(clock.now().getTime() + waitMs).toISOString() };
  }

  function snapshotStatuses(vm: VirtualMachine): MachineStatus['volumeSnapshotStatuses'] {
    return (vm.spec.template.spec.volumes ?? []).map((volume) => {
      const claim = caches.claims.get(vm.metadata.namespace, claimsOfVolumes([volume])[0] ?? '');
      const storageClass = caches.classes.get(undefined, claim?.spec.storageClassName ?? '');
      const enabled = caches.snapshotClasses.list().some(({ driver }) => driver === storageClass?.provisioner);
      const reason = claim ? `No VolumeSnapshotClass: Volume snapshots are not configured for this StorageClass [${claim.spec.storageClassName}] [${volume.name}]` : `Snapshot is not supported for this volumeSource type [${volume.name}]`;

      return enabled ? { name: volume.name, enabled } : { name: volume.name, enabled, reason };
    });
  }

  function statusOf(vm: VirtualMachine, instance: VirtualMachineInstance | undefined, failure: StartFailure | undefined): MachineStatus {
    const old = machineStatus(vm);
    const readyCondition = instance?.status?.conditions?.find(({ type }) => type === 'Ready');
    const ready = instance !== undefined && !isFinal(instance) && readyCondition?.status === 'True';
    const mirrored = (instance?.status?.conditions ?? []).filter(({ type }) => MIRRORED.includes(type));
    const kept = (old?.conditions ?? []).filter(({ type }) => type === 'Ready');
    const conditions = setCondition(kept, ready ? { type: 'Ready', status: 'True' } : { type: 'Ready', status: 'False', reason: readyCondition?.reason ?? 'VMINotExists', message: readyCondition?.message ?? 'VMI does not exist' }, clock.now());
    const requests = (old?.stateChangeRequests ?? []).filter(({ action, uid }) => (action === 'Stop' ? instance !== undefined && (!uid || uid === instance.metadata.uid) : !instance || isFinal(instance) || instance.metadata.deletionTimestamp !== undefined));

    return {
      created: instance !== undefined, ready, printableStatus: printableStatus(vm, instance, failure), runStrategy: strategyOf(vm),
      conditions: [...conditions, ...mirrored], volumeSnapshotStatuses: snapshotStatuses(vm),
      ...(requests.length > 0 ? { stateChangeRequests: requests } : {}), ...(failure && strategyOf(vm) !== 'Halted' ? { startFailure: failure } : {}),
    };
  }

  async function finishDeletion(vm: VirtualMachine, instance: VirtualMachineInstance | undefined): Promise<void> {
    if (instance) {
      await removeInstance(instance);
      await writeStatus(client, VIRTUAL_MACHINE, vm, statusOf(vm, instance, undefined));
    } else {
      await withoutFinalizer(client, VIRTUAL_MACHINE, vm, FINALIZER);
    }
  }

  async function reconcile(key: string): Promise<ReconcileResult> {
    const found = await client.find<VirtualMachine>(VIRTUAL_MACHINE, parseKey(key));
    const instance = await client.find<VirtualMachineInstance>(VIRTUAL_MACHINE_INSTANCE, parseKey(key));

    if (!found || found.metadata.deletionTimestamp) {
      return found ? finishDeletion(found, instance) : undefined;
    }
    const guarded = await withFinalizer(client, VIRTUAL_MACHINE, found, FINALIZER);
    const complete = completeIdentity(guarded);
    const vm = complete === guarded ? guarded : await client.replace(VIRTUAL_MACHINE, complete);

    await createMissingClaims(context, vm);
    const failure = nextFailure(machineStatus(vm)?.startFailure, instance);
    const waitMs = failure ? new Date(failure.retryAfterTimestamp).getTime() - clock.now().getTime() : 0;
    const decision = decide(vm, instance, waitMs <= 0);

    if (decision === 'start') {
      await createInstance(vm);
    } else if (decision !== 'nothing' && instance && !instance.metadata.deletionTimestamp) {
      await removeInstance(instance);
    }
    await writeStatus(client, VIRTUAL_MACHINE, vm, statusOf(vm, instance, failure));

    return failure && waitMs > 0 ? { requeueAfterMs: waitMs } : undefined;
  }

  return createController({
    name: 'hypervisor-machines', reconcile, concurrency: 4, clock, log: context.log,
    sources: [
      source(caches.machines, (vm) => [keyOf(vm)]),
      source(caches.instances, (instance) => [keyOf(instance)]),
      source(caches.claims, ({ metadata }) => caches.machines.list(metadata.namespace).filter((vm) => claimsOfVolumes(vm.spec.template.spec.volumes).includes(metadata.name)).map(keyOf)),
    ],
  });
}
