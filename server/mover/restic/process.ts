import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../../contract/clock.ts';
import { isHopelessRetry } from './classify.ts';

/** Most of stderr that is kept (characters, from the end). */
const STDERR_KEPT = 64 * 1024;
/** How long restic gets to remove its lock after an interrupt, before it is killed (ms). */
const GRACE_MS = 5000;
/** Retries without hope that are waited for: one can be a hiccup, the second is a state. */
const HOPELESS_RETRIES = 2;

export type ResticChild = ChildProcessByStdio<Writable, Readable, Readable>;

/** How the process ended. */
export interface Exit {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

export interface SpawnOptions {
  readonly binary: string;
  readonly args: readonly string[];
  /** The child's whole environment; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly clock: Clock;
  /** Aborting it stops the process. */
  readonly signal: AbortSignal;
  /** Program with arguments to start restic through, such as setpriv; empty for none. */
  readonly launcher: readonly string[];
}

/** A running restic. Its stdin is closed by nobody but the caller: an early end would look like the end of the data. */
export class ResticProcess {
  readonly child: ResticChild;
  readonly exit: Promise<Exit>;
  readonly #clock: Clock;
  #stderr = '';
  #hopeless = 0;
  #ended = false;
  #stopping: Promise<void> | undefined;

  constructor(options: SpawnOptions) {
    options.signal.throwIfAborted();
    this.#clock = options.clock;
    const [command = options.binary, ...args] = [...options.launcher, options.binary, ...options.args];
    this.child = spawn(command, args, { env: options.env, stdio: ['pipe', 'pipe', 'pipe'], ...(options.cwd === undefined ? {} : { cwd: options.cwd }) });
    // A restic that dies closes its stdin; why it died is in its exit.
    this.child.stdin.on('error', () => undefined);
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => this.#hear(text));
    const aborted = (): void => void this.stop();
    options.signal.addEventListener('abort', aborted, { once: true });
    this.exit = this.#untilExit().finally(() => {
      this.#ended = true;
      options.signal.removeEventListener('abort', aborted);
    });
    // Whoever waits for it still gets the rejection; one that comes earlier is not a crash.
    this.exit.catch(() => undefined);
  }

  /** Interrupts restic, so that it removes its lock; kills it when it does not end in time. Resolves when it is gone. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    if (this.#ended) return;
    this.child.kill('SIGINT');
    const waiting = new AbortController();
    const late = this.#clock.sleep(GRACE_MS, waiting.signal).then(() => this.child.kill('SIGKILL'), () => false);
    // What it still writes has no reader any more; a full pipe would keep it from ending.
    this.child.stdout.resume();
    await this.exit.catch(() => undefined);
    waiting.abort();
    await late;
  }

  #hear(text: string): void {
    this.#stderr = (this.#stderr + text).slice(-STDERR_KEPT);
    this.#hopeless += text.split('\n').filter(isHopelessRetry).length;
    if (this.#hopeless >= HOPELESS_RETRIES) void this.stop();
  }

  async #untilExit(): Promise<Exit> {
    // Rejects with the spawn error (no such program) before anything else can happen.
    const [exitCode, signal] = await once(this.child, 'close') as [number | null, NodeJS.Signals | null];
    return { exitCode, signal, stderr: this.#stderr };
  }
}

/** Reads a text stream to its end. */
export async function readText(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
