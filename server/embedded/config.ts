import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

/** How the embedded cluster is started. */
export interface EmbeddedConfig {
  /** Port of the dashboard on 127.0.0.1; 0 takes a free one. */
  port: number;
  /** Absolute path of the folder that holds everything that outlives the process. */
  dataDir: string;
  /** Empty the data folder first. */
  reset: boolean;
  /** Start the server process; without it somebody else starts one with the printed kubeconfig. */
  server: boolean;
  /** Factor for the sizes of the VMs' disks on the first start; 1 is 256 to 512 MiB. */
  diskScale: number;
  /** Folder of the dashboard's build. */
  shellDist: string;
  /** Folder of the extension's build. */
  pluginDist: string;
}

/** A command line or environment that can't be used; the message is for the person who typed it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const DEFAULT_PORT = 8089;

export const HELP = `Opens the Rancher Dashboard with VM backup on a cluster that lives in this process.

  npm start -- [options]

  --port <n>     port of the dashboard on 127.0.0.1 (default ${DEFAULT_PORT}; 0 takes a free one)
  --data <dir>   folder for disks, objects and settings (default .hvb-data)
  --reset        empty that folder first
  --no-server    do not start the backup server; start it yourself with the printed kubeconfig
  --help         show this

HVB_DISK_SCALE in the environment is a factor for the sizes of the VMs' disks on the first start.
`;

function portOf(text: string): number {
  const port = Number(text);

  if (!/^\d+$/.test(text) || port > 65535) {
    throw new UsageError(`--port "${text}" is no port number; give one from 0 to 65535`);
  }

  return port;
}

function scaleOf(text: string | undefined): number {
  const scale = Number(text ?? 1);

  if (!(scale > 0 && scale <= 64)) throw new UsageError(`HVB_DISK_SCALE is "${text}"; give a factor above 0, up to 64`);

  return scale;
}

function folderOf(env: NodeJS.ProcessEnv, name: string, what: string): string {
  const folder = env[name];

  if (!folder) {
    throw new UsageError(`${name} is not set: it names the folder of ${what}. "npm start" builds it and sets it`);
  }

  return resolve(folder);
}

/** Reads the command line (without node and script). `undefined` means: help was asked for. Throws UsageError. */
export function parseConfig(args: readonly string[], env: NodeJS.ProcessEnv, cwd: string): EmbeddedConfig | undefined {
  let values;

  try {
    ({ values } = parseArgs({
      args: [...args],
      options: { port: { type: 'string' }, data: { type: 'string' }, reset: { type: 'boolean' }, server: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
      allowNegative: true,
      strict: true,
    }));
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${HELP}`);
  }
  if (values.help) return undefined;
  if (values.data === '') throw new UsageError('--data needs the name of a folder');

  return {
    port: values.port === undefined ? DEFAULT_PORT : portOf(values.port),
    dataDir: resolve(cwd, values.data ?? '.hvb-data'),
    reset: values.reset ?? false,
    server: values.server ?? true,
    diskScale: scaleOf(env['HVB_DISK_SCALE']),
    shellDist: folderOf(env, 'HVB_SHELL_DIST', 'the built Rancher Dashboard'),
    pluginDist: folderOf(env, 'HVB_PLUGIN_DIST', 'the built extension'),
  };
}
