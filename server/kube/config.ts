import { readFile } from 'node:fs/promises';
import type { Clock } from '../contract/clock.ts';
import type { TransportOptions } from './http-transport.ts';

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
const TOKEN_MAX_AGE_MS = 60_000;

/** A token from a file, read anew at most once a minute: the kubelet rotates it in place. */
export function fileToken(file: string, clock: Clock): () => Promise<string> {
  let cached: { token: string; atMs: number } | undefined;

  return async () => {
    if (!cached || clock.monotonicMs() - cached.atMs >= TOKEN_MAX_AGE_MS) {
      cached = { token: (await readFile(file, 'utf8')).trim(), atMs: clock.monotonicMs() };
    }

    return cached.token;
  };
}

/**
 * Where the Kubernetes API is: `HVB_KUBE_URL` with `HVB_KUBE_TOKEN_FILE` (and `HVB_KUBE_CA_FILE`), else the convention of a pod.
 * Throws one line that says what is missing.
 */
export async function kubeConfigFromEnv(env: NodeJS.ProcessEnv, clock: Clock): Promise<Pick<TransportOptions, 'baseUrl' | 'token' | 'ca'>> {
  const url = env['HVB_KUBE_URL'];

  if (url) {
    const tokenFile = env['HVB_KUBE_TOKEN_FILE'];
    const caFile = env['HVB_KUBE_CA_FILE'];

    if (!tokenFile) {
      throw new Error('HVB_KUBE_URL is set without HVB_KUBE_TOKEN_FILE: name the file that holds the bearer token');
    }

    return { baseUrl: url, token: fileToken(tokenFile, clock), ...(caFile ? { ca: await readFile(caFile, 'utf8') } : {}) };
  }
  const host = env['KUBERNETES_SERVICE_HOST'];

  if (!host) {
    throw new Error('no Kubernetes API: run in a pod, or set HVB_KUBE_URL and HVB_KUBE_TOKEN_FILE');
  }

  return {
    baseUrl: `https://${host.includes(':') ? `[${host}]` : host}:${env['KUBERNETES_SERVICE_PORT'] ?? '443'}`,
    token: fileToken(`${SERVICE_ACCOUNT}/token`, clock),
    ca: await readFile(`${SERVICE_ACCOUNT}/ca.crt`, 'utf8'),
  };
}
