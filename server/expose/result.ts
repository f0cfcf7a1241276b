import type { Clock } from '../contract/clock.ts';
import type { Failure } from '../contract/failures.ts';
import { isApiError, type KubeClient } from '../kube/client.ts';

/** What every step works with. */
export interface ExposeDeps { client: KubeClient; clock: Clock }

/** Not there yet: `step` names what is waited for, `message` says why, for a person. */
export interface Waiting { state: 'Waiting'; step: string; message: string }

/** It will not get there by itself. */
export interface Failed { state: 'Failed'; failure: Failure }

/** @see Waiting */
export function waiting(step: string, message: string): Waiting {
  return { state: 'Waiting', step, message };
}

/** What the API said when it refused an object (quota, policy, validation); undefined for errors that may pass. */
export function refusalOf(error: unknown): string | undefined {
  return isApiError(error, 'Forbidden') || isApiError(error, 'Invalid') ? error.message : undefined;
}
