import type { Lab } from './harness.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configMap, startLab } from './harness.ts';

describe('the door of the Rancher facade', () => {
  let lab: Lab;

  beforeAll(async () => {
    lab = await startLab();
  });
  afterAll(() => lab.close());

  it('given a Host header of another name (DNS rebinding), when a page is asked for, then it is refused', async () => {
    const answer = await lab.ask('/v1/schemas', { headers: { host: 'evil.example:8089' } });

    expect(answer.status).toBe(403);
    expect(answer.json()['message']).toContain('evil.example');
  });

  it.each(['localhost:1', '127.0.0.1:1', '[::1]:1'])('given the Host header %s, when a page is asked for, then it is answered', async (host) => {
    expect((await lab.ask('/rancherversion', { headers: { host } })).status).toBe(200);
  });

  it('given a page of another origin, when its script writes through the raw proxy, then it is refused', async () => {
    const answer = await lab.ask('/k8s/clusters/local/api/v1/namespaces/shop/configmaps', { method: 'POST', body: configMap('shop', 'x'), headers: { origin: 'http://evil.example' } });

    expect(answer.status).toBe(403);
    expect(lab.api.store.get('/configmaps', 'shop/x')).toBeUndefined();
  });

  it('given a page of another origin, when it opens the subscribe socket, then it is refused', async () => {
    const answer = await lab.ask('/v1/subscribe', { headers: { origin: 'http://evil.example', connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==', 'sec-websocket-version': '13' } });

    expect(answer.status).toBe(403);
  });

  it('given a browser without the CSRF header, when it writes, then it is refused and nothing is written', async () => {
    const answer = await lab.ask('/v1/configmaps', { method: 'POST', body: configMap('shop', 'y'), browser: true });

    expect(answer.status).toBe(422);
    expect(lab.api.store.get('/configmaps', 'shop/y')).toBeUndefined();
  });

  it('given a browser that repeats the CSRF cookie, when it writes, then it is done', async () => {
    const answer = await lab.ask('/v1/configmaps', { method: 'POST', body: configMap('shop', 'y'), browser: true, headers: { 'x-api-csrf': 'token' } });

    expect(answer.status).toBe(201);
    expect(lab.api.store.get('/configmaps', 'shop/y')).toBeDefined();
  });

  it('given a browser without a CSRF cookie, when it asks for anything, then it gets one', async () => {
    const answer = await lab.ask('/rancherversion');

    expect(String(answer.headers['set-cookie'])).toMatch(/^CSRF=[0-9a-f]{32}; Path=\//);
  });

  it('given any answer, when the shell reads it, then it learns that it is logged in', async () => {
    expect((await lab.ask('/v1/schemas')).headers['x-api-cattle-auth']).toBe('true');
  });
});
