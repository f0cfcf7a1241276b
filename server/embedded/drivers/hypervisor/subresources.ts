import { VIRTUAL_MACHINE, VIRTUAL_MACHINE_INSTANCE } from '../../../contract/api.ts';
import type { VirtualMachine, VirtualMachineInstance } from '../../../contract/kubernetes.ts';
import type { AggregatedHandler, AggregatedResource, AggregatedResponse } from '../../api/index.ts';
import { isApiError } from '../../../kube/client.ts';
import { findCondition, setCondition } from '../../../kube/objects.ts';
import type { DriverContext } from '../context.ts';
import { parseGoDuration } from './go-duration.ts';
import type { Guests } from './guests.ts';
import { RUN_STRATEGY_ANNOTATION } from './identity.ts';
import { editInstance } from './instance-status.ts';
import { isFinal, strategyOf, type MachineStatus, type StateChangeRequest } from './run-strategy.ts';

/** Where KubeVirt's actions are served. */
export const SUBRESOURCES_PREFIX = '/apis/subresources.kubevirt.io/v1';
const INSTANCE_ACTIONS = ['freeze', 'unfreeze', 'pause', 'unpause'];
const MACHINE_ACTIONS = ['start', 'stop', 'restart'];

/** Resources of the API, for discovery. */
export const SUBRESOURCES: readonly AggregatedResource[] = [
  ...INSTANCE_ACTIONS.map((action) => ({ name: `virtualmachineinstances/${action}`, kind: 'VirtualMachineInstance', namespaced: true, verbs: ['update'] })),
  ...MACHINE_ACTIONS.map((action) => ({ name: `virtualmachines/${action}`, kind: 'VirtualMachine', namespaced: true, verbs: ['update'] })),
];

const REASONS: Readonly<Record<number, string>> = { 400: 'BadRequest', 404: 'NotFound', 405: 'MethodNotAllowed', 409: 'Conflict', 500: 'InternalError' };

/** An action that was refused, as an HTTP answer. */
class Refusal extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** KubeVirt's actions on VMs and their instances. */
export function createSubresources(context: DriverContext, guests: Guests): AggregatedHandler {
  const { client, clock, faults, events, log } = context;
  /** The timer that thaws a frozen guest, by UID of the instance. */
  const deadlines = new Map<string, AbortController>();

  async function instanceOf(namespace: string, name: string): Promise<VirtualMachineInstance> {
    const instance = await client.find<VirtualMachineInstance>(VIRTUAL_MACHINE_INSTANCE, { namespace, name });

    if (!instance) {
      throw new Refusal(404, `virtualmachineinstance.kubevirt.io "${name}" not found`);
    }
    if (instance.status?.phase !== 'Running' || !guests.get(instance)) {
      throw new Refusal(409, `Operation cannot be fulfilled on virtualmachineinstance.kubevirt.io "${name}": VMI is not running`);
    }

    return instance;
  }

  async function thaw(instance: VirtualMachineInstance): Promise<void> {
    deadlines.get(instance.metadata.uid ?? '')?.abort();
    deadlines.delete(instance.metadata.uid ?? '');
    guests.get(instance)?.thaw();
    await editInstance(client, instance, (status) => ({ ...status, fsFreezeStatus: undefined }));
  }

  function armDeadline(instance: VirtualMachineInstance, seconds: number): void {
    const timer = new AbortController();

    deadlines.set(instance.metadata.uid ?? '', timer);
    void clock.sleep(seconds * 1000, timer.signal).then(() => thaw(instance)).catch((error: unknown) => {
      if (!timer.signal.aborted) {
        log.error('a guest could not be thawed at its deadline', { vm: instance.metadata.name, error });
      }
    });
  }

  function requireAgent(instance: VirtualMachineInstance, action: string): void {
    const paused = findCondition(instance.status?.conditions, 'Paused')?.status === 'True';

    if (instance.status?.migrationState && !instance.status.migrationState.completed && !instance.status.migrationState.failed) {
      throw new Refusal(400, `${action} refused: a migration of the VMI is in progress`);
    }
    if (paused || findCondition(instance.status?.conditions, 'AgentConnected')?.status !== 'True') {
      throw new Refusal(400, `internal error: failed to ${action} VMI, Guest agent is not responding: QEMU guest agent is not connected`);
    }
  }

  async function freeze(namespace: string, name: string, body: unknown): Promise<void> {
    const timeout = (body as { unfreezeTimeout?: unknown } | undefined | null)?.unfreezeTimeout;
    const timeoutMs = typeof timeout === 'string' ? parseGoDuration(timeout) : undefined;

    if (timeoutMs === undefined) {
      throw new Refusal(400, 'Request with no body or without a valid unfreezeTimeout: a Go duration such as "30s" is expected');
    }
    const instance = await instanceOf(namespace, name);
    const guest = guests.get(instance);

    requireAgent(instance, 'freeze');
    if (faults.isOn('freeze-fails', instance, await client.find<VirtualMachine>(VIRTUAL_MACHINE, { namespace, name }))) {
      await events.record(instance, 'Warning', 'FreezeError', 'freezing the guest file systems failed (a fault that was asked for)');
      throw new Refusal(400, 'internal error: unable to execute QEMU agent command guest-fsfreeze-freeze: failed to freeze / (a fault that was asked for)');
    }
    if (!guest || guest.frozen) {
      // Frozen already: no-op, and the deadline stays what it was.
      return;
    }
    await guest.freeze();
    await editInstance(client, instance, (status) => ({ ...status, fsFreezeStatus: 'frozen' }));
    // Whole seconds; less than one arms no timer, so the guest stays frozen until somebody thaws it.
    const seconds = Math.trunc(timeoutMs / 1000);

    if (seconds >= 1) {
      armDeadline(instance, seconds);
    }
  }

  async function setPaused(namespace: string, name: string, paused: boolean): Promise<void> {
    const instance = await instanceOf(namespace, name);
    const isPaused = findCondition(instance.status?.conditions, 'Paused')?.status === 'True';

    if (isPaused === paused) {
      throw new Refusal(409, `Operation cannot be fulfilled on virtualmachineinstance.kubevirt.io "${name}": VMI is ${paused ? 'already' : 'not'} paused`);
    }
    const guest = guests.get(instance);

    if (paused) {
      guest?.pause();
    } else {
      guest?.resume();
    }
    await editInstance(client, instance, (status) => ({
      ...status,
      conditions: paused ? setCondition(status.conditions, { type: 'Paused', status: 'True', reason: 'PausedByUser', message: 'VMI was paused by user' }, clock.now()) : (status.conditions ?? []).filter(({ type }) => type !== 'Paused'),
    }));
  }

  async function request(vm: VirtualMachine, ...stateChangeRequests: StateChangeRequest[]): Promise<void> {
    const status: MachineStatus = { ...vm.status, stateChangeRequests };

    await client.replaceStatus(VIRTUAL_MACHINE, { ...vm, status });
  }

  async function changeState(namespace: string, name: string, action: string): Promise<void> {
    const vm = await client.find<VirtualMachine>(VIRTUAL_MACHINE, { namespace, name });
    const instance = await client.find<VirtualMachineInstance>(VIRTUAL_MACHINE_INSTANCE, { namespace, name });
    const active = instance !== undefined && !isFinal(instance);

    if (!vm) {
      throw new Refusal(404, `virtualmachine.kubevirt.io "${name}" not found`);
    }
    const strategy = strategyOf(vm);
    const manual = strategy === 'Manual' || strategy === 'Once';

    if (action === 'start' ? active : !active) {
      throw new Refusal(409, `Operation cannot be fulfilled on virtualmachine.kubevirt.io "${name}": VM is ${action === 'start' ? 'already' : 'not'} running`);
    }
    if (action === 'restart' && instance) {
      await (manual ? request(vm, { action: 'Stop', uid: instance.metadata.uid }, { action: 'Start' }) : client.delete(VIRTUAL_MACHINE_INSTANCE, { namespace, name }, { uid: instance.metadata.uid }));
    } else if (manual) {
      await request(vm, action === 'start' ? { action: 'Start' } : { action: 'Stop', uid: instance?.metadata.uid });
    } else if (action === 'stop') {
      await client.patch(VIRTUAL_MACHINE, { namespace, name }, { spec: { runStrategy: 'Halted' } });
    } else if (strategy === 'Halted') {
      // Harvester's webhook brings the last strategy back, whatever KubeVirt writes.
      await client.patch(VIRTUAL_MACHINE, { namespace, name }, { spec: { runStrategy: vm.metadata.annotations?.[RUN_STRATEGY_ANNOTATION] ?? 'RerunOnFailure' } });
    } else if (instance) {
      await client.delete(VIRTUAL_MACHINE_INSTANCE, { namespace, name }, { uid: instance.metadata.uid });
    }
  }

  async function act(resource: string, namespace: string, name: string, action: string, body: unknown): Promise<void> {
    if (resource === 'virtualmachines' && MACHINE_ACTIONS.includes(action)) {
      return changeState(namespace, name, action);
    }
    if (resource !== 'virtualmachineinstances' || !INSTANCE_ACTIONS.includes(action)) {
      throw new Refusal(404, `the server could not find the requested resource ${resource}/${action}`);
    }
    if (action === 'freeze') {
      return freeze(namespace, name, body);
    }
    if (action === 'unfreeze') {
      const instance = await instanceOf(namespace, name);

      requireAgent(instance, 'unfreeze');

      return thaw(instance);
    }

    return setPaused(namespace, name, action === 'pause');
  }

  return async ({ method, path, body }): Promise<AggregatedResponse> => {
    const [, namespace, resource, name, action] = /^\/apis\/subresources\.kubevirt\.io\/v1\/namespaces\/([^/]+)\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(path)?.map(decodeURIComponent) ?? [];

    try {
      if (!namespace || !resource || !name || !action) {
        throw new Refusal(404, 'the server could not find the requested resource');
      }
      if (method !== 'PUT') {
        throw new Refusal(405, `the method ${method} is not allowed here, use PUT`);
      }
      await act(resource, namespace, name, action, body);

      return { status: 202 };
    } catch (error) {
      const code = error instanceof Refusal ? error.code : isApiError(error, 'Conflict') ? 409 : 500;
      const { message } = error as Error;

      return { status: code, body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', code, reason: REASONS[code], message } };
    }
  };
}
