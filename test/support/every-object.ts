import https from 'node:https';
import { ask } from './http-ask.ts';

/** Where a Kubernetes API is, and whose token is used. */
export interface ApiAddress { url: string; ca?: string | undefined; token: string }

/** An object with its text, as the API gives it. */
export interface FoundObject { kind: string; namespace: string; name: string; text: string }

interface ResourceList { groupVersion: string; resources: { name: string; kind: string; verbs: string[] }[] }

async function read<T>({ url, ca, token }: ApiAddress, path: string): Promise<T> {
  if (!url.startsWith('https:')) return (await ask(url, path, { token })).json() as T;
  return new Promise((resolve, reject) => {
    https.get(`${url}${path}`, { ca, headers: { authorization: `Bearer ${token}` } }, (response) => {
      const chunks: Buffer[] = [];

      response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject).on('end', () => {
        try {
          resolve(JSON.parse(Buffer.concat(chunks).toString()) as T);
        } catch (error) {
          reject(new Error(`GET ${path} answered no JSON`, { cause: error }));
        }
      });
    }).on('error', reject);
  });
}

/** Every object of every kind that the API lists: found by discovery, so that a kind which nobody thought of is there, too. */
export async function everyObject(api: ApiAddress): Promise<FoundObject[]> {
  const groups = (await read<{ groups: { preferredVersion: { groupVersion: string } }[] }>(api, '/apis')).groups.map(({ preferredVersion }) => `/apis/${preferredVersion.groupVersion}`);
  const found: FoundObject[] = [];

  for (const path of ['/api/v1', ...groups]) {
    const { resources } = await read<ResourceList>(api, path);

    for (const { name: plural, kind } of resources.filter(({ name, verbs }) => !name.includes('/') && verbs.includes('list'))) {
      const { items } = await read<{ items: { metadata: { namespace?: string; name: string } }[] }>(api, `${path}/${plural}`);

      found.push(...items.map((item) => ({ kind, namespace: item.metadata.namespace ?? '', name: item.metadata.name, text: JSON.stringify(item) })));
    }
  }
  return found;
}
