import { FAILURES } from '../contract/failures.ts';
import type { FailureCode } from '../contract/failures.ts';

/** Why an operation ended without success. `evidence` holds raw facts, never secret data. */
export class MoverError extends Error {
  override readonly name = 'MoverError';
  readonly code: FailureCode;
  readonly evidence: string | undefined;

  constructor(code: FailureCode, message: string, evidence?: string) {
    super(message);
    this.code = code;
    this.evidence = evidence;
  }

  /** True when the same operation can succeed later without anybody changing anything. */
  get retryable(): boolean {
    return FAILURES[this.code].retryable;
  }
}

/** The `code` of a failed system call (`ENOSPC`, …), or undefined for every other error. */
export function errnoOf(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** What to throw for anything that was caught: a {@link MoverError} as it is, the rest as a defect of ours. */
export function toMoverError(error: unknown): MoverError {
  if (error instanceof MoverError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new MoverError('HVB-INTERNAL', `The mover failed unexpectedly: ${message}`, error instanceof Error ? error.stack : undefined);
}
