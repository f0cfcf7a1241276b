import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../server/cli/main.ts', import.meta.url));

/** Longer than anything it waits for takes on a busy machine, shorter than a test. */
const LIMIT_MS = 150_000;

/** How a run of `hvb` ended. */
export interface HvbRun { code: number | null; stdout: string; stderr: string }

/** Whom `hvb` is run as, and where. */
export interface HvbUser { url: string; ca?: string | undefined; token: string; namespace?: string }

/** The real `hvb` as a child process, with a kubeconfig of its own in a temporary folder. */
export class Hvb {
  readonly kubeconfig: string;
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.kubeconfig = join(folder, 'kubeconfig');
  }

  static async for(user: HvbUser): Promise<Hvb> {
    const hvb = new Hvb(await mkdtemp(join(tmpdir(), 'hvb-cli-')));

    await writeFile(hvb.kubeconfig, JSON.stringify(kubeconfigOf(user)), { mode: 0o600 });
    return hvb;
  }

  /** Runs it to its end. `onStderr` gets the process, to interrupt it when it says something. */
  run(args: readonly string[], { env = {}, onStderr }: { env?: Record<string, string>; onStderr?: (text: string, interrupt: () => void) => void } = {}): Promise<HvbRun> {
    return new Promise((resolve, reject) => {
      // No home and no in-cluster account: only the kubeconfig that is named is found.
      const child = spawn(process.execPath, [MAIN, ...args], { env: { PATH: process.env.PATH ?? '', HOME: this.#folder, KUBECONFIG: this.kubeconfig, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
      const run: HvbRun = { code: null, stdout: '', stderr: '' };

      let interrupted = false;
      const interrupt = (): void => {
        if (!interrupted) child.kill('SIGINT');
        interrupted = true;
      };
      const limit = setTimeout(() => {
        child.kill('SIGKILL');
        reject(new Error(`hvb ${args.join(' ')} did not end within ${LIMIT_MS} ms; it printed:\n${run.stdout}\nand said:\n${run.stderr}`));
      }, LIMIT_MS);

      child.stdout.setEncoding('utf8').on('data', (text: string) => { run.stdout += text; });
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        run.stderr += text;
        onStderr?.(run.stderr, interrupt);
      });
      child.on('error', reject);
      child.on('close', (code) => {
        clearTimeout(limit);
        resolve({ ...run, code });
      });
    });
  }

  remove(): Promise<void> {
    return rm(this.#folder, { recursive: true, force: true });
  }
}

/** A kubeconfig (v1) of one cluster, one user, one context. */
export function kubeconfigOf({ url, ca, token, namespace = 'web' }: HvbUser): object {
  return {
    apiVersion: 'v1', kind: 'Config', 'current-context': 'test', preferences: {},
    clusters: [{ name: 'test', cluster: { server: url, ...(ca ? { 'certificate-authority-data': Buffer.from(ca).toString('base64') } : {}) } }],
    users: [{ name: 'test', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test', namespace } }],
  };
}
