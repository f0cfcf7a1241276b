import type { Lab } from './harness.ts';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { get } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LANDING, startLab } from './harness.ts';

function gzippedBody(url: string): Promise<{ encoding: string | undefined; text: string }> {
  return new Promise((resolve, reject) => {
    get(url, { headers: { 'accept-encoding': 'gzip' } }, (response) => {
      const chunks: Buffer[] = [];

      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ encoding: response.headers['content-encoding'], text: gunzipSync(Buffer.concat(chunks)).toString() }));
    }).on('error', reject);
  });
}

describe('files, pages and proxies of the Rancher facade', () => {
  let lab: Lab;
  const seen: { url: string | undefined; headers: Record<string, unknown> }[] = [];
  const service = createServer((request, response) => {
    seen.push({ url: request.url, headers: request.headers });
    response.end('from the service');
  });

  beforeAll(async () => {
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
    lab = await startLab(new Map([['office/backup:8080', `http://127.0.0.1:${(service.address() as AddressInfo).port}`]]));
  });
  afterAll(async () => {
    await lab.close();
    await new Promise((resolve) => service.close(resolve));
  });

  it.each(['/', '/dashboard', '/dashboard/'])('given the address %s, when it is opened, then it leads to our page in one step', async (path) => {
    expect(await lab.ask(path)).toMatchObject({ status: 302, headers: { location: LANDING } });
  });

  it.each(['c/local/explorer/node', 'harvester-vm-backup/c/local/backup.harvesterhci.io.vmbackup'])('given the page %s, when it is reloaded, then the dashboard itself is served', async (page) => {
    const answer = await lab.ask(`/dashboard/${page}`);

    expect(answer).toMatchObject({ status: 200, body: '<html>dashboard</html>' });
    expect(answer.headers['content-security-policy']).toContain("connect-src 'self'");
  });

  it('given a file of the dashboard that is not there, when it is asked for, then no page comes in its place', async () => {
    expect((await lab.ask('/dashboard/js/gone.0123abcd.js')).status).toBe(404);
  });

  it('given a file with a hash in its name, when it is asked for, then it is gzipped and may be kept for good', async () => {
    expect((await lab.ask('/dashboard/js/index.0123abcd.js')).headers['cache-control']).toContain('immutable');
    expect(await gzippedBody(`${lab.url}/dashboard/js/index.0123abcd.js`)).toEqual({ encoding: 'gzip', text: 'dashboard();' });
  });

  it.each(['/dashboard/..%2fsecret.txt', '/dashboard/%2e%2e/secret.txt', '/v1/uiplugins/harvester-vm-backup/0.1.0/plugin/..%2f..%2fsecret.txt'])('given the path %s, when it is asked for, then nothing outside the folder is given', async (path) => {
    expect((await lab.ask(path)).body).not.toContain('not for the web');
  });

  it('given a built extension, when it is built anew with another version, then the next reload gets that', async () => {
    const before = (await lab.ask('/v1/uiplugins')).json();
    const folder = join(lab.folder, 'plugins', 'harvester-vm-backup-0.2.0');

    await mkdir(folder);
    await writeFile(join(folder, 'harvester-vm-backup-0.2.0.umd.min.js'), 'newer();');
    await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'harvester-vm-backup', version: '0.2.0' }));

    expect(before).toMatchObject({ entries: { 'harvester-vm-backup': { version: '0.1.0', metadata: { 'catalog.cattle.io/ui-extensions-version': '>= 3.0.0 < 4.0.0' } } } });
    expect((await lab.ask('/v1/uiplugins')).json()).toMatchObject({ entries: { 'harvester-vm-backup': { version: '0.2.0' } } });
    expect((await lab.ask('/v1/uiplugins/harvester-vm-backup/0.2.0/plugin/harvester-vm-backup-0.2.0.umd.min.js')).body).toBe('newer();');
  });

  it('given preferences that a user saved, when the facade starts again, then they are still there, and only for that user', async () => {
    const data = { theme: 'dark' };
    const saved = await lab.ask('/v1/userpreferences/user-viewer', { method: 'PUT', user: 'viewer', body: { data } });

    await lab.restart();
    expect(saved.json()).toMatchObject({ id: 'user-viewer', data });
    expect((await lab.ask('/v1/userpreferences', { user: 'viewer' })).json()['data']).toMatchObject([{ data }]);
    expect((await lab.ask('/v1/userpreferences')).json()['data']).not.toMatchObject([{ data }]);
  });

  it('given the user parameter, when a page is opened, then that user is logged in and the parameter is gone', async () => {
    const answer = await lab.ask('/?hvb-user=viewer');

    expect(answer).toMatchObject({ status: 302, headers: { location: LANDING } });
    expect(String(answer.headers['set-cookie'])).toContain('hvb-user=viewer');
    expect((await lab.ask('/v3/principals', { user: 'viewer' })).json()).toMatchObject({ data: [{ me: true, loginName: 'viewer' }] });
  });

  it('given the raw Kubernetes path, when it is used, then it goes as the user who is logged in', async () => {
    const path = '/k8s/clusters/local/api/v1/namespaces/shop/secrets';

    expect((await lab.ask(path)).json()).toMatchObject({ kind: 'SecretList' });
    expect((await lab.ask(path, { user: 'viewer' })).json()).toMatchObject({ kind: 'Status', code: 403 });
  });

  it('given the raw Kubernetes path, when YAML is asked for, then YAML comes', async () => {
    const answer = await lab.ask('/k8s/clusters/local/api/v1/namespaces/shop', { headers: { accept: 'application/yaml' } });

    expect(answer.headers['content-type']).toBe('application/yaml');
    expect(answer.body).toContain('kind: Namespace');
  });

  it('given a service, when an operator reaches it through the proxy, then no cookie and no identity travels along', async () => {
    const answer = await lab.ask('/k8s/clusters/local/api/v1/namespaces/office/services/http:backup:8080/proxy/healthz?deep=1', { user: 'admin', headers: { authorization: 'Bearer mine' } });

    expect(answer).toMatchObject({ status: 200, body: 'from the service' });
    expect(seen.at(-1)?.url).toBe('/healthz?deep=1');
    expect(seen.at(-1)?.headers).not.toHaveProperty('cookie');
    expect(seen.at(-1)?.headers).not.toHaveProperty('authorization');
  });

  it('given a user without services/proxy, when the service is asked, then it is refused before it hears of it', async () => {
    const before = seen.length;

    expect((await lab.ask('/k8s/clusters/local/api/v1/namespaces/office/services/http:backup:8080/proxy/', { user: 'viewer' })).status).toBe(403);
    expect(seen).toHaveLength(before);
  });

  it('given a service that nothing stands behind, when it is asked, then that is said', async () => {
    expect((await lab.ask('/k8s/clusters/local/api/v1/namespaces/office/services/http:nothing:1/proxy/')).status).toBe(503);
  });
});
