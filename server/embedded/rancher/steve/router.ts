import type { PreferenceStore } from '../preferences.ts';
import type { Reply } from '../http.ts';
import type { SteveContext } from './types.ts';
import type { ResourceType } from '../../api/index.ts';
import { ApiError } from '../../api/index.ts';
import { isObject } from '../../api/object.ts';
import { notFoundReply } from '../http.ts';
import { runAction } from './actions.ts';
import { countsOf } from './counts.ts';
import { parseListQuery } from './query.ts';
import { getResource, listResources } from './read.ts';
import { findType, listSchemas } from './schemas.ts';
import { createResource, deleteResource, patchResource, updateResource } from './write.ts';

/** One Steve request, after the prefix was taken off; `path` is decoded segments. */
export interface SteveRequest {
  readonly method: string;
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly contentType: string;
  /** Reads the body; undefined when there is none. */
  readonly body: () => Promise<unknown>;
  /** Rancher's id of the user. */
  readonly userId: string;
  readonly preferences: PreferenceStore;
}

const ok = (body: unknown, status = 200): Reply => ({ status, body });

function collection(resourceType: string, revision: string, data: unknown[]): Reply {
  return ok({ type: 'collection', resourceType, links: {}, revision, count: data.length, data });
}

async function preferences(context: SteveContext, request: SteveRequest): Promise<Reply> {
  const { userId } = request;
  const shown = (data: unknown): object => ({
    id: userId, type: 'userpreference', data,
    links: { self: `${context.origin}${context.base}/userpreferences/${userId}`, update: `${context.origin}${context.base}/userpreferences/${userId}` },
  });

  if (request.method === 'GET') {
    const current = shown(request.preferences.get(userId));

    return request.path.length === 1 ? collection('userpreference', '1', [current]) : ok(current);
  }
  const body = await request.body();

  return ok(shown(await request.preferences.set(userId, isObject(body) && isObject(body['data']) ? body['data'] : {})));
}

function schemas(context: SteveContext, id: string | undefined): Reply {
  const all = listSchemas(context);

  if (!id) return collection('schema', String(context.api.store.revision), all);
  const found = all.find((schema) => schema.id === id);

  return found ? ok(found) : notFoundReply(`schema "${id}"`);
}

/** Which object a path below a type means: Steve has `<type>/<name>` and `<type>/<namespace>[/<name>]`. */
function addressOf(type: ResourceType, path: readonly string[]): { namespace?: string; name?: string } {
  const [, first, second] = path;

  if (!type.namespaced) return first ? { name: first } : {};

  return { ...(first ? { namespace: first } : {}), ...(second ? { name: second } : {}) };
}

async function objects(context: SteveContext, request: SteveRequest, type: ResourceType): Promise<Reply> {
  const { namespace, name } = addressOf(type, request.path);
  const { method } = request;

  if (!name) {
    if (method === 'GET') return ok(listResources(context, type, parseListQuery(request.query), namespace));
    if (method === 'POST') return ok(await createResource(context, type, await request.body(), namespace), 201);
  } else if (method === 'GET') {
    return ok(getResource(context, type, namespace, name));
  } else if (method === 'PUT') {
    return ok(await updateResource(context, type, await request.body(), namespace, name));
  } else if (method === 'PATCH') {
    return ok(await patchResource(context, type, await request.body(), request.contentType, namespace, name));
  } else if (method === 'DELETE') {
    const left = await deleteResource(context, type, namespace, name);

    return left ? ok(left) : { status: 204 };
  } else if (method === 'POST' && request.query.has('action')) {
    return runAction(context, type, namespace, name, request.query.get('action') ?? '');
  }
  throw new ApiError(405, 'MethodNotAllowed', `${method} is not allowed on ${request.path.join('/')}`);
}

/** Answers a request to Steve. Throws ApiError for what is refused. */
export async function steveReply(context: SteveContext, request: SteveRequest): Promise<Reply> {
  const [kind = '', id] = request.path;

  switch (kind) {
    case '': return ok({ type: 'apiRoot', links: { schemas: `${context.origin}${context.base}/schemas` } });
    case 'schemas': return schemas(context, id);
    case 'counts': return id ? ok(countsOf(context)) : collection('count', String(context.api.store.revision), [countsOf(context)]);
    case 'userpreferences': return preferences(context, request);
    case 'ext.cattle.io.selfuser':
    case 'ext.cattle.io.selfusers': return ok({ type: 'ext.cattle.io.selfuser', apiVersion: 'ext.cattle.io/v1', kind: 'SelfUser', metadata: {}, status: { userID: request.userId } }, 201);
    default: {
      const type = findType(context, kind);

      return type ? objects(context, request, type) : notFoundReply(`schema "${kind}"`);
    }
  }
}
