import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SECRET } from '../../../server/contract/api.ts';
import type { Secret } from '../../../server/contract/kubernetes.ts';
import { ConnectionError } from '../../../server/kube/client.ts';
import { createHttpClient, type HttpKubeClient } from '../../../server/kube/http-client.ts';
import { LeasePermit, NotLeadingError } from '../../../server/kube/write-permit.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';

const secret: Secret = { apiVersion: 'v1', kind: 'Secret', metadata: { namespace: 'ns', name: 's' } };
const KEY = { namespace: 'ns', name: 's' };

describe('a client whose writes need a permit', () => {
  let server: Server;
  let seen: string[];
  let answering: boolean;
  let onRequest: () => void;
  let clock: FakeClock;
  let permit: LeasePermit;
  let client: HttpKubeClient;

  beforeEach(async () => {
    seen = [];
    answering = true;
    onRequest = () => undefined;
    server = createServer((request, response) => {
      seen.push(request.method ?? '');
      onRequest();
      if (answering) response.end('{}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    clock = new FakeClock();
    permit = new LeasePermit(clock, 1_000);
    client = createHttpClient({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, permit });
  });
  afterEach(() => {
    permit.close();
    client.close();
    server.closeAllConnections();
    server.close();
  });

  it('given a permit that was extended, when written on a new and on a used connection, then both reach the API', async () => {
    permit.extend(5_000);
    await clock.advance(4_999);
    await client.create(SECRET, secret);
    await client.patch(SECRET, KEY, {});
    expect(seen).toEqual(['POST', 'PATCH']);
  });

  it('given a permit that has ended, when every kind of write is asked, then nothing is sent; reads still are', async () => {
    await client.get(SECRET, KEY);
    await clock.advance(1_000);
    for (const write of [() => client.create(SECRET, secret), () => client.replace(SECRET, secret), () => client.replaceStatus(SECRET, secret), () => client.patch(SECRET, KEY, {}), () => client.delete(SECRET, KEY), () => client.putSubresource(SECRET, KEY, 'freeze', {}), () => client.createSubresource(SECRET, KEY, 'binding', {})]) {
      await expect(write()).rejects.toBeInstanceOf(NotLeadingError);
    }
    await client.get(SECRET, KEY);
    expect(seen).toEqual(['GET', 'GET']);
  });

  it.each(['new', 'used'])('given a permit that ends between the call and its sending on a %s connection, when it is to be sent, then it is not', async (connection) => {
    if (connection === 'used') await client.get(SECRET, KEY);
    seen = [];
    const write = client.create(SECRET, secret);

    // As when the process is stopped right here: the clock goes on, and nothing else.
    permit.extend(0);
    await expect(write).rejects.toBeInstanceOf(NotLeadingError);
    expect(seen).toEqual([]);
  });

  it('given a write that hangs, when the permit ends, then it is cut off, as nobody knows whether it will still land', async () => {
    answering = false;
    const arrived = new Promise<void>((resolve) => { onRequest = resolve; });
    const write = client.create(SECRET, secret);
    const outcome = expect(write).rejects.toBeInstanceOf(ConnectionError);

    await arrived;
    await clock.advance(1_000);
    await outcome;
    await settle();
    expect(permit.closed.aborted).toBe(true);
  });
});
