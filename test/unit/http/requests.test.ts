import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VM_BACKUP } from '../../../server/contract/api.ts';
import { HTTP_PROBLEMS, type HttpProblemCode } from '../../../server/contract/http-problems.ts';
import { aBackup } from '../../support/builders.ts';
import { startLab, type Lab } from './harness.ts';
import type { Ask } from '../../support/http-ask.ts';

const BACKUPS = '/v1/namespaces/web/backups';
const body = { spec: { source: { name: 'shop' }, repository: 'main' } };

/** Path of a route with example names in it. */
const example = (path: string): string => path.replace('{namespace}', 'web').replace('{name}', 'nightly');

describe('requests to the operator API', () => {
  let lab: Lab;

  beforeEach(async () => {
    lab = await startLab({ users: { reader: { name: 'rita', reads: true }, tenant: { name: 'tom', reads: false } } });
  });
  afterEach(() => lab.stop());

  it.each<[HttpProblemCode, string, Ask]>([
    ['HVB-HTTP-NO-SUCH-PATH', '/v1/nothing', {}],
    ['HVB-HTTP-NO-SUCH-PATH', '/v1/activity/', {}],
    ['HVB-HTTP-METHOD', '/v1/activity', { method: 'POST' }],
    ['HVB-HTTP-METHOD', BACKUPS, { method: 'GET' }],
    ['HVB-HTTP-METHOD', '/v1/activity', { method: 'TRACE' }],
    ['HVB-HTTP-REQUEST-INVALID', '/v1/activity?limit=0', {}],
    ['HVB-HTTP-REQUEST-INVALID', '/v1/activity?namespace=Web', {}],
    ['HVB-HTTP-REQUEST-INVALID', '/v1/repositories/%zz/contents', {}],
    ['HVB-HTTP-REQUEST-INVALID', '/v1/repositories/..%2F..%2Fsecrets/contents', {}],
    ['HVB-HTTP-CONTINUE-INVALID', '/v1/activity?continue=abc', {}],
    ['HVB-HTTP-NOT-FOUND', '/v1/repositories/nowhere/contents', {}],
    ['HVB-HTTP-TOKEN-MISSING', BACKUPS, { method: 'POST', body }],
    ['HVB-HTTP-PROXIED-WRITE', BACKUPS, { method: 'POST', body, token: 'tenant', headers: { 'x-forwarded-uri': '/api/v1/namespaces/x' } }],
    ['HVB-HTTP-PROXIED-WRITE', BACKUPS, { method: 'POST', body, headers: { 'x-forwarded-uri': '/api/v1/namespaces/x' } }],
    ['HVB-HTTP-CONTENT-TYPE', BACKUPS, { method: 'POST', body: JSON.stringify(body), token: 'tenant', headers: { 'content-type': 'text/plain' } }],
    ['HVB-HTTP-CONTENT-TYPE', `${ BACKUPS }/nightly`, { method: 'DELETE', token: 'tenant' }],
    ['HVB-HTTP-REQUEST-INVALID', BACKUPS, { method: 'POST', body: '{', token: 'tenant', headers: { 'content-type': 'application/json' } }],
    ['HVB-HTTP-REQUEST-INVALID', BACKUPS, { method: 'POST', body: { ...body, sepc: {} }, token: 'tenant' }],
    ['HVB-HTTP-REQUEST-INVALID', BACKUPS, { method: 'POST', body: { spec: { source: { name: 'shop' } } }, token: 'tenant' }],
    ['HVB-HTTP-BODY-TOO-LARGE', BACKUPS, { method: 'POST', body: { spec: 'x'.repeat(1024 * 1024) }, token: 'tenant' }],
    ['HVB-HTTP-TOKEN-REFUSED', BACKUPS, { method: 'POST', body, token: 'unknown' }],
    ['HVB-HTTP-TOKEN-REFUSED', '/v1/activity', { token: 'unknown' }],
    ['HVB-HTTP-TOKEN-REFUSED', '/v1/activity', { headers: { authorization: 'Basic dXNlcjpwYXNz' } }],
    ['HVB-HTTP-FORBIDDEN', '/v1/activity', { token: 'tenant' }],
  ])('given what is %s at %s, when asked, then the problem says what, where and what to do', async (code, path, options) => {
    const { status, headers, json } = await lab.ask(path, options);

    expect(headers['content-type']).toBe('application/problem+json');
    expect(json()).toMatchObject({ type: 'about:blank', code, status, remedy: HTTP_PROBLEMS[code].remedy, instance: path.split('?')[0] });
    expect(status).toBe(HTTP_PROBLEMS[code].status);
    expect(String(json()['detail']).length).toBeGreaterThan(10);
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' });
    expect(lab.kube.writes).toEqual([]);
    if (status === 401) expect(headers['www-authenticate']).toMatch(/^Bearer/);
    if (status === 405) expect(headers['allow']).toMatch(/GET|POST/);
  });

  it('given a session cookie and a token, when every route is asked, then neither reaches an answer, the log or the metrics', async () => {
    lab.kube.seed(VM_BACKUP, aBackup());
    const headers = { cookie: 'R_SESS=COOKIE-CANARY; other=COOKIE-CANARY', 'x-custom': 'COOKIE-CANARY' };
    const texts: string[] = [];

    for (const { path, method } of lab.routes) {
      for (const token of [undefined, 'TOKEN-CANARY']) {
        const { text } = await lab.ask(example(path), { method, headers, ...(method === 'POST' ? { body } : {}), ...(token ? { token } : {}) });

        texts.push(text);
      }
    }
    texts.push((await lab.ask('/metrics')).text, ...lab.lines);
    expect(lab.lines.length).toBeGreaterThan(lab.routes.length);
    expect(texts.filter((text) => text.includes('CANARY'))).toEqual([]);
  });

  it('given every path that can be read, when it is asked, then nothing is changed', async () => {
    lab.kube.seed(VM_BACKUP, aBackup());
    for (const { path } of lab.routes.filter(({ method }) => method === 'GET')) {
      for (const method of ['GET', 'HEAD']) await lab.ask(example(path), { method, token: 'reader' });
    }
    expect(lab.kube.writes).toEqual([]);
  });

  it('given a read, when asked with HEAD, then the headers are those of GET and there is no body', async () => {
    const [get, head] = [await lab.ask('/v1/repositories'), await lab.ask('/v1/repositories', { method: 'HEAD' })];

    expect(head).toMatchObject({ status: 200, text: '' });
    expect(head.headers['content-length']).toBe(get.headers['content-length']);
    expect(get.json()).toEqual({ items: [] });
  });

  it('given no token, or one with the right on our service, when read, then it is answered; each token has its own client, which is closed', async () => {
    expect((await lab.ask('/v1/activity')).status).toBe(200);
    expect(lab.clients.made).toBe(0);
    expect((await lab.ask('/v1/activity', { token: 'reader' })).status).toBe(200);
    await lab.ask('/v1/activity', { token: 'tenant' });
    expect(lab.clients).toEqual({ made: 2, closed: 2 });
  });

  it('given a token that nobody knows, when probes and metrics are asked, then they answer all the same', async () => {
    for (const path of ['/healthz', '/readyz', '/metrics', '/version', '/openapi.json']) expect((await lab.ask(path, { token: 'unknown' })).status).toBe(200);
  });

  it('given live copies that are not filled, when read, then the process is alive and not ready, and no half list is given', async () => {
    const empty = await startLab({ synced: false });

    try {
      expect((await empty.ask('/healthz')).status).toBe(200);
      for (const path of ['/readyz', '/v1/report', '/v1/support-bundle']) expect((await empty.ask(path)).json()).toMatchObject({ status: 503, code: 'HVB-HTTP-NOT-READY' });
      expect((await empty.ask('/readyz')).json()['detail']).toContain('vmbackups');
    } finally {
      await empty.stop();
    }
  });

  it('given a handler that fails unexpectedly, when asked, then the answer tells nothing of it and the log does', async () => {
    lab.kube.seed(VM_BACKUP, { ...aBackup(), spec: undefined as never });
    const { status, json, text } = await lab.ask('/v1/activity');

    expect([status, json()['code']]).toEqual([500, 'HVB-HTTP-INTERNAL']);
    expect(text).not.toContain('undefined');
    expect(lab.lines.some((line) => line.includes('Cannot read properties of undefined'))).toBe(true);
  });
});
