import type { ResourceType } from '../contract/api.ts';
import type { Clock } from '../contract/clock.ts';
import type { KubeObject } from '../contract/kubernetes.ts';
import { ApiError, type KubeClient } from '../kube/client.ts';
import { createHttpClient } from '../kube/http-client.ts';
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

const SELF_SUBJECT_REVIEW: ResourceType = { group: 'authentication.k8s.io', version: 'v1', kind: 'SelfSubjectReview', plural: 'selfsubjectreviews', namespaced: false };

/** The caller's user name as the API has it (SelfSubjectReview); undefined where the API does not tell it. */
export async function callerName(client: KubeClient): Promise<string | undefined> {
  try {
    const review: KubeObject & { status?: { userInfo?: { username?: string } } } = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview', metadata: { name: '' } };

    return (await client.create(SELF_SUBJECT_REVIEW, review)).status?.userInfo?.username;
  } catch (error) {
    if (error instanceof ApiError) return undefined;
    throw error;
  }
}
