import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VM_BACKUP } from '../../../server/contract/api.ts';
import { chooseCluster, type KubeconfigChoice } from '../../../server/cli/kubeconfig.ts';
import { EXIT } from '../../../server/cli/exit-codes.ts';
import { ConnectionError } from '../../../server/kube/client.ts';
import { createHttpClient } from '../../../server/kube/http-client.ts';
import { selfSigned } from '../../support/certificate.ts';

const CANARY = 'canary-91ce';
const base64 = (text: string): string => Buffer.from(text).toString('base64');

interface Config { server?: string; cluster?: object; user?: object; namespace?: string }

describe('the kubeconfig', () => {
  let folder: string;
  let files = 0;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hvb-kubeconfig-'));
    // Large: read here once, not in the time of the first test.
    await import('@kubernetes/client-node');
  }, 120_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** Writes a kubeconfig and gives its path. */
  async function file(content: object | string): Promise<string> {
    const path = join(folder, `config-${files++}`);

    await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  }

  const config = ({ server = 'http://127.0.0.1:1', cluster = {}, user = { token: CANARY }, namespace = 'web' }: Config = {}): object => ({
    apiVersion: 'v1', kind: 'Config', 'current-context': 'one',
    clusters: [{ name: 'c', cluster: { server, ...cluster } }], users: [{ name: 'u', user }],
    contexts: [{ name: 'one', context: { cluster: 'c', user: 'u', namespace } }, { name: 'two', context: { cluster: 'c', user: 'u' } }, { name: 'broken', context: { cluster: 'c', user: 'nobody' } }],
  });

  /** Lists backups through the chosen cluster: what its server answers. */
  async function ask(choice: KubeconfigChoice): Promise<unknown> {
    const { transport } = await chooseCluster(choice);
    const client = createHttpClient(transport);

    try {
      return (await client.list(VM_BACKUP)).resourceVersion;
    } finally {
      client.close();
    }
  }

  /** Runs `work` with a server that answers a list, whose version is what `who` sees of the request. */
  async function withServer(server: http.Server | https.Server, who: (request: http.IncomingMessage) => unknown, work: (url: string) => Promise<void>): Promise<void> {
    server.on('request', (request: http.IncomingMessage, response: http.ServerResponse) => response.end(JSON.stringify({ metadata: { resourceVersion: who(request) }, items: [] })));
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    try {
      await work(`${server instanceof https.Server ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`);
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => { server.close(resolve); });
    }
  }

  it('given contexts, when one is chosen, then its namespace counts, and "default" where it has none', async () => {
    const kubeconfig = await file(config());

    expect([(await chooseCluster({ kubeconfig })).namespace, (await chooseCluster({ kubeconfig, context: 'two' })).namespace]).toEqual(['web', 'default']);
  });

  it('given a token, an impersonated user, or a name and password, when the API is asked, then it hears them', async () => {
    await withServer(http.createServer(), ({ headers }) => [headers.authorization, headers['impersonate-user']], async (server) => {
      expect(await ask({ kubeconfig: await file(config({ server, user: { token: CANARY, as: 'ann' } })) })).toEqual([`Bearer ${CANARY}`, 'ann']);
      expect(await ask({ kubeconfig: await file(config({ server, user: { username: 'ann', password: 'p' } })) })).toEqual([`Basic ${base64('ann:p')}`, null]);
    });
  });

  it('given a plugin, when the API is asked, then it hears the plugin\'s token; when the plugin fails, its last words are told', async () => {
    const plugin = (script: string): object => ({ exec: { apiVersion: 'client.authentication.k8s.io/v1', command: process.execPath, args: ['-e', script], interactiveMode: 'Never' } });

    await withServer(http.createServer(), ({ headers }) => headers.authorization, async (server) => {
      expect(await ask({ kubeconfig: await file(config({ server, user: plugin('console.log(JSON.stringify({ status: { token: "from-plugin" } }))') })) })).toBe('Bearer from-plugin');
    });
    await expect(chooseCluster({ kubeconfig: await file(config({ user: plugin('console.error("debug\\nlog in first"); process.exit(1)') })) })).rejects.toMatchObject({ exitCode: EXIT.forbidden, message: expect.stringMatching(/context "one" .*: log in first$/) as string });
  });

  it('given a client certificate and the API\'s authority, when the API is asked, then it knows the client; without the authority it is not trusted', async () => {
    const [server, client] = [selfSigned('api'), selfSigned('ann')];
    const user = { 'client-certificate-data': base64(client.cert), 'client-key-data': base64(client.key) };

    await withServer(https.createServer({ ...server, requestCert: true, ca: client.cert }), ({ socket }) => (socket as TLSSocket).getPeerCertificate().subject?.CN, async (url) => {
      expect(await ask({ kubeconfig: await file(config({ server: url, cluster: { 'certificate-authority-data': base64(server.cert) }, user })) })).toBe('ann');
      await expect(ask({ kubeconfig: await file(config({ server: url, user })) })).rejects.toBeInstanceOf(ConnectionError);
      await expect(ask({ kubeconfig: await file(config({ server: url, cluster: { 'certificate-authority-data': base64(server.cert), 'tls-server-name': 'elsewhere' }, user })) })).rejects.toBeInstanceOf(ConnectionError);
      expect(await ask({ kubeconfig: await file(config({ server: url, cluster: { 'insecure-skip-tls-verify': true }, user })) })).toBe('ann');
    });
  });

  it.each([
    ['a file that is not there', undefined, /does not exist/],
    ['a file that is not YAML', `users: [{ name: u, user: { token: ${CANARY}: `, /is not YAML/],
    ['a file that is something else', 'just words', /not a kubeconfig|no current context/],
    ['an entry that lacks its name', JSON.stringify({ clusters: [{ cluster: { server: 'x' } }], users: [{ name: 'u', user: { token: CANARY } }] }), /clusters\[0\]\.name is missing/],
  ])('given %s, when it is read, then it is refused with the reason, and nothing of it is quoted', async (_what, content, message) => {
    const kubeconfig = content === undefined ? join(folder, 'absent') : await file(content);
    const error: unknown = await chooseCluster({ kubeconfig }).catch((reason: unknown) => reason);

    expect(error).toMatchObject({ exitCode: EXIT.usage, message: expect.stringMatching(message) as string });
    expect(`${(error as Error).message} ${String((error as { remedy?: string }).remedy)}`).not.toContain(CANARY);
  });

  it('given a context that is not in it, or one that is incomplete, when chosen, then it is refused with what there is', async () => {
    const kubeconfig = await file(config());

    await expect(chooseCluster({ kubeconfig, context: 'three' })).rejects.toMatchObject({ exitCode: EXIT.usage, message: expect.stringContaining('one, two, broken') as string });
    await expect(chooseCluster({ kubeconfig, context: 'broken' })).rejects.toMatchObject({ exitCode: EXIT.usage, message: expect.stringContaining('user "nobody"') as string });
  });
});
