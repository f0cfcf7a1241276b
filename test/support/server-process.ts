import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ApiServer, RequestEvent } from '../../server/embedded/api/index.ts';

const MAIN = fileURLToPath(new URL('../../server/main.ts', import.meta.url));
const WRITES = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);

/** What {@link ServerProcess} needs to reach the API. */
export interface ServerProcessOptions { api: ApiServer; url: string; /** The server's own bearer token. */ token: string; /** User name behind the token. */ user: string; env?: Record<string, string> }

/**
 * The real server as a child process, which can be killed (SIGKILL) right after any of its writes. Lease traffic does not
 * count as a write: it is there whether or not there is work.
 */
export class ServerProcess {
  readonly #options: ServerProcessOptions;
  readonly #folder: string;
  readonly #unhook: () => void;
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #log = '';
  /** Writes since the process was made, over restarts. */
  writes: string[] = [];
  /** Called after each write with its number (from 0); true kills the server there, before it hears the answer. */
  killAt: ((index: number, event: RequestEvent) => boolean) | undefined;
  /** How often it was killed. */
  kills = 0;

  private constructor(options: ServerProcessOptions, folder: string) {
    this.#options = options;
    this.#folder = folder;
    this.#unhook = options.api.onRequest((event) => this.#onRequest(event));
  }

  /** Starts it; it goes on in the background. */
  static async start(options: ServerProcessOptions): Promise<ServerProcess> {
    const folder = await mkdtemp(join(tmpdir(), 'hvb-server-'));

    await writeFile(join(folder, 'token'), options.token, { mode: 0o600 });
    const server = new ServerProcess(options, folder);

    server.spawn();
    return server;
  }

  /** Starts the process (again). */
  spawn(): void {
    const child = spawn(process.execPath, [MAIN], {
      // The environment of a pod: nothing of the test's own leaks into it.
      env: { PATH: process.env.PATH ?? '', HVB_KUBE_URL: this.#options.url, HVB_KUBE_TOKEN_FILE: join(this.#folder, 'token'), HVB_LEASE_DURATION_MS: '1500', ...this.#options.env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });

    child.stderr.setEncoding('utf8').on('data', (text: string) => { this.#log += text; });
    this.#child = child;
    this.#exited = new Promise((resolve) => child.once('exit', () => resolve()));
  }

  /** Everything that it logged, over restarts. */
  get log(): string {
    return this.#log;
  }

  /** Kills it on the spot and starts it again. */
  async killAndRestart(): Promise<void> {
    this.kills++;
    this.#child?.kill('SIGKILL');
    await this.#exited;
    this.spawn();
  }

  /** Stops it the polite way; gives its exit code. */
  async stop(): Promise<number | null> {
    this.#unhook();
    this.#child?.kill('SIGTERM');
    await this.#exited;
    await rm(this.#folder, { recursive: true, force: true });
    return this.#child?.exitCode ?? null;
  }

  async #onRequest(event: RequestEvent): Promise<{ disconnect: true } | undefined> {
    if (event.phase !== 'after' || event.user !== this.#options.user || !WRITES.has(event.verb) || event.resource === 'leases' || event.resource === 'events') return undefined;
    const index = this.writes.push(`${event.verb} ${event.resource}${event.subresource ? `/${event.subresource}` : ''} ${event.name ?? ''}`) - 1;

    if (!this.killAt?.(index, event)) return undefined;
    await this.killAndRestart();
    return { disconnect: true };
  }
}
