import type { Clock } from '../contract/clock.ts';
import type { MoverLine } from '../contract/mover-protocol.ts';
import type { Engine } from './engine.ts';

/** What every verb works with. Paths in requests are the pod's; `inside` turns them into this process's. */
export interface MoverContext {
  readonly clock: Clock;
  /** Aborted with a `MoverError` when the operation is cancelled. */
  readonly signal: AbortSignal;
  readonly emit: (line: MoverLine) => void;
  readonly inside: (podPath: string) => string;
  /** An existing folder for temporary files, as this process sees it. */
  readonly scratch: string;
}

/** A context whose repository is known. */
export interface RepositoryContext extends MoverContext {
  readonly engine: Engine;
}

