import type { Clock } from '../contract/clock.ts';
import { ApiError, type KubeClient } from '../kube/client.ts';
import { createHttpClient } from '../kube/http-client.ts';
import { whoAmI } from '../kube/who-am-i.ts';
import { chooseCluster, type KubeconfigChoice } from './kubeconfig.ts';
import type { Format } from './output/print.ts';

/** What a command works with, whether or not it talks to a cluster. */
export interface CliIo {
  clock: Clock;
  /** Machine output: tables, JSON, YAML. */
  readonly out: (text: string) => void;
  /** Words for the person: progress and errors, one line each. */
  readonly say: (line: string) => void;
  /** Aborted by Ctrl-C. */
  signal: AbortSignal;
}

/** A {@link CliIo} with the cluster of the kubeconfig. */
export interface CliContext extends CliIo {
  client: KubeClient;
  /** From `-n`, else from the context. */
  namespace: string;
  format: Format;
}

/** Options of every command that talks to a cluster. */
export interface ClusterOptions extends KubeconfigChoice { namespace?: string; output: Format }

/** Opens the cluster, runs the command, and closes its connections. */
export async function withCluster(io: CliIo, options: ClusterOptions, command: (context: CliContext) => Promise<void>): Promise<void> {
  const { transport, namespace } = await chooseCluster(options);
  const client = createHttpClient(transport);

  try {
    await command({ ...io, client, namespace: options.namespace ?? namespace, format: options.output });
  } finally {
    client.close();
  }
}

/** The caller's user name as the API has it (SelfSubjectReview); undefined where the API does not tell it. */
export async function callerName(client: KubeClient): Promise<string | undefined> {
  try {
    return await whoAmI(client);
  } catch (error) {
    if (error instanceof ApiError) return undefined;
    throw error;
  }
}
