import type { ChildProcess } from 'node:child_process';
import type { Clock } from '../../contract/clock.ts';
import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 15_000;
/** A server that ran this long was healthy: the next crash starts at the first delay again. */
const HEALTHY_MS = 30_000;
const GRACE_MS = 8_000;

/** What is run, and where its output goes. */
export interface ServerChildOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Its stdout and stderr are appended here. */
  readonly logFile: string;
  readonly clock: Clock;
  /** Called when it ended by itself and will be started again after `delayMs`. */
  readonly onExit: (how: string, delayMs: number) => void;
}

/** Delay before the next start (ms): doubles from half a second to 15 s, and begins anew after a healthy run. */
export function nextDelay(previousMs: number, ranMs: number): number {
  return ranMs >= HEALTHY_MS || previousMs === 0 ? FIRST_DELAY_MS : Math.min(previousMs * 2, LONGEST_DELAY_MS);
}

/** The server process: started, watched, started again when it dies, and ended with SIGTERM, then SIGKILL. */
export class ServerChild {
  readonly #options: ServerChildOptions;
  readonly #stopping = new AbortController();
  #child: ChildProcess | undefined;
  #running: Promise<void> | undefined;

  constructor(options: ServerChildOptions) {
    this.#options = options;
  }

  /** The process id while it runs. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Begins; returns at once. */
  start(): void {
    this.#running ??= this.#loop();
  }

  /** Ends the process and does not start it again. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const child = this.#child;

    if (child && child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      const kill = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);

      await this.#running;
      clearTimeout(kill);
    }
    await this.#running;
  }

  async #loop(): Promise<void> {
    let delayMs = 0;

    while (!this.#stopping.signal.aborted) {
      const startedMs = this.#options.clock.monotonicMs();
      const how = await this.#runOnce();
      if (this.#stopping.signal.aborted) return;
      delayMs = nextDelay(delayMs, this.#options.clock.monotonicMs() - startedMs);
      this.#options.onExit(how, delayMs);
      // Only the stop above ends the sleep early, and the loop's condition sees it.
      await this.#options.clock.sleep(delayMs, this.#stopping.signal).catch(() => undefined);
    }
  }

  /** Runs it to its end and tells how it ended. */
  async #runOnce(): Promise<string> {
    const { command, args, env, cwd, logFile } = this.#options;
    const log = createWriteStream(logFile, { flags: 'a', mode: 0o600 });

    await once(log, 'open');
    try {
      // Asked to end while the log was opened: whoever asked saw no process to end, and would wait for this one for ever.
      if (this.#stopping.signal.aborted) return 'not started';
      const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });

      this.#child = child;
      child.stdout.pipe(log, { end: false });
      child.stderr.pipe(log, { end: false });

      return await new Promise<string>((resolve) => {
        child.on('error', (error) => resolve(error.message));
        child.on('close', (code, signal) => resolve(signal ?? `exit code ${code}`));
      });
    } finally {
      this.#child = undefined;
      log.end();
    }
  }
}
