/** `npm start`: opens the product on the embedded cluster and runs it until Ctrl-C. */
import type { EmbeddedConfig } from './config.ts';
import type { EmbeddedCluster } from './cluster.ts';
import { createWriteStream } from 'node:fs';
import { createLogger } from '../telemetry/log.ts';
import { systemClock } from '../telemetry/system-clock.ts';
import { startCluster } from './cluster.ts';
import { HELP, UsageError, parseConfig } from './config.ts';
import { openDataFolder } from './process/data-folder.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function explain(error: unknown, port: number): string {
  if (error instanceof UsageError) return error.message;
  if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return `port ${port} is in use; end what uses it, or choose another with --port (0 takes a free one)`;
  if ((error as NodeJS.ErrnoException).code === 'EACCES') return `port ${port} may not be used by this account; choose another with --port`;

  return error instanceof Error ? error.stack ?? error.message : String(error);
}

/** Prints each step when it begins, and how long it took when the next one does. */
function stepPrinter(): { begin: (what: string) => void; end: () => void } {
  let open: { what: string; since: number } | undefined;
  const end = (): void => {
    if (open) say(`  ${open.what.padEnd(28)} ${((systemClock.monotonicMs() - open.since) / 1000).toFixed(1)} s`);
    open = undefined;
  };

  return {
    end,
    begin: (what) => {
      end();
      open = { what, since: systemClock.monotonicMs() };
    },
  };
}

function tellWhere(cluster: EmbeddedCluster, config: EmbeddedConfig, seconds: string): void {
  const url = (cluster.dashboardUrl ?? '').replace('127.0.0.1', 'localhost');

  say(`\nReady after ${seconds} s:  ${url}\n`);
  say(`  Without a password, on this machine only. ${url}/?hvb-user=viewer shows it to a read-only user,`);
  say('  ?hvb-user=guest to one without rights on backups, ?hvb-user=admin to the administrator again.');
  say(`  kubectl:    KUBECONFIG=${cluster.kubeconfigPath}`);
  say(`  Server log: ${config.server ? `${config.dataDir}/server.log` : 'none, the server was not started (--no-server)'}`);
  say('  Real: the Rancher Dashboard, the extension, the server, the mover, restic and every byte on the disks.');
  say('  Simulated: Kubernetes (API in this process), KubeVirt, the storage drivers, Rancher’s log-in.');
  say('  Ctrl-C ends it; the next start goes on with the same data, --reset starts afresh.\n');
}

/** Resolves with the first signal that asks to end. */
function endSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, resolve);
  });
}

async function run(config: EmbeddedConfig): Promise<void> {
  const started = systemClock.monotonicMs();
  const steps = stepPrinter();
  const folder = await openDataFolder(config.dataDir, { reset: config.reset });

  try {
    const logFile = createWriteStream(folder.path('cluster.log'), { flags: 'a', mode: 0o600 });
    const log = createLogger({ clock: systemClock, level: 'info', write: (line) => void logFile.write(line) });
    const ended = endSignal();

    say(`Embedded cluster in ${config.dataDir}`);
    const cluster = await startCluster({
      folder, clock: systemClock, log, env: process.env, server: config.server, seed: { scale: config.diskScale }, onStep: steps.begin,
      dashboard: { port: config.port, shellDist: config.shellDist, pluginDist: config.pluginDist },
      onServerExit: (how, delayMs) => say(`The backup server ended (${how}); it starts again in ${delayMs / 1000} s. See ${config.dataDir}/server.log`),
    });

    steps.end();
    tellWhere(cluster, config, ((systemClock.monotonicMs() - started) / 1000).toFixed(1));
    await ended;
    say('Ending …');
    await cluster.stop();
    await new Promise<void>((resolve) => logFile.end(resolve));
  } finally {
    await folder.release();
  }
}

let port = 0;

try {
  const config = parseConfig(process.argv.slice(2), process.env, process.cwd());

  port = config?.port ?? 0;
  if (config) await run(config);
  else say(HELP);
} catch (error) {
  process.stderr.write(`${explain(error, port)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
