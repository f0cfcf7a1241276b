import { VIRTUAL_MACHINE, VIRTUAL_MACHINE_INSTANCE } from '../../contract/api.ts';
import type { Condition, VirtualMachine, VirtualMachineInstance } from '../../contract/kubernetes.ts';
import { WORK_POLL_MS } from '../context.ts';
import { failNow, go, goWith, wait, type Outcome, type Work } from './work.ts';

/** How long a restored VM may take to run (ms). */
export const START_LIMIT_MS = 10 * 60_000;

const spelled = (conditions: readonly Condition[] | undefined): string[] => (conditions ?? []).map(({ type, status, reason, message }) => [`${type}=${status}`, reason, message].filter(Boolean).join(' '));

/**
 * Starting: waits until the VM runs. One that does not start in time is a failure, but nothing is rolled back: disks and VM
 * are whole, and what keeps it from starting (no node has the memory, say) can be solved without restoring all again.
 */
export async function awaitStart(work: Work): Promise<Outcome> {
  const { context: { client, clock }, namespace, spec, status } = work;
  const key = { namespace, name: spec.target.name };
  const where = `VirtualMachine ${namespace}/${spec.target.name}`;
  const vm = await client.find<VirtualMachine>(VIRTUAL_MACHINE, key);
  const made = status.created?.find(({ kind }) => kind === 'VirtualMachine');

  if (!vm || vm.metadata.uid !== made?.uid) return goWith('Failed', failNow(work, 'HVB-TARGET-START-FAILED', `${where} was deleted or replaced by somebody before it ran. The restored PVCs are still there.`));
  const vmi = await client.find<VirtualMachineInstance>(VIRTUAL_MACHINE_INSTANCE, key);

  if (vmi?.status?.phase === 'Running' && (vm.status?.ready || vmi.status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'))) return go('Completed');
  const since = status.timings?.findLast(({ phase }) => phase === 'Starting')?.startedAt;
  const state = vm.status?.printableStatus ?? 'not seen by KubeVirt yet';

  if (since !== undefined && clock.now().getTime() - Date.parse(since) >= START_LIMIT_MS) {
    const evidence = [`printableStatus: ${state}`, `VMI phase: ${vmi?.status?.phase ?? 'none'}`, ...spelled(vm.status?.conditions), ...spelled(vmi?.status?.conditions)].join('\n');

    return goWith('Failed', failNow(work, 'HVB-TARGET-START-FAILED', `${where} and its disks are restored and kept, but after ${START_LIMIT_MS / 60_000} minutes it is ${state}.`, evidence));
  }
  return wait(`Waits for ${where} to run; it is ${state}.`, WORK_POLL_MS);
}
