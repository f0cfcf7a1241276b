import type { Clock } from '../../contract/clock.ts';
import { MoverError } from '../errors.ts';
import type { ResticBinary } from './binary.ts';
import { classify, requireWhole } from './classify.ts';
import { hasLocks, placeOf } from './place.ts';
import { ResticProcess, readText } from './process.ts';
import type { Exit } from './process.ts';

/** How long a lock of somebody else is waited for (ms); after that the caller tries the whole operation again. */
const LOCK_WAIT_MS = 60_000;
const LOCK_POLL_MS = 2000;

export interface RunnerOptions {
  readonly restic: ResticBinary;
  /** Folder of the repository, as this process sees it. */
  readonly folder: string;
  /** restic's whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly cache: boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly noLock?: boolean;
}

/** Starts restic on one repository, waits for its locks, and turns its failures into codes. */
export class ResticRunner {
  readonly #options: RunnerOptions;

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  get folder(): string {
    return this.#options.folder;
  }

  get clock(): Clock {
    return this.#options.clock;
  }

  /** Starts restic with `args`; the caller feeds, reads and ends it, then asks {@link requireSuccess}. */
  start(args: readonly string[], { cwd, noLock = false }: RunOptions = {}): ResticProcess {
    const { restic, env, cache, clock, signal } = this.#options;
    const global = ['--json', ...(cache ? [] : ['--no-cache']), ...(noLock ? ['--no-lock'] : [])];
    return new ResticProcess({ binary: restic.binary, launcher: restic.launcher, args: [...global, ...args], env, clock, signal, ...(cwd === undefined ? {} : { cwd }) });
  }

  /** Runs restic to its end and gives its stdout. `folder` replaces the repository's own. */
  async capture(args: readonly string[], options: RunOptions & { folder?: string } = {}): Promise<string> {
    const { folder } = options;
    const runner = folder === undefined ? this : new ResticRunner({ ...this.#options, folder, env: { ...this.#options.env, RESTIC_REPOSITORY: folder } });
    const process = runner.start(args, options);
    process.child.stdin.end();
    const [stdout, exit] = await Promise.all([readText(process.child.stdout), process.exit]);
    await runner.requireSuccess(args, exit);
    requireWhole(exit.stderr, runner.folder);
    return stdout;
  }

  /** Throws why restic ended as it did; cancellation first, because it makes everything else fail. */
  async requireSuccess(args: readonly string[], exit: Exit): Promise<void> {
    this.#options.signal.throwIfAborted();
    if (exit.exitCode === 0) return;
    const { folder } = this.#options;
    throw classify({ ...exit, command: commandOf(args), place: await placeOf(folder), folder });
  }

  /** Runs `work`; while somebody else holds the repository, removes locks of dead processes and tries again. */
  async withLock<T>(work: () => Promise<T>): Promise<T> {
    const { clock, signal } = this.#options;
    const deadlineMs = clock.monotonicMs() + LOCK_WAIT_MS;
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof MoverError) || error.code !== 'HVB-REPO-LOCKED' || clock.monotonicMs() >= deadlineMs) throw error;
      }
      await this.unlock();
      await clock.sleep(LOCK_POLL_MS, signal);
    }
  }

  /**
   * Reads even from a repository whose storage has become read-only, where restic cannot write its lock: whoever can't
   * write there can still restore.
   */
  async reading<T>(work: (options: RunOptions) => Promise<T>): Promise<T> {
    return this.withLock(async () => {
      try {
        return await work({});
      } catch (error) {
        if (!(error instanceof MoverError) || error.code !== 'HVB-REPO-READ-ONLY') throw error;
        return work({ noLock: true });
      }
    });
  }

  /** Removes locks of processes that are dead or silent for 30 minutes, by restic's own rules; never others. */
  async unlock(): Promise<void> {
    if (await hasLocks(this.folder)) await this.capture(['unlock']);
  }
}

/** `backup` out of the arguments; for messages. */
function commandOf(args: readonly string[]): string {
  return args.find((arg) => !arg.startsWith('-')) ?? '';
}
