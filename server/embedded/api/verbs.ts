/** The resource verbs, from parsed request to answer. Watch and logs, which stream, are handled elsewhere. */
import type { Core } from './core.ts';
import type { JsonObject, KubeObject } from './types.ts';
import type { Admit } from './admission/index.ts';
import type { ResourceType } from './resource-type.ts';
import type { RequestInfo } from './routing.ts';
import { ApiError, badRequest, methodNotAllowed, notFound, successStatus, unsupportedMediaType } from './status.ts';
import { apply } from './apply/apply.ts';
import { bindPod } from './bind.ts';
import { createObject, resourceName, updateObject } from './write.ts';
import type { UpdateOptions, WriteOptions } from './write.ts';
import { deleteObject, readDeleteOptions } from './delete.ts';
import { inVersion, readObject } from './intake.ts';
import { isObject, joinApiVersion, objectKey } from './object.ts';
import { jsonPatch, mergePatch, strategicPatch } from './patch.ts';
import { listJson, listMetadata, listObjects } from './list.ts';
import { partialObject, toTable } from './table.ts';
import type { Presentation } from './table.ts';
import { storageKey } from './resource-type.ts';

const PATCHES = { json: 'application/json-patch+json', merge: 'application/merge-patch+json', strategic: 'application/strategic-merge-patch+json', apply: 'application/apply-patch+yaml' };

/** A request to a resource, with its type found. */
export interface ResourceRequest {
  info: RequestInfo;
  type: ResourceType;
  query: URLSearchParams;
  body: unknown;
  contentType: string;
  userAgent: string;
  presentation: Presentation;
  admit: Admit;
}

/** HTTP status and body: an object, or text that is JSON already. */
export interface ResourceAnswer {
  status: number;
  body: JsonObject | string;
  /** Texts for Warning headers. */
  warnings?: string[];
}

function writeOptions({ query, userAgent, admit }: ResourceRequest): WriteOptions {
  const dryRun = query.getAll('dryRun').filter((value) => value !== '');
  if (dryRun.some((value) => value !== 'All')) throw badRequest(`invalid dryRun: ${JSON.stringify(dryRun)}: supported values: "All"`);
  return { dryRun: dryRun.length > 0, manager: query.get('fieldManager') || userAgent.split('/')[0] || 'unknown', admit };
}

function updateOptions(request: ResourceRequest, requireVersion: boolean): UpdateOptions {
  const { subresource } = request.info;
  return { ...writeOptions(request), subresource: subresource === 'status' || subresource === 'finalize' ? subresource : '', requireVersion };
}

function find(core: Core, { type, info }: ResourceRequest): KubeObject {
  const object = core.store.get(storageKey(type), objectKey(type.namespaced ? info.namespace : undefined, info.name ?? ''));
  if (!object) throw notFound(resourceName(type), info.name ?? '');
  return object;
}

function present(core: Core, request: ResourceRequest, object: KubeObject): JsonObject {
  const shown = inVersion(request.type, object);
  if (request.presentation === 'partial') return partialObject(shown);
  if (request.presentation === 'object') return shown;
  return toTable(request.type, [shown], { resourceVersion: object.metadata.resourceVersion ?? '' }, request.query.get('includeObject') ?? 'Metadata', core.clock.now());
}

function list(core: Core, request: ResourceRequest): ResourceAnswer {
  const { type, info, query, presentation } = request;
  const result = listObjects(core, type, info.namespace, query);
  if (presentation === 'object') return { status: 200, body: listJson(type, result) };
  const objects = result.entries.map((entry) => inVersion(type, entry.object));
  if (presentation === 'table') return { status: 200, body: toTable(type, objects, listMetadata(result), query.get('includeObject') ?? 'Metadata', core.clock.now()) };
  return { status: 200, body: { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata: listMetadata(result), items: objects.map(partialObject) } };
}

/** Unknown fields are refused (`fieldValidation=Strict`), ignored, or dropped with a warning, which is the default. */
function checkFields({ type, query }: ResourceRequest, object: KubeObject): { warnings?: string[] } {
  const mode = query.get('fieldValidation') || 'Warn';
  const unknown = mode === 'Ignore' ? [] : (type.schema?.unknownFields(object) ?? []).map((path) => `unknown field ${JSON.stringify(path)}`);
  if (unknown.length === 0) return {};
  if (mode === 'Strict') throw badRequest(`${type.kind} in version ${JSON.stringify(type.version)} cannot be handled as a ${type.kind}: strict decoding error: ${unknown.join(', ')}`);
  return { warnings: unknown };
}

function create(core: Core, request: ResourceRequest): ResourceAnswer {
  const { type, info, body } = request;
  if (type.namespaced && info.namespace === undefined) throw methodNotAllowed();
  const input = readObject(type, body);
  const warnings = checkFields(request, input);
  const object = createObject(core, type, input, info.namespace, writeOptions(request));
  return { status: 201, body: present(core, request, object), ...warnings };
}

function update(core: Core, request: ResourceRequest): ResourceAnswer {
  const next = readObject(request.type, request.body);
  if (next.metadata.namespace !== undefined && request.type.namespaced && next.metadata.namespace !== request.info.namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  if (next.metadata.name === '') throw badRequest('name must be provided');
  const old = find(core, request);
  const warnings = checkFields(request, next);
  return { status: 200, body: present(core, request, updateObject(core, request.type, old, next, updateOptions(request, request.type.custom))), ...warnings };
}

function patched(request: ResourceRequest, old: KubeObject): unknown {
  const { type, body, contentType } = request;
  const shown = inVersion(type, old);
  if (contentType === PATCHES.json) return jsonPatch(shown, body);
  if (!isObject(body)) throw badRequest('error decoding patch: the patch must be a JSON object');
  if (contentType === PATCHES.merge) return mergePatch(shown, body);
  if (contentType === PATCHES.strategic && !type.custom) return strategicPatch(shown, body);
  throw unsupportedMediaType([PATCHES.json, PATCHES.merge, ...(type.custom ? [] : [PATCHES.strategic]), PATCHES.apply]);
}

function patch(core: Core, request: ResourceRequest): ResourceAnswer {
  const { type, contentType, info, query, body } = request;
  if (contentType === PATCHES.apply || contentType === 'application/apply-patch+json') {
    const result = apply(core, type, {
      namespace: info.namespace, name: info.name ?? '', body, manager: query.get('fieldManager') ?? '', force: query.get('force') === 'true', options: updateOptions(request, false),
    });
    return { status: result.created ? 201 : 200, body: present(core, request, result.object) };
  }
  const old = find(core, request);
  const next = readObject(type, patched(request, old));
  const warnings = checkFields(request, next);
  return { status: 200, body: present(core, request, updateObject(core, type, old, next, updateOptions(request, false))), ...warnings };
}

function remove(core: Core, request: ResourceRequest): ResourceAnswer {
  const { type, body, query, admit } = request;
  const options = readDeleteOptions(body, query);
  const oldObject = find(core, request);
  admit({ operation: 'DELETE', oldObject, dryRun: options.dryRun });
  const { object, removed } = deleteObject(core, type, oldObject, options);
  if (!removed || type.returnsDeleted) return { status: 200, body: present(core, request, object) };
  const { name, uid } = object.metadata;
  return { status: 200, body: successStatus({ name, ...(type.group ? { group: type.group } : {}), kind: type.plural, ...(uid ? { uid } : {}) }) };
}

function removeCollection(core: Core, request: ResourceRequest): ResourceAnswer {
  const { type, info, body, query, admit } = request;
  if (type.namespaced && info.namespace === undefined) throw methodNotAllowed();
  const options = readDeleteOptions(body, query);
  const result = listObjects(core, type, info.namespace, query);
  const items = result.entries.map(({ object }) => {
    admit({ operation: 'DELETE', oldObject: object, dryRun: options.dryRun });
    return inVersion(type, deleteObject(core, type, object, options).object);
  });
  return { status: 200, body: { kind: type.listKind, apiVersion: joinApiVersion(type.group, type.version), metadata: listMetadata(result), items } };
}

function isBinding({ type, info }: ResourceRequest): boolean {
  return type.group === '' && type.plural === 'pods' && info.verb === 'create' && info.name !== undefined && info.subresource === 'binding';
}

function checkSubresource(request: ResourceRequest): void {
  const { type, info } = request;
  const { subresource, verb } = info;
  if (isBinding(request)) return;
  if ((verb === 'update' || verb === 'patch') && info.name === undefined) throw methodNotAllowed();
  if (subresource === undefined) return;
  const known = (subresource === 'status' && type.status) || (subresource === 'finalize' && type.group === '' && type.plural === 'namespaces');
  if (!known) throw new ApiError(404, 'NotFound', 'the server could not find the requested resource', {});
  if (verb !== 'get' && verb !== 'update' && verb !== 'patch') throw methodNotAllowed();
}

/** Performs the verb. Throws ApiError. */
export function perform(core: Core, request: ResourceRequest): ResourceAnswer {
  checkSubresource(request);
  if (request.info.namespace !== undefined && !request.type.namespaced && request.type.plural !== 'namespaces') throw new ApiError(404, 'NotFound', 'the server could not find the requested resource', {});
  if (isBinding(request)) return { status: 201, body: bindPod(core, request.type, find(core, request), request.body) };
  switch (request.info.verb) {
    case 'get': return { status: 200, body: present(core, request, find(core, request)) };
    case 'list': return list(core, request);
    case 'create': return create(core, request);
    case 'update': return update(core, request);
    case 'patch': return patch(core, request);
    case 'delete': return remove(core, request);
    case 'deletecollection': return removeCollection(core, request);
    default: throw methodNotAllowed();
  }
}
