import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ApiProxy, type ProxiedRequest } from './api-proxy.ts';

const MAIN = fileURLToPath(new URL('../../server/main.ts', import.meta.url));
const WRITES = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);

/** What {@link ServerProcess} needs to reach the API. */
export interface ServerProcessOptions { url: string; /** PEM; absent for plain HTTP. */ ca?: string; /** The server's own bearer token. */ token: string; env?: Record<string, string> }

/**
 * The real server as a child process, which can be killed (SIGKILL) right after any of its writes. Lease traffic does not
 * count as a write: it is there whether or not there is work. It reaches the API through a proxy of its own.
 */
export class ServerProcess {
  readonly #options: ServerProcessOptions;
  readonly #folder: string;
  #proxy: ApiProxy | undefined;
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #log = '';
  /** It should run: when it ends by itself it is started again. */
  #wanted = false;
  /** Writes since the process was made, over restarts. */
  writes: string[] = [];
  /** Called after each write with its number (from 0); true kills the server there, before it hears the answer. */
  killAt: ((index: number, request: ProxiedRequest) => boolean) | undefined;
  /** Awaited after each write, before the server hears its answer. */
  afterWrite: ((request: ProxiedRequest) => Promise<void> | void) | undefined;
  /** How often it was killed. */
  kills = 0;

  private constructor(options: ServerProcessOptions, folder: string) {
    this.#options = options;
    this.#folder = folder;
  }

  /** Starts it; it goes on in the background. */
  static async start(options: ServerProcessOptions): Promise<ServerProcess> {
    const folder = await mkdtemp(join(tmpdir(), 'hvb-server-'));

    await writeFile(join(folder, 'token'), options.token, { mode: 0o600 });
    const server = new ServerProcess(options, folder);

    server.#proxy = await ApiProxy.start({ target: options.url, ...(options.ca ? { ca: options.ca } : {}), hook: (request) => server.#onRequest(request) });
    server.spawn();
    return server;
  }

  /** Its connection to the API. */
  get network(): ApiProxy {
    return this.#proxy as ApiProxy;
  }

  /** Its process id, while it runs. */
  get pid(): number | undefined {
    return this.#child?.exitCode === null && this.#child.signalCode === null ? this.#child.pid : undefined;
  }

  /** Starts the process (again). */
  spawn(): void {
    const child = spawn(process.execPath, [MAIN], {
      // The environment of a pod: nothing of the test's own leaks into it.
      env: { PATH: process.env.PATH ?? '', HVB_KUBE_URL: this.network.url, HVB_KUBE_TOKEN_FILE: join(this.#folder, 'token'), HVB_LEASE_DURATION_MS: '1500', HVB_HTTP_PORT: '0', ...this.#options.env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });

    child.stderr.setEncoding('utf8').on('data', (text: string) => { this.#log += text; });
    this.#child = child;
    this.#wanted = true;
    this.#exited = new Promise((resolve) => child.once('exit', () => {
      resolve();
      // As a Deployment does: a server that lost its lease on a busy machine ends, and another begins.
      if (this.#wanted && this.#child === child) this.spawn();
    }));
  }

  /** Everything that it logged, over restarts. */
  get log(): string {
    return this.#log;
  }

  /** Address of its HTTP API, once it listens; another one after each start. */
  get httpUrl(): string {
    const port = [...this.#log.matchAll(/"port":(\d+)[^\n]*"msg":"HTTP server listening"/g)].at(-1)?.[1];

    if (!port) throw new Error('the server does not listen yet');
    return `http://127.0.0.1:${port}`;
  }

  /** Kills it on the spot. */
  async kill(): Promise<void> {
    this.kills++;
    this.#wanted = false;
    this.#child?.kill('SIGKILL');
    await this.#exited;
  }

  /** Kills it on the spot and starts it again. */
  async killAndRestart(): Promise<void> {
    const child = this.#child;

    await this.kill();
    // Two writes at once may each ask for the kill: a second new process would be a server that nobody can stop.
    if (this.#child === child) this.spawn();
  }

  /** Stops it in the middle of whatever it does, as a starved node does; it does not notice. */
  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  /** Lets it go on. @see pause */
  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  /** Stops it the polite way; gives its exit code. */
  async stop(): Promise<number | null> {
    this.killAt = undefined;
    this.afterWrite = undefined;
    this.#wanted = false;
    this.#child?.kill('SIGTERM');
    await this.#exited;
    await this.#proxy?.stop();
    await rm(this.#folder, { recursive: true, force: true });
    return this.#child?.exitCode ?? null;
  }

  async #onRequest(request: ProxiedRequest): Promise<'drop' | undefined> {
    const { verb, resource, subresource, name, status } = request;

    if (!WRITES.has(verb) || status >= 400 || resource === 'leases' || resource === 'events') return undefined;
    await this.afterWrite?.(request);
    const index = this.writes.push(`${verb} ${resource}${subresource ? `/${subresource}` : ''} ${name ?? ''}`) - 1;

    if (!this.killAt?.(index, request)) return undefined;
    await this.killAndRestart();
    return 'drop';
  }
}
