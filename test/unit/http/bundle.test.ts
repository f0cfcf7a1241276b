import http from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { startLab, type Lab } from './harness.ts';

describe('the support bundle, of which one is made at a time', () => {
  let lab: Lab;

  afterEach(() => lab.stop());

  it('given a client that left while its right was asked for, when the next one asks, then it gets its bundle', async () => {
    const { promise: pause, resolve: goOn } = Promise.withResolvers<void>();

    lab = await startLab({ users: { slow: { name: 'slow', reads: true, pause } } });
    const request = http.get(`${lab.url}/v1/support-bundle`, { headers: { authorization: 'Bearer slow' } });

    request.on('error', () => undefined);
    await expect.poll(() => lab.clients.made).toBe(1);
    await new Promise((resolve) => request.once('close', resolve).destroy());
    goOn();
    await expect.poll(() => lab.clients.closed).toBe(1);
    await expect.poll(async () => (await lab.ask('/v1/support-bundle')).status).toBe(200);
  });
});
