import type { Reply } from './http.ts';
import type { DemoUser } from './users.ts';
import { notFoundReply } from './http.ts';

/** Norman's kinds that the shell looks for; without a schema it takes Rancher for absent. */
const KINDS: readonly { id: string; plural: string }[] = [
  { id: 'principal', plural: 'principals' }, { id: 'user', plural: 'users' }, { id: 'token', plural: 'tokens' },
  { id: 'setting', plural: 'settings' }, { id: 'preference', plural: 'preferences' }, { id: 'cluster', plural: 'clusters' },
  { id: 'project', plural: 'projects' }, { id: 'namespace', plural: 'namespaces' },
];

function collection(origin: string, resourceType: string, data: object[]): Reply {
  return { status: 200, body: { type: 'collection', resourceType, links: { self: `${origin}/v3/${resourceType}s` }, pagination: { limit: 1000, total: data.length }, data } };
}

function principalOf(origin: string, user: DemoUser): object {
  const id = `local://${user.id}`;

  return {
    id, type: 'principal', baseType: 'principal', me: true, memberOf: false, provider: 'local', principalType: 'user',
    loginName: user.name, name: user.displayName, links: { self: `${origin}/v3/principals/${encodeURIComponent(id)}` },
  };
}

function userOf(origin: string, user: DemoUser): object {
  return {
    id: user.id, type: 'user', baseType: 'user', me: true, enabled: true, username: user.name, name: user.displayName,
    mustChangePassword: false, principalIds: [`local://${user.id}`], links: { self: `${origin}/v3/users/${user.id}` },
  };
}

function schemas(origin: string): Reply {
  return {
    status: 200,
    body: {
      type: 'collection', resourceType: 'schema', links: { self: `${origin}/v3/schemas` },
      data: KINDS.map(({ id, plural }) => ({
        id, type: 'schema', baseType: 'schema', pluralName: plural, collectionMethods: ['GET'], resourceMethods: ['GET'], resourceFields: {},
        links: { self: `${origin}/v3/schemas/${id}`, collection: `${origin}/v3/${plural}` },
      })),
    },
  };
}

/** Answers Rancher's older API below `/v3`: who is logged in, and empty lists for the rest. */
export function normanReply(method: string, path: readonly string[], origin: string, user: DemoUser): Reply {
  const [kind = '', id] = path;

  if (kind === 'tokens' && method === 'POST') return { status: 200, body: {} };
  if (method !== 'GET') return notFoundReply(`${method} /v3/${path.join('/')}`);
  if (kind === 'schemas') return schemas(origin);
  if (kind === 'principals') return id ? { status: 200, body: principalOf(origin, user) } : collection(origin, 'principal', [principalOf(origin, user)]);
  if (kind === 'users') return id ? { status: 200, body: userOf(origin, user) } : collection(origin, 'user', [userOf(origin, user)]);
  const known = KINDS.find(({ plural }) => plural === kind);

  return known && !id ? collection(origin, known.id, []) : notFoundReply(`/v3/${path.join('/')}`);
}
