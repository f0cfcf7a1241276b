import type { ApiServer } from '../api/index.ts';
import type { Upstream } from './proxy.ts';
import type { DemoUser } from './users.ts';
import { ApiError } from '../api/index.ts';
import { forbidden } from '../api/status.ts';

const SERVICE = /^\/api\/v1\/namespaces\/([^/]+)\/services\/([^/]+)\/proxy(\/.*)?$/;
const VERBS: Readonly<Record<string, string>> = { GET: 'get', HEAD: 'get', POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' };

/**
 * Where a service proxy path leads; undefined when the path is none. As in Kubernetes the right is on `services/proxy`, by the literal
 * segment (`http:name:port`), and the service learns nothing about the user.
 * Throws ApiError 403, and 503 for a service that nothing stands behind.
 */
export function serviceUpstream(options: { api: ApiServer; services?: ReadonlyMap<string, string> }, user: DemoUser, method: string, path: string, search: string): Upstream | undefined {
  const match = SERVICE.exec(path);

  if (!match) return undefined;
  const [namespace, segment] = [decodeURIComponent(match[1] as string), decodeURIComponent(match[2] as string)];
  const decision = options.api.authorize(user.identity, {
    verb: VERBS[method] ?? 'get', group: '', version: 'v1', resource: 'services', subresource: 'proxy', namespace, name: segment, path,
  });

  if (!decision.allowed) {
    throw forbidden({ group: '', name: 'services' }, segment, `User "${user.name}" cannot ${VERBS[method] ?? 'get'} resource "services/proxy" in API group "" in the namespace "${namespace}"`);
  }
  const [name, port] = segment.split(':').length === 3 ? segment.split(':').slice(1) : segment.split(':');
  const base = options.services?.get(`${namespace}/${name}:${port ?? ''}`);

  if (!base) throw new ApiError(503, 'ServiceUnavailable', `no endpoints available for service "${segment}"`);

  return { base, path: `${match[3] ?? '/'}${search}` };
}
