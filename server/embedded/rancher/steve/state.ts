import type { KubeObject } from '../../api/index.ts';
import type { ResourceState } from './types.ts';

interface Condition { type?: string; status?: string; reason?: string; message?: string }

const TRANSITIONAL_PHASES = new Set(['pending', 'provisioning', 'starting', 'stopping', 'migrating', 'terminating', 'waitingforvolumebinding', 'containercreating']);
const ERROR_PHASES = new Set(['failed', 'error', 'lost', 'unknown', 'crashloopbackoff']);
/** A condition of these types that is not True makes the object unready. */
const READINESS = new Set(['Ready', 'Available', 'Established']);

function conditionsOf(status: Record<string, unknown>): Condition[] {
  return Array.isArray(status['conditions']) ? (status['conditions'] as Condition[]) : [];
}

/** The word in the object's own status that says how it is, if it has one. */
function ownPhase(status: Record<string, unknown>): string | undefined {
  for (const field of ['phase', 'printableStatus']) {
    const value = status[field];
    if (typeof value === 'string' && value !== '') return value;
  }

  return undefined;
}

/** The state that Rancher shows in lists: removing, the object's own phase, an unready condition, or active. */
export function stateOf(object: KubeObject): ResourceState {
  if (object.metadata.deletionTimestamp) {
    const waiting = object.metadata.finalizers?.join(', ');

    return { name: 'removing', error: false, transitioning: true, message: waiting ? `waiting on ${waiting}` : '' };
  }
  const status = (typeof object['status'] === 'object' && object['status'] !== null ? object['status'] : {}) as Record<string, unknown>;
  const conditions = conditionsOf(status);
  const phase = ownPhase(status);

  if (phase) {
    const name = phase.toLowerCase();
    const failure = status['failure'] as { message?: string } | undefined;

    return { name, error: ERROR_PHASES.has(name), transitioning: TRANSITIONAL_PHASES.has(name), message: failure?.message ?? '' };
  }
  const unready = conditions.find((condition) => READINESS.has(condition.type ?? '') && condition.status !== 'True');

  if (unready) {
    return { name: unready.status === 'Unknown' ? 'updating' : 'unavailable', error: unready.reason === 'Error', transitioning: true, message: unready.message ?? '' };
  }
  const failed = conditions.find((condition) => condition.type === 'Failed' && condition.status === 'True');

  return failed
    ? { name: 'failed', error: true, transitioning: false, message: failed.message ?? '' }
    : { name: 'active', error: false, transitioning: false, message: '' };
}
