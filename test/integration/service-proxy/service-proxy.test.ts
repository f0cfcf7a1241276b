import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import type { SceneAnswer, SceneResult } from '../../support/kube/service-proxy-scene.ts';

/** Of the block for documentation; it exists only in the namespace that the test makes. */
const ADDRESS = '192.0.2.10';
const COOKIE = 'rancher-session-canary';
const SCENE = join(import.meta.dirname, '../../support/kube/service-proxy-scene.ts');

describe('the operator API behind the service proxy of a real kube-apiserver', () => {
  let result: SceneResult;
  const answer = (who: string, method: string, path: string): SceneAnswer => {
    const found = result.answers.find((one) => one.who === who && one.method === method && one.path === path);

    if (!found) throw new Error(`${who} did not ask ${method} ${path}`);
    return found;
  };

  beforeAll(async () => {
    // That proxy goes to no loopback address, so the whole scene plays in a network namespace that has another one.
    const script = `ip link set lo up && ip address add ${ADDRESS}/32 dev lo && exec "$0" "$1" ${ADDRESS}`;
    const { stdout } = await promisify(execFile)('unshare', ['--map-root-user', '--net', 'sh', '-c', script, process.execPath, SCENE], { env: { ...process.env, SCENE_COOKIE: COOKIE }, maxBuffer: 64 * 1024 * 1024 });

    result = JSON.parse(stdout) as SceneResult;
  });

  it('given an operator, when the report and the activity are asked for through the proxy, then they are answered', () => {
    expect(answer('operator', 'GET', '/v1/report')).toMatchObject({ status: 200 });
    expect(JSON.parse(answer('operator', 'GET', '/v1/activity').body)).toMatchObject({ items: [] });
  });

  it('given a tenant who may do everything in a namespace of his own, when he asks, then Kubernetes refuses and says which right is missing', () => {
    const { status, body } = answer('tenant', 'GET', '/v1/report');

    expect(status).toBe(403);
    expect(body).toMatch(/User \\"tenant\\" cannot get resource \\"services\/proxy\\"/);
  });

  it('given an operator, who may only read this way, when something is changed, then Kubernetes refuses; given an administrator, then the server does', () => {
    expect(answer('operator', 'POST', '/v1/namespaces/default/backups')).toMatchObject({ status: 403 });
    for (const [method, path] of [['POST', '/v1/namespaces/default/backups'], ['DELETE', '/v1/namespaces/default/backups/b']] as const) {
      const { status, body } = answer('admin', method, path);

      expect(status).toBe(403);
      expect(JSON.parse(body)).toMatchObject({ code: 'HVB-HTTP-PROXIED-WRITE' });
    }
  });

  it('given the session cookie that came with every request, when answers and the log are searched, then it is nowhere', () => {
    expect(result.log.length).toBeGreaterThan(100);
    expect(result.log).not.toContain(COOKIE);
    for (const { body, headers } of result.answers) expect(`${body} ${JSON.stringify(headers)}`).not.toContain(COOKIE);
  });
});
