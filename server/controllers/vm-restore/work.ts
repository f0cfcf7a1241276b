import type { VMRestore, VMRestoreStatus } from '../../contract/vm-restore.ts';
import type { FailureCode, Failure } from '../../contract/failures.ts';
import { failure } from '../../contract/failures.ts';
import type { ControllerContext } from '../context.ts';
import type { Stopwatch } from '../stopwatch.ts';
import type { DocumentReader } from './document-reader.ts';

/** One look at one restore: what a phase's step works with. */
export interface Work {
  context: ControllerContext;
  documents: DocumentReader;
  restore: VMRestore;
  uid: string;
  namespace: string;
  /** The spec with its defaults filled in. */
  spec: VMRestore['spec'];
  status: VMRestoreStatus;
  /** Time between two looks at an operation, by its id. */
  stopwatch: Stopwatch;
}

/** What a step found out: fields of the status to change, and when to look again at the latest. */
export interface Outcome { status: Partial<VMRestoreStatus>; requeueAfterMs?: number }

/** Goes to another phase, which is looked at at once. */
export function go(phase: VMRestoreStatus['phase'], status: Partial<VMRestoreStatus> = {}): Outcome {
  return { status: { message: undefined, ...status, phase } };
}

/** Stays in the phase and says what it waits for. */
export function wait(message: string, requeueAfterMs: number, status: Partial<VMRestoreStatus> = {}): Outcome {
  return { status: { ...status, message }, requeueAfterMs };
}

/** Ends, or rolls back, with a failure. */
export function goWith(phase: 'Failed' | 'Cancelled' | 'RollingBack', why: Failure, status: Partial<VMRestoreStatus> = {}): Outcome {
  return go(phase, { ...status, failure: why });
}

/** A failure that is seen now. */
export function failNow({ context }: Pick<Work, 'context'>, code: FailureCode, message: string, evidence?: string): Failure {
  return failure(code, message, context.clock.now(), evidence);
}
