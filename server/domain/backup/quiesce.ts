import type { VirtualMachineInstance } from '../../contract/kubernetes.ts';
import type { QuiescePolicy } from '../../contract/vm-backup.ts';
import type { FailureCode } from '../../contract/failures.ts';

/** What is known of the running guest at the moment of the cut. */
export interface GuestFacts { running: boolean; paused: boolean; migrating: boolean; agentConnected: boolean }

/** What to do about the guest before the cut. `Wait`: ask again in a moment. */
export type QuiesceDecision =
  | { action: 'Freeze' }
  | { action: 'Cut'; level: 'Crash' | 'Stopped'; reason: string }
  | { action: 'Wait'; reason: string }
  | { action: 'Fail'; code: FailureCode; message: string };

/** Reads the facts out of a VMI; no VMI, or one that has ended, is a stopped VM. */
export function guestFacts(vmi: VirtualMachineInstance | undefined): GuestFacts {
  const is = (type: string): boolean => vmi?.status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false;
  const migration = vmi?.status?.migrationState;

  return {
    running: vmi?.status?.phase === 'Running',
    paused: is('Paused'),
    migrating: migration !== undefined && !migration.completed && !migration.failed,
    agentConnected: is('AgentConnected'),
  };
}

/** The quiesce rule: Required never goes on without a freeze of a running guest, BestEffort says why it could not, Skip does not try. */
export function decideQuiesce(policy: QuiescePolicy, guest: GuestFacts, vmName: string): QuiesceDecision {
  if (!guest.running) return { action: 'Cut', level: 'Stopped', reason: 'The VM was not running, so its disks were at rest.' };
  // A freeze and a snapshot both fail or mislead while memory moves to another node; it is over in a moment.
  if (guest.migrating) return { action: 'Wait', reason: `VM ${vmName} is being migrated to another node; the cut waits for the end of it.` };
  if (policy === 'Skip') return { action: 'Cut', level: 'Crash', reason: 'The policy is Skip: the guest was not frozen.' };
  if (guest.paused) return without(policy, 'HVB-GUEST-NOT-RUNNING', `VM ${vmName} is paused, so its guest agent cannot freeze anything.`);
  if (!guest.agentConnected) return without(policy, 'HVB-GUEST-AGENT-MISSING', `The guest agent of VM ${vmName} is not connected.`);
  return { action: 'Freeze' };
}

function without(policy: QuiescePolicy, code: FailureCode, message: string): QuiesceDecision {
  return policy === 'Required' ? { action: 'Fail', code, message: `${message} The policy is Required.` } : { action: 'Cut', level: 'Crash', reason: `${message} The policy is BestEffort, so the backup went on.` };
}
