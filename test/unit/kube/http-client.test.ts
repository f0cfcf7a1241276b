import { describe, expect, it } from 'vitest';
import { PV, PVC, SECRET, VIRTUAL_MACHINE_INSTANCE } from '../../../server/contract/api.ts';
import type { KubeObject, PersistentVolumeClaim } from '../../../server/contract/kubernetes.ts';
import { ApiError, ConnectionError, type WatchEvent } from '../../../server/kube/client.ts';
import { createHttpClient } from '../../../server/kube/http-client.ts';
import { json, status, withServer } from './support.ts';

const claim = (name: string, resourceVersion = '1'): object => ({ metadata: { name, namespace: 'ns', resourceVersion } });

async function collect<T>(events: AsyncIterable<T>): Promise<{ events: T[]; error: unknown }> {
  const got: T[] = [];

  try {
    for await (const event of events) {
      got.push(event);
    }
  } catch (error) {
    return { events: got, error };
  }

  return { events: got, error: undefined };
}

describe('HTTP client', () => {
  it('given a list of three pages, when listed, then all items come with apiVersion and kind and the first page\'s version', async () => {
    const pages: Record<string, object> = {
      '': { metadata: { resourceVersion: '7', continue: 'a' }, items: [claim('one')] },
      a: { metadata: { resourceVersion: '7', continue: 'b' }, items: [claim('two')] },
      b: { metadata: { resourceVersion: '7' }, items: [claim('three')] },
    };

    await withServer((seen, response) => json(response, 200, pages[seen.url.searchParams.get('continue') ?? ''] ?? {}), async (baseUrl, seen) => {
      const client = createHttpClient({ baseUrl, token: 't', pageSize: 500 });
      const { items, resourceVersion } = await client.list(PVC, { namespace: 'ns', labelSelector: 'a=b,c' });

      expect(items.map((item) => [item.metadata.name, item.apiVersion, item.kind])).toEqual(['one', 'two', 'three'].map((name) => [name, 'v1', 'PersistentVolumeClaim']));
      expect(resourceVersion).toBe('7');
      expect(seen[0]?.url.pathname).toBe('/api/v1/namespaces/ns/persistentvolumeclaims');
      expect(seen.map((each) => each.url.searchParams.get('limit'))).toEqual(['500', '500', '500']);
      expect(seen.every((each) => each.url.searchParams.get('labelSelector') === 'a=b,c')).toBe(true);
      client.close();
    });
  });

  it('given a continue token that expired, when listed, then the whole list is read unpaged and nothing is doubled', async () => {
    await withServer(({ url }, response) => {
      if (url.searchParams.get('continue')) {
        json(response, 410, status(410, 'Expired', 'too old'));
      } else if (url.searchParams.get('limit')) {
        json(response, 200, { metadata: { resourceVersion: '7', continue: 'a' }, items: [claim('one')] });
      } else {
        json(response, 200, { metadata: { resourceVersion: '9' }, items: [claim('one'), claim('two')] });
      }
    }, async (baseUrl) => {
      const client = createHttpClient({ baseUrl, token: 't' });
      const { items, resourceVersion } = await client.list(PVC);

      expect(items.map((item) => item.metadata.name)).toEqual(['one', 'two']);
      expect(resourceVersion).toBe('9');
      client.close();
    });
  });

  it('given a watch whose lines are cut anywhere, when read, then every event and bookmark is whole and a proper end returns', async () => {
    const text = `${JSON.stringify({ type: 'ADDED', object: claim('größe', '2') })}\n${JSON.stringify({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '5' } } })}\n{"type":"MODI`;

    await withServer((_seen, response) => {
      for (const byte of Buffer.from(text)) {
        response.write(Buffer.of(byte));
      }
      response.end();
    }, async (baseUrl, seen) => {
      const client = createHttpClient({ baseUrl, token: 't', watchTimeoutSeconds: 44 });
      const { events, error } = await collect<WatchEvent<KubeObject>>(client.watch(PVC, { resourceVersion: '1' }));

      expect(error).toBeUndefined();
      expect(events).toEqual([{ type: 'ADDED', object: claim('größe', '2') }, { type: 'BOOKMARK', resourceVersion: '5' }]);
      expect(Object.fromEntries(seen[0]?.url.searchParams ?? [])).toEqual({ watch: 'true', allowWatchBookmarks: 'true', timeoutSeconds: '44', resourceVersion: '1' });
      client.close();
    });
  });

  it('given a watch version that is too old, when the API says so in the stream or at once, then ApiError 410 is thrown', async () => {
    let inStream = true;

    await withServer((_seen, response) => {
      if (inStream) {
        response.end(`${JSON.stringify({ type: 'ERROR', object: status(410, 'Expired', 'too old') })}\n`);
      } else {
        json(response, 410, status(410, 'Expired', 'too old'));
      }
    }, async (baseUrl) => {
      const client = createHttpClient({ baseUrl, token: 't' });
      const streamed = await collect(client.watch(PVC, { resourceVersion: '1' }));

      inStream = false;
      const atOnce = await collect(client.watch(PVC, { resourceVersion: '1' }));

      for (const { error } of [streamed, atOnce]) {
        expect(error).toBeInstanceOf(ApiError);
        expect(error).toMatchObject({ code: 410, reason: 'Expired' });
      }
      client.close();
    });
  });

  it('given a running watch, when its signal is aborted, then it ends with the signal\'s reason', async () => {
    const stop = new AbortController();
    const reason = new Error('stopped by the test');

    await withServer((_seen, response) => void response.write(`${JSON.stringify({ type: 'ADDED', object: claim('one') })}\n`), async (baseUrl) => {
      const client = createHttpClient({ baseUrl, token: 't' });
      const watching = (async () => {
        for await (const event of client.watch(PVC, { resourceVersion: '1', signal: stop.signal })) {
          expect(event.type).toBe('ADDED');
          stop.abort(reason);
        }
      })();

      await expect(watching).rejects.toBe(reason);
      client.close();
    });
  });

  it('given a watch whose connection breaks, when read, then ConnectionError is thrown after the events that came', async () => {
    await withServer((_seen, response) => {
      response.write(`${JSON.stringify({ type: 'ADDED', object: claim('one') })}\n`, () => response.destroy());
    }, async (baseUrl) => {
      const client = createHttpClient({ baseUrl, token: 't' });
      const { events, error } = await collect(client.watch(PVC, { resourceVersion: '1' }));

      expect(events).toHaveLength(1);
      expect(error).toBeInstanceOf(ConnectionError);
      client.close();
    });
  });

  it('given nobody listens, when called, then ConnectionError names method and address but never the token', async () => {
    let url = '';

    await withServer((_seen, response) => void response.end('{}'), async (baseUrl) => {
      url = baseUrl;
    });
    const client = createHttpClient({ baseUrl: url, token: 'very-secret' });
    const error = await client.get(PV, { name: 'x' }).then(() => undefined, (thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(ConnectionError);
    expect(String(error)).toContain(`GET ${url}/api/v1/persistentvolumes/x`);
    expect(JSON.stringify(error) + String(error) + String((error as Error).cause)).not.toContain('very-secret');
    client.close();
  });

  it('given an API that never answers, when the request limit passes, then ConnectionError is thrown', async () => {
    await withServer(() => undefined, async (baseUrl) => {
      const client = createHttpClient({ baseUrl, token: 't', requestTimeoutMs: 20 });

      await expect(client.get(PV, { name: 'x' })).rejects.toThrow(/no answer within 20 ms/);
      client.close();
    });
  });

  it('given error answers, when called, then Status bodies become ApiError, other bodies are quoted, and find and delete take 404 as an answer', async () => {
    await withServer(({ method, url }, response) => {
      if (method === 'PUT') {
        json(response, 409, status(409, 'Conflict', 'changed meanwhile'));
      } else if (url.pathname.endsWith('/proxy')) {
        response.writeHead(502).end('<html>bad gateway</html>');
      } else {
        json(response, 404, status(404, 'NotFound', 'no such thing'));
      }
    }, async (baseUrl) => {
      const client = createHttpClient({ baseUrl, token: 't' });

      await expect(client.replace(PV, { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'a' } })).rejects.toMatchObject({ name: 'ApiError', code: 409, reason: 'Conflict', message: 'changed meanwhile' });
      await expect(client.get(PV, { name: 'proxy' })).rejects.toMatchObject({ code: 502, message: expect.stringContaining('bad gateway') as string });
      await expect(client.get(PV, { name: 'a' })).rejects.toMatchObject({ code: 404 });
      expect(await client.find(PV, { name: 'a' })).toBeUndefined();
      expect(await client.delete(PV, { name: 'a' })).toBeUndefined();
      client.close();
    });
  });

  it('given every kind of write, when sent, then method, path, body, content type and token are Kubernetes\' own', async () => {
    let token = 'first';

    await withServer((_seen, response) => json(response, 200, claim('x')), async (baseUrl, seen) => {
      const client = createHttpClient({ baseUrl: `${baseUrl}/prefix/`, token: () => Promise.resolve(token) });
      const object = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: 'ns' } };

      await client.create(SECRET, object);
      await client.replaceStatus(SECRET, object);
      token = 'second';
      await client.patch(SECRET, { name: 's', namespace: 'ns' }, { metadata: { labels: { a: null } } });
      await client.delete(SECRET, { name: 's', namespace: 'ns' }, { uid: 'u', propagationPolicy: 'Foreground' });
      await client.putSubresource(VIRTUAL_MACHINE_INSTANCE, { name: 'vm', namespace: 'ns' }, 'freeze', { unfreezeTimeout: '5s' });
      const secret = '/prefix/api/v1/namespaces/ns/secrets';

      expect(seen.map((each) => [each.method, each.url.pathname, each.headers['content-type'], each.headers.authorization])).toEqual([
        ['POST', secret, 'application/json', 'Bearer first'],
        ['PUT', `${secret}/s/status`, 'application/json', 'Bearer first'],
        ['PATCH', `${secret}/s`, 'application/merge-patch+json', 'Bearer second'],
        ['DELETE', `${secret}/s`, 'application/json', 'Bearer second'],
        ['PUT', '/prefix/apis/subresources.kubevirt.io/v1/namespaces/ns/virtualmachineinstances/vm/freeze', 'application/json', 'Bearer second'],
      ]);
      expect(JSON.parse(seen[3]?.body ?? '')).toEqual({ apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid: 'u' }, propagationPolicy: 'Foreground' });
      client.close();
    });
  });

  it('given a namespaced kind without namespace, when one object is addressed, then the mistake is named', async () => {
    const client = createHttpClient({ baseUrl: 'http://127.0.0.1:9', token: 't' });

    await expect((async () => client.get<PersistentVolumeClaim>(PVC, { name: 'x' }))()).rejects.toThrow(/a namespace is needed/);
    client.close();
  });
});
