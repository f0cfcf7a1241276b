/** From method and URL to what the request wants. */
import type { RequestAttributes } from './types.ts';

/** Parts of an API path. */
export interface RequestInfo extends RequestAttributes {
  /** False for discovery, health and other URLs that are no resource. */
  isResource: boolean;
}

const WRITE_VERBS: Readonly<Record<string, string>> = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' };
const NAMESPACE_SUBRESOURCES = new Set(['status', 'finalize']);

function isTrue(value: string | null): boolean {
  return value === '1' || value === 'true' || value === '';
}

/** Whether a GET asks for a watch. */
export function wantsWatch(query: URLSearchParams): boolean {
  return query.has('watch') && isTrue(query.get('watch'));
}

function verbOf(method: string, name: string | undefined, query: URLSearchParams): string {
  if (method === 'GET' || method === 'HEAD') {
    if (name !== undefined) return 'get';
    return wantsWatch(query) ? 'watch' : 'list';
  }
  if (method === 'DELETE' && name === undefined) return 'deletecollection';
  return WRITE_VERBS[method] ?? method.toLowerCase();
}

/** Parses a request line as kube-apiserver's RequestInfo does. Throws URIError for a path that is not percent-encoded rightly. */
export function parseRequest(method: string, path: string, query: URLSearchParams): RequestInfo {
  const parts = path.split('/').filter((part) => part !== '').map(decodeURIComponent);
  const base = { path, isResource: false, verb: WRITE_VERBS[method] ?? 'get' };
  let rest: string[];
  let group: string;
  if (parts[0] === 'api' && parts.length >= 3) [group, rest] = ['', parts.slice(1)];
  else if (parts[0] === 'apis' && parts.length >= 4) [group, rest] = [parts[1] ?? '', parts.slice(2)];
  else return base;
  const version = rest.shift() ?? '';
  let namespace: string | undefined;
  if (rest[0] === 'namespaces' && rest[1] !== undefined) {
    namespace = rest[1];
    if (rest[2] !== undefined && !(group === '' && rest.length === 3 && NAMESPACE_SUBRESOURCES.has(rest[2]))) rest = rest.slice(2);
  }
  const [resource, name, ...sub] = rest;
  const selected = name ?? (/(?:^|,)metadata\.name==?([^,]+)/.exec(query.get('fieldSelector') ?? '')?.[1]);
  return {
    path, isResource: true, verb: verbOf(method, name, query), group, version,
    ...(resource ? { resource } : {}),
    ...(namespace === undefined ? {} : { namespace }),
    ...(selected === undefined ? {} : { name: selected }),
    ...(sub.length > 0 ? { subresource: sub.join('/') } : {}),
  };
}
