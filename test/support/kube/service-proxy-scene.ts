/**
 * A real kube-apiserver with the real server behind its service proxy, asked by people: run in a network namespace of its own,
 * as that proxy refuses loopback addresses. Prints what was answered as JSON. `node service-proxy-scene.ts <address>`
 */
import { randomBytes } from 'node:crypto';
import https from 'node:https';
import { POD, type ResourceType } from '../../../server/contract/api.ts';
import type { KubeObject } from '../../../server/contract/kubernetes.ts';
import { SYSTEM_NAMESPACE } from '../../../server/contract/names.ts';
import { CLUSTER_ROLE_BINDING, ROLE_BINDING } from '../../../server/embedded/seed/chart.ts';
import { IDENTITIES, seedAccess } from '../../../server/embedded/seed/access.ts';
import type { HttpKubeClient } from '../../../server/kube/http-client.ts';
import { createLogger } from '../../../server/telemetry/log.ts';
import { systemClock } from '../../../server/telemetry/system-clock.ts';
import { ServerProcess } from '../server-process.ts';
import { startTestApi } from '../test-api.ts';
import { waitFor } from '../wait.ts';

/** What a person asked and what came back. */
export interface SceneAnswer { who: string; method: string; path: string; status: number; body: string; headers: Record<string, unknown> }

/** What the scene prints. `log`: of the server. */
export interface SceneResult { answers: SceneAnswer[]; log: string }

const SERVICE: ResourceType = { group: '', version: 'v1', kind: 'Service', plural: 'services', namespaced: true };
const ENDPOINTS: ResourceType = { group: '', version: 'v1', kind: 'Endpoints', plural: 'endpoints', namespaced: true };
const PORT = 8080;
const [address = ''] = process.argv.slice(2);
const token = (): string => randomBytes(16).toString('hex');
const tokens = { admin: token(), operator: token(), tenant: token(), server: token() };
const cookie = process.env['SCENE_COOKIE'] ?? '';

/** The objects by which kube-apiserver finds the server: a Service, its Endpoints and the pod behind them. */
async function publish(client: HttpKubeClient): Promise<void> {
  const metadata = { namespace: SYSTEM_NAMESPACE, name: 'harvester-vm-backup' };
  const pod = await client.create<KubeObject>(POD, { apiVersion: 'v1', kind: 'Pod', metadata, spec: { nodeName: 'nowhere', automountServiceAccountToken: false, containers: [{ name: 'server', image: 'server:1' }] } } as KubeObject);

  await client.replaceStatus<KubeObject>(POD, { ...pod, status: { phase: 'Running', podIP: address, podIPs: [{ ip: address }] } } as KubeObject);
  await client.create<KubeObject>(SERVICE, { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ name: 'http', port: PORT, targetPort: PORT }] } } as KubeObject);
  await client.create<KubeObject>(ENDPOINTS, {
    apiVersion: 'v1', kind: 'Endpoints', metadata,
    subsets: [{ addresses: [{ ip: address, targetRef: { kind: 'Pod', ...metadata, uid: pod.metadata.uid } }], ports: [{ name: 'http', port: PORT }] }],
  } as KubeObject);
}

/** Binds the chart's operator roles to the user `operator`; `tenant` may edit a namespace of its own. */
async function bindPeople(client: HttpKubeClient): Promise<void> {
  const subject = (name: string) => [{ kind: 'User', name, apiGroup: 'rbac.authorization.k8s.io' }];
  const role = (kind: string, name: string) => ({ apiGroup: 'rbac.authorization.k8s.io', kind, name });

  await client.create<KubeObject>(CLUSTER_ROLE_BINDING, { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: { name: 'operator' }, roleRef: role('ClusterRole', 'harvester-vm-backup-operator'), subjects: subject('operator') } as KubeObject);
  await client.create<KubeObject>(ROLE_BINDING, { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding', metadata: { namespace: SYSTEM_NAMESPACE, name: 'operator' }, roleRef: role('Role', 'harvester-vm-backup-operator'), subjects: subject('operator') } as KubeObject);
  await client.create<KubeObject>(ROLE_BINDING, { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding', metadata: { namespace: 'default', name: 'tenant' }, roleRef: role('ClusterRole', 'admin'), subjects: subject('tenant') } as KubeObject);
}

function askAs(base: { url: string; ca?: string | undefined }, who: keyof typeof tokens, method: string, path: string): Promise<SceneAnswer> {
  const full = `/api/v1/namespaces/${SYSTEM_NAMESPACE}/services/http:harvester-vm-backup:http/proxy${path}`;

  return new Promise((resolve, reject) => {
    https.request(`${base.url}${full}`, { method, ca: base.ca, headers: { authorization: `Bearer ${tokens[who]}`, cookie: `R_SESS=${cookie}`, 'content-type': 'application/json' } }, (response) => {
      const chunks: Buffer[] = [];

      response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject)
        .on('end', () => resolve({ who, method, path, status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString(), headers: { ...response.headers } }));
    }).on('error', reject).end(method === 'GET' ? undefined : '{}');
  });
}

const log = createLogger({ clock: systemClock, level: 'warn', write: () => undefined });
const api = await startTestApi({
  adminToken: tokens.admin, folder: '', log,
  users: { [tokens.admin]: IDENTITIES.admin, [tokens.server]: IDENTITIES.server, [tokens.operator]: { user: 'operator', groups: ['staff'] }, [tokens.tenant]: { user: 'tenant', groups: ['staff'] } },
});

try {
  const client = api.clientFor(tokens.admin);

  await seedAccess(client);
  await bindPeople(client);
  await publish(client);
  const server = await ServerProcess.start({ url: api.url, ...(api.ca ? { ca: api.ca } : {}), token: tokens.server, env: { HVB_HTTP_HOST: address, HVB_HTTP_PORT: String(PORT), HVB_LOG_LEVEL: 'debug' } });

  try {
    await waitFor('the server behind the proxy', async () => (await askAs(api, 'operator', 'GET', '/readyz')).status === 200, { seconds: 60, describe: () => server.log.slice(-2000) });
    const answers = [
      await askAs(api, 'operator', 'GET', '/v1/report'), await askAs(api, 'operator', 'GET', '/v1/activity'), await askAs(api, 'tenant', 'GET', '/v1/report'),
      await askAs(api, 'operator', 'POST', '/v1/namespaces/default/backups'), await askAs(api, 'admin', 'POST', '/v1/namespaces/default/backups'), await askAs(api, 'admin', 'DELETE', '/v1/namespaces/default/backups/b'),
    ];
    const result: SceneResult = { answers, log: server.log };

    process.stdout.write(JSON.stringify(result));
  } finally {
    await server.stop();
  }
} finally {
  await api.stop();
}
