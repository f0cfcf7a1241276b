import { readFile } from 'node:fs/promises';
import type http from 'node:http';
import type https from 'node:https';
import path from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import type { TransportOptions } from '../kube/http-transport.ts';
import { CliError } from './errors.ts';
import { EXIT } from './exit-codes.ts';

/** Which cluster, as whom. */
export interface KubeconfigChoice {
  /** File; without it `KUBECONFIG`, then `~/.kube/config`, then the service account of a pod. */
  kubeconfig?: string;
  /** Name of a context; without it the current one. */
  context?: string;
}

/** How the chosen cluster is reached, and the namespace of the chosen context. */
export interface ChosenCluster { transport: TransportOptions; namespace: string }

const NOTHING_FOUND = 'http://localhost:8080';

/**
 * Reads the kubeconfig, and has its plugin (`exec`) give credentials where it names one.
 * @throws CliError when there is none, it is no kubeconfig, or it lacks the context. Never quotes the file: it holds credentials.
 */
export async function chooseCluster(choice: KubeconfigChoice): Promise<ChosenCluster> {
  const config = await load(choice);
  const name = choice.context ?? config.getCurrentContext();
  const context = config.getContextObject(name);

  if (!context) {
    const known = config.getContexts().map((each) => each.name);

    throw new CliError(EXIT.usage, name ? `The kubeconfig has no context "${name}"; it has ${known.join(', ') || 'none'}.` : 'The kubeconfig has no current context.', 'Choose one with --context.');
  }
  config.setCurrentContext(name);
  const cluster = config.getCurrentCluster();

  if (!cluster || !config.getCurrentUser()) throw new CliError(EXIT.usage, `Context "${name}" of the kubeconfig refers to the ${cluster ? `user "${context.user}"` : `cluster "${context.cluster}"`}, which is not in it.`);
  // Where there is no TLS there is nothing to verify; the library asks for that to be said.
  const plain = cluster.server.startsWith('http:');

  if (plain) config.clusters = config.clusters.map((each) => (each.name === cluster.name ? { ...each, skipTLSVerify: true } : each));
  const options = await credentials(config, name);

  return { namespace: context.namespace ?? 'default', transport: { baseUrl: cluster.server, ...(plain ? {} : tlsOf(options)), ...(cluster.proxyUrl ? { agent: options.agent as http.Agent } : {}), headers: () => headersOf(config, name) } };
}

async function load({ kubeconfig }: KubeconfigChoice): Promise<KubeConfig> {
  // Taken in only by commands that talk to a cluster: reading it takes longer than all the rest.
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  const where = kubeconfig ?? process.env['KUBECONFIG'] ?? '~/.kube/config';

  try {
    if (kubeconfig === undefined) config.loadFromDefault();
    else {
      await readFile(kubeconfig);
      config.loadFromFile(path.resolve(kubeconfig));
    }
  } catch (error) {
    throw new CliError(EXIT.usage, `The kubeconfig ${where} cannot be read: ${reasonOf(error)}.`, 'Name a kubeconfig with --kubeconfig or KUBECONFIG.');
  }
  if (config.getCurrentCluster()?.server === NOTHING_FOUND && config.getCurrentContext() === 'loaded-context') throw new CliError(EXIT.usage, `There is no kubeconfig at ${where}.`, 'Name one with --kubeconfig or KUBECONFIG; Rancher gives it with "Download KubeConfig".');
  return config;
}

/** Why a file cannot be read. Of the YAML library only its reason: its message quotes the lines around, and a kubeconfig holds credentials. */
function reasonOf(error: unknown): string {
  if (error instanceof Error && error.name === 'YAMLException') return `it is not YAML (${(error as Error & { reason?: string }).reason ?? 'syntax error'})`;
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code === 'ENOENT' ? 'it does not exist' : error.code;
  return error instanceof Error && /^(clusters|users|contexts)\[\d+\]\.[a-z.]+ is missing$/.test(error.message) ? error.message : 'it is not a kubeconfig';
}

/** Everything that the library would set for a request of its own. A plugin that fails is told by its last line, as kubectl does. */
async function credentials(config: KubeConfig, context: string): Promise<https.RequestOptions> {
  const options: https.RequestOptions = {};

  try {
    await config.applyToHTTPSOptions(options);
  } catch (error) {
    const words = error instanceof Error ? error.message.trim().split('\n').at(-1) ?? '' : String(error);

    throw new CliError(EXIT.forbidden, `The credentials of context "${context}" cannot be had: ${words.slice(0, 300)}`, 'Check the user of the context: its files, and its plugin (exec).');
  }
  return options;
}

async function headersOf(config: KubeConfig, context: string): Promise<Record<string, string>> {
  const { headers, auth } = await credentials(config, context);
  const basic: Record<string, string> = typeof auth === 'string' ? { authorization: `Basic ${Buffer.from(auth).toString('base64')}` } : {};

  return { ...Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)])), ...basic };
}

function tlsOf({ ca, cert, key, servername, rejectUnauthorized }: https.RequestOptions): Partial<TransportOptions> {
  const text = (value: unknown): string | undefined => (value === undefined ? undefined : String(value));

  return {
    ...(ca === undefined ? {} : { ca: text(ca) }), ...(cert === undefined ? {} : { cert: text(cert) }), ...(key === undefined ? {} : { key: text(key) }),
    ...(servername === undefined ? {} : { servername }), ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
  };
}
