import type { RunStrategy, VirtualMachine, VirtualMachineInstance } from '../../../contract/kubernetes.ts';

/** A request to start or stop a VM whose strategy leaves that to people. */
export interface StateChangeRequest { action: 'Start' | 'Stop'; uid?: string }

/** Why a VM could not be started, and when it is tried again. */
export interface StartFailure { consecutiveFailCount: number; lastFailedVMIUID: string; retryAfterTimestamp: string }

/** Status of a VM, with what only its controller reads. */
export type MachineStatus = NonNullable<VirtualMachine['status']> & {
  stateChangeRequests?: StateChangeRequest[];
  startFailure?: StartFailure;
  runStrategy?: RunStrategy;
  volumeSnapshotStatuses?: { name: string; enabled: boolean; reason?: string }[];
};

/** A VM's status with the fields that only the hypervisor knows. */
export function machineStatus(vm: VirtualMachine): MachineStatus | undefined {
  return vm.status;
}

/** The run strategy; the old `running` field counts where there is none. */
export function strategyOf(vm: VirtualMachine): RunStrategy {
  return vm.spec.runStrategy ?? (vm.spec.running ? 'Always' : 'Halted');
}

export function isFinal(instance: VirtualMachineInstance): boolean {
  return instance.status?.phase === 'Succeeded' || instance.status?.phase === 'Failed';
}

/** What to do about a VM's instance now. `retry`: remove the failed one, so that the next can be made. */
export type Decision = 'nothing' | 'start' | 'stop' | 'retry';

/** KubeVirt's rules of when a VM runs. `backoffOver`: the wait after the last failure is over. */
export function decide(vm: VirtualMachine, instance: VirtualMachineInstance | undefined, backoffOver: boolean): Decision {
  const strategy = strategyOf(vm);
  const requests = machineStatus(vm)?.stateChangeRequests ?? [];
  const stopping = requests.some(({ action, uid }) => action === 'Stop' && (!uid || uid === instance?.metadata.uid));
  const starting = requests.some(({ action }) => action === 'Start');

  if (!instance) {
    const wanted = strategy === 'Always' || strategy === 'RerunOnFailure' || ((strategy === 'Manual' || strategy === 'Once') && starting) || (strategy === 'Once' && !vm.status?.created && !vm.status?.conditions);

    return wanted && backoffOver ? 'start' : 'nothing';
  }
  if (strategy === 'Halted' || stopping) {
    return 'stop';
  }
  if (!isFinal(instance)) {
    return 'nothing';
  }
  const rerun = strategy === 'Always' || (strategy === 'RerunOnFailure' && instance.status?.phase === 'Failed') || (strategy === 'Manual' && starting);

  return rerun && backoffOver ? 'retry' : 'nothing';
}

/** The one word for a VM's state that lists show. `waitingFor`: what its instance waits for before it can be placed. */
export function printableStatus(vm: VirtualMachine, instance: VirtualMachineInstance | undefined, failure: StartFailure | undefined): string {
  const conditions = instance?.status?.conditions ?? [];
  const waiting = conditions.find(({ type }) => type === 'PodScheduled' || type === 'Provisioning');

  if (vm.metadata.deletionTimestamp) {
    return 'Terminating';
  }
  if (!instance || isFinal(instance)) {
    return failure && strategyOf(vm) !== 'Halted' ? 'CrashLoopBackOff' : strategyOf(vm) === 'WaitAsReceiver' ? 'WaitingForReceiver' : 'Stopped';
  }
  if (instance.metadata.deletionTimestamp || strategyOf(vm) === 'Halted') {
    return 'Stopping';
  }
  if (conditions.some(({ type, status }) => type === 'Paused' && status === 'True')) {
    return 'Paused';
  }
  if (instance.status?.phase === 'Running') {
    return 'Running';
  }

  return ({ MissingClaim: 'ErrorPvcNotFound', UnboundClaim: 'Provisioning', WaitingForBinding: 'WaitingForVolumeBinding', NoNode: 'ErrorUnschedulable' } as Readonly<Record<string, string>>)[waiting?.status === 'False' ? waiting.reason ?? '' : ''] ?? 'Starting';
}
