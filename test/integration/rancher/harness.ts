import type { ApiServer, KubeObject } from '../../../server/embedded/api/index.ts';
import type { RancherFacade, RancherOptions } from '../../../server/embedded/rancher/index.ts';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { customResourceDefinitions } from '../../../server/contract/crd/index.ts';
import { createApiServer } from '../../../server/embedded/api/index.ts';
import { createRancherFacade } from '../../../server/embedded/rancher/index.ts';

export const ROOT = { user: 'root', groups: ['system:masters'] };
export const LANDING = '/dashboard/harvester-vm-backup/c/local/vms';

/** Answer of the facade. */
export interface Answer { status: number; headers: Record<string, string | string[] | undefined>; body: string; json: () => Record<string, unknown> }

/** What a request is made of; `user` is the demo user, `browser` sends what a browser would. */
export interface Ask { method?: string; user?: string; headers?: Record<string, string>; body?: unknown; browser?: boolean }

/** A facade on an API in memory, with small files in place of the dashboard and the extension. */
export interface Lab {
  api: ApiServer;
  url: string;
  folder: string;
  ask(path: string, ask?: Ask): Promise<Answer>;
  /** Creates an object in the API directly. */
  put(path: string, object: Record<string, unknown>): Promise<KubeObject>;
  /** Opens a subscribe socket; `next` gives the next message that fits. */
  subscribe(path?: string, user?: string): Promise<Socket>;
  restart(): Promise<void>;
  close(): Promise<void>;
}

export interface Socket { send(message: object): void; next(name: string): Promise<Record<string, unknown>>; seen: Record<string, unknown>[]; close(): void }

function send(url: string, path: string, { method = 'GET', user, headers = {}, body, browser }: Ask): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
    const cookie = [user ? `hvb-user=${user}` : '', browser ? 'CSRF=token' : ''].filter(Boolean).join('; ');
    const request = httpRequest(`${url}${path}`, {
      method,
      headers: { ...(text ? { 'content-type': 'application/json' } : {}), ...(browser ? { 'user-agent': 'Mozilla/5.0' } : {}), ...(cookie ? { cookie } : {}), ...headers },
    }, (response) => {
      const chunks: Buffer[] = [];

      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const answer = Buffer.concat(chunks).toString('utf8');

        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: answer, json: () => JSON.parse(answer) as Record<string, unknown> });
      });
    });

    request.on('error', reject);
    request.end(text);
  });
}

function openSocket(url: string, user: string | undefined): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const webSocket = new WebSocket(url, user ? { headers: { cookie: `hvb-user=${user}` } } : {});
    const seen: Record<string, unknown>[] = [];
    let waiting: { name: string; resolve: (message: Record<string, unknown>) => void }[] = [];
    const unread: Record<string, unknown>[] = [];

    webSocket.on('message', (data) => {
      const message = JSON.parse(String(data)) as Record<string, unknown>;

      seen.push(message);
      const waiter = waiting.find(({ name }) => name === message['name']);

      if (waiter) {
        waiting = waiting.filter((other) => other !== waiter);
        waiter.resolve(message);
      } else {
        unread.push(message);
      }
    });
    webSocket.on('error', reject);
    webSocket.on('open', () => resolve({
      seen,
      send: (message) => webSocket.send(JSON.stringify(message)),
      next: (name) => {
        const at = unread.findIndex((message) => message['name'] === name);

        return at >= 0 ? Promise.resolve(unread.splice(at, 1)[0] as Record<string, unknown>) : new Promise((done) => waiting.push({ name, resolve: done }));
      },
      close: () => webSocket.terminate(),
    }));
  });
}

async function files(folder: string): Promise<{ shellDist: string; pluginDist: string }> {
  const [shellDist, pluginDist] = [join(folder, 'shell'), join(folder, 'plugins')];

  await mkdir(join(shellDist, 'js'), { recursive: true });
  await mkdir(join(pluginDist, 'harvester-vm-backup-0.1.0'), { recursive: true });
  await writeFile(join(shellDist, 'index.html'), '<html>dashboard</html>');
  await writeFile(join(shellDist, 'js', 'index.0123abcd.js'), 'dashboard();');
  await writeFile(join(folder, 'secret.txt'), 'not for the web');
  await writeFile(join(pluginDist, 'harvester-vm-backup-0.1.0', 'package.json'), JSON.stringify({ name: 'harvester-vm-backup', version: '0.1.0' }));
  await writeFile(join(pluginDist, 'harvester-vm-backup-0.1.0', 'harvester-vm-backup-0.1.0.umd.min.js'), 'extension();');

  return { shellDist, pluginDist };
}

/** Starts a lab; `services` are what the service proxy reaches. */
export async function startLab(services: RancherOptions['services'] = new Map()): Promise<Lab> {
  const folder = await mkdtemp(join(tmpdir(), 'hvb-rancher-'));
  const tokens = new Map([['admin', 'admin-token'], ['viewer', 'viewer-token'], ['guest', 'guest-token']]);
  const api = createApiServer({
    memory: true,
    crds: customResourceDefinitions().map((crd) => ({ ...crd })),
    tokens: { 'admin-token': { user: 'admin', groups: ['system:masters'] }, 'viewer-token': { user: 'viewer', groups: [] }, 'guest-token': { user: 'guest', groups: [] } },
  });
  const options: RancherOptions = {
    api, apiUrl: await api.listen(0), tokens, services, landing: LANDING, preferencesFile: join(folder, 'preferences.json'),
    now: () => new Date('2026-01-02T03:04:05Z'), ...await files(folder),
  };
  let facade: RancherFacade = await createRancherFacade(options);
  const lab: Lab = {
    api,
    url: await facade.listen(0),
    folder,
    ask: (path, ask = {}) => send(lab.url, path, ask),
    put: async (path, object) => {
      const answer = await api.request(ROOT, { method: 'POST', url: path, body: object });

      if (answer.status >= 400) throw new Error(JSON.stringify(answer.body));

      return answer.body as KubeObject;
    },
    subscribe: (path = '/v1/subscribe', user) => openSocket(`${lab.url.replace('http', 'ws')}${path}`, user),
    restart: async () => {
      await facade.close();
      facade = await createRancherFacade(options);
      lab.url = await facade.listen(0);
    },
    close: async () => {
      await facade.close();
      await api.close();
      await rm(folder, { recursive: true, force: true });
    },
  };

  for (const name of ['shop', 'office']) await lab.put('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });

  return lab;
}

/** A ConfigMap, the plainest namespaced object. */
export function configMap(namespace: string, name: string, data: Record<string, string> = {}, labels: Record<string, string> = {}): Record<string, unknown> {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace, labels }, data };
}
