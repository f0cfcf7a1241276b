import { spawn, type ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';

/** What is kept of a program's output, for the message of a failure. */
const KEPT = 16_384;

/** A program that runs in the background until it is stopped. */
export class Daemon {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  #output = '';
  #ended = false;

  constructor(program: string, args: readonly string[]) {
    this.#name = program.slice(program.lastIndexOf('/') + 1);
    // Whatever ends the tests ends the program, too: a runner that is killed gets no chance to stop it.
    this.#child = spawn('setpriv', ['--pdeathsig', 'KILL', program, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env['PATH'] ?? '' } });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => { this.#output = (this.#output + text).slice(-KEPT); });
    }
    this.#exited = new Promise((resolve) => {
      const end = (): void => {
        this.#ended = true;
        resolve();
      };

      this.#child.once('exit', end);
      this.#child.once('error', (error) => {
        this.#output += error.message;
        end();
      });
    });
  }

  /** The last of what it printed. */
  get output(): string {
    return this.#output;
  }

  /** @throws Error with its last words when it has ended by itself */
  assertRunning(): void {
    if (this.#ended) throw new Error(`${this.#name} ended: ${this.#output.slice(-2000)}`);
  }

  /** Sends a signal and waits for its end. */
  async stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (!this.#ended) this.#child.kill(signal);
    await this.#exited;
  }
}

/** Free ports of the loopback address, each another one. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
    const server = createServer().once('error', reject).listen(0, '127.0.0.1', () => resolve(server));
  })));
  const ports = servers.map((server) => (server.address() as { port: number }).port);

  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));

  return ports;
}
