import type { KubeObject, ResourceType } from '../../api/index.ts';
import type { SteveContext, SteveResource } from './types.ts';
import { ApiError } from '../../api/index.ts';
import { isObject } from '../../api/object.ts';
import { badRequest } from '../../api/status.ts';
import { Access } from './access.ts';
import { kubePathOf, toKubeObject, toResource } from './resource.ts';

/** Performs one request on the Kubernetes API as the user and throws what it refuses as ApiError. */
async function perform(context: SteveContext, method: string, url: string, body?: unknown, contentType?: string): Promise<unknown> {
  const answer = await context.api.request(context.identity, { method, url, ...(body === undefined ? {} : { body }), ...(contentType ? { contentType } : {}), userAgent: 'rancher' });

  if (answer.status < 400) return answer.body;
  const status = isObject(answer.body) ? answer.body : {};

  throw new ApiError(answer.status, String(status['reason'] ?? 'InternalError'), String(status['message'] ?? `the Kubernetes API answered ${answer.status}`));
}

function shown(context: SteveContext, type: ResourceType, object: unknown): SteveResource {
  return toResource(context, new Access(context.api, context.identity), type, object as KubeObject);
}

function bodyOf(type: ResourceType, body: unknown): Record<string, unknown> {
  if (!isObject(body)) throw badRequest('the request body must be a JSON object');

  return toKubeObject(type, body);
}

/** Creates an object from a resource that the browser sent. */
export async function createResource(context: SteveContext, type: ResourceType, body: unknown, namespace?: string): Promise<SteveResource> {
  const object = bodyOf(type, body);
  const metadata = object['metadata'] as Record<string, unknown>;
  const target = namespace ?? (typeof metadata['namespace'] === 'string' ? metadata['namespace'] : undefined);

  return shown(context, type, await perform(context, 'POST', kubePathOf(type, target), object));
}

/** Replaces an object; a stale `metadata.resourceVersion` is refused with 409. */
export async function updateResource(context: SteveContext, type: ResourceType, body: unknown, namespace: string | undefined, name: string): Promise<SteveResource> {
  return shown(context, type, await perform(context, 'PUT', kubePathOf(type, namespace, name), bodyOf(type, body)));
}

/** Patches an object; a content type that is no Kubernetes patch type means a merge patch. */
export async function patchResource(context: SteveContext, type: ResourceType, body: unknown, contentType: string, namespace: string | undefined, name: string): Promise<SteveResource> {
  const kind = /patch\+(json|yaml)|json-patch/.test(contentType) ? contentType : 'application/merge-patch+json';

  return shown(context, type, await perform(context, 'PATCH', kubePathOf(type, namespace, name), body, kind));
}

/** Deletes an object; gives the object while finalizers hold it, nothing when it is gone. */
export async function deleteResource(context: SteveContext, type: ResourceType, namespace: string | undefined, name: string): Promise<SteveResource | undefined> {
  const answer = await perform(context, 'DELETE', `${kubePathOf(type, namespace, name)}?propagationPolicy=Background`);

  return isObject(answer) && answer['kind'] === type.kind ? shown(context, type, answer) : undefined;
}
