/** The resource verbs, from parsed request to answer. Watch and logs, which stream, are handled elsewhere. */
import type { Core } from './core.ts';
import type { JsonObject, KubeObject } from './types.ts';
import type { ResourceType } from './resource-type.ts';
import { ApiError, NoPage, badRequest, methodNotAllowed, noSuchResource, notFound, successStatus, unsupportedMediaType, verbNotSupported } from './status.ts';
import { apply } from './apply/apply.ts';
import { bindPod } from './bind.ts';
import { checkFields, updateOptions, writeOptions, type ResourceAnswer, type ResourceRequest } from './resource-request.ts';
import { createObject, updateObject } from './write.ts';
import { deleteObject, readDeleteOptions } from './delete.ts';
import { includeObject, partialObject, toTable } from './table.ts';
import { inVersion, readObject } from './intake.ts';
import { isObject, joinApiVersion, objectKey } from './object.ts';
import { jsonPatch, mergePatch, strategicPatch } from './patch.ts';
import { listItem, listJson, listMetadata, listObjects } from './list.ts';
import { parseRevision, revisionProblem } from './options.ts';
import { resourceName } from './identity.ts';
import { storageKey } from './resource-type.ts';

const PATCHES = { json: 'application/json-patch+json', merge: 'application/merge-patch+json', strategic: 'application/strategic-merge-patch+json', apply: 'application/apply-patch+yaml' };

function find(core: Core, { type, info }: ResourceRequest): KubeObject {
  const object = core.store.get(storageKey(type), objectKey(type.namespaced ? info.namespace : undefined, info.name ?? ''));
  if (!object) throw notFound(resourceName(type), info.name ?? '');
  return object;
}

function present(core: Core, request: ResourceRequest, object: KubeObject): JsonObject {
  const shown = inVersion(request.type, object);
  if (request.presentation === 'partial') return partialObject(shown);
  if (request.presentation === 'object') return shown;
  return toTable(request.type, [shown], { resourceVersion: object.metadata.resourceVersion ?? '' }, includeObject(request.query), core.clock.now());
}

function get(core: Core, request: ResourceRequest): ResourceAnswer {
  const version = request.query.get('resourceVersion') ?? '';
  if (parseRevision(version) === undefined) throw new ApiError(500, '', revisionProblem(version));
  return { status: 200, body: present(core, request, find(core, request)) };
}

function list(core: Core, request: ResourceRequest): ResourceAnswer {
  const { type, info, query, presentation } = request;
  const result = listObjects(core, type, info.namespace, query);
  if (presentation === 'object') return { status: 200, body: listJson(type, result) };
  const objects = result.entries.map((entry) => inVersion(type, entry.object));
  if (presentation === 'table') return { status: 200, body: toTable(type, objects, listMetadata(result), includeObject(query), core.clock.now()) };
  return { status: 200, body: { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata: listMetadata(result), items: objects.map(partialObject) } };
}

function create(core: Core, request: ResourceRequest): ResourceAnswer {
  const { type, info, body } = request;
  if (type.namespaced && info.namespace === undefined) throw methodNotAllowed();
  const input = readObject(type, body);
  const warnings = checkFields(request, body, input);
  const object = createObject(core, type, input, info.namespace, writeOptions(request));
  return { status: 201, body: present(core, request, object), ...warnings };
}

function update(core: Core, request: ResourceRequest): ResourceAnswer {
  const next = readObject(request.type, request.body);
  if (next.metadata.namespace !== undefined && request.type.namespaced && next.metadata.namespace !== request.info.namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  if (next.metadata.name === '') throw badRequest(`the name of the object (${request.info.name ?? ''} based on URL) was undeterminable: name must be provided`);
  const old = find(core, request);
  const warnings = checkFields(request, request.body, next);
  return { status: 200, body: present(core, request, updateObject(core, request.type, old, next, updateOptions(request, request.type.versionRequired))), ...warnings };
}

function patched(request: ResourceRequest, old: KubeObject): unknown {
  const { type, body, contentType } = request;
  const shown = inVersion(type, old);
  if (contentType === PATCHES.json) return jsonPatch(shown, body);
  if (!isObject(body)) throw badRequest('error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}');
  return contentType === PATCHES.merge ? mergePatch(shown, body) : strategicPatch(shown, body);
}

/** Refuses patches of a media type that is none, or not one for custom types. */
function checkPatchType({ type, contentType }: ResourceRequest): void {
  const known = Object.values(PATCHES).includes(contentType);
  if (!known && !type.custom) throw new ApiError(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {});
  if (!known || (type.custom && contentType === PATCHES.strategic)) throw unsupportedMediaType([PATCHES.json, PATCHES.merge, PATCHES.apply]);
}

function patch(core: Core, request: ResourceRequest): ResourceAnswer {
  const { type, contentType, info, query, body } = request;
  checkPatchType(request);
  if (contentType === PATCHES.apply) {
    const result = apply(core, type, {
      namespace: info.namespace, name: info.name ?? '', body, manager: query.get('fieldManager') ?? '', force: query.get('force') === 'true', options: updateOptions(request, false),
    });
    return { status: result.created ? 201 : 200, body: present(core, request, result.object) };
  }
  const old = find(core, request);
  const result = patched(request, old);
  const next = readObject(type, result);
  if (type.namespaced && next.metadata.namespace !== info.namespace) throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  const warnings = checkFields(request, result, next);
  return { status: 200, body: present(core, request, updateObject(core, type, old, next, updateOptions(request, false))), ...warnings };
}

function remove(core: Core, request: ResourceRequest): ResourceAnswer {
  const { type, body, query, admit } = request;
  const options = readDeleteOptions(body, query);
  const oldObject = find(core, request);
  admit({ operation: 'DELETE', oldObject, dryRun: options.dryRun });
  const { object, removed } = deleteObject(core, type, oldObject, options);
  const warnings = type.orphanByDefault && !options.propagationPolicy ? { warnings: [ORPHANED_PODS] } : {};
  if (!removed || type.returnsDeleted) return { status: 200, body: present(core, request, object), ...warnings };
  const { name, uid } = object.metadata;
  return { status: 200, body: successStatus({ name, ...(type.group ? { group: type.group } : {}), kind: type.plural, ...(uid ? { uid } : {}) }) };
}

function removeCollection(core: Core, request: ResourceRequest): ResourceAnswer {
  const { type, info, body, query, admit } = request;
  if (type.namespaced && info.namespace === undefined) throw methodNotAllowed();
  const options = readDeleteOptions(body, query);
  const result = listObjects(core, type, info.namespace, query);
  for (const { object } of result.entries) {
    admit({ operation: 'DELETE', oldObject: object, dryRun: options.dryRun });
    deleteObject(core, type, object, options);
  }
  // The answer is the list as it was.
  const items = result.entries.map(({ object }) => listItem(type, object));
  return { status: 200, body: { kind: type.listKind, apiVersion: joinApiVersion(type.group, type.version), metadata: listMetadata(result, type.custom), items } };
}

function isBinding({ type, info }: ResourceRequest): boolean {
  return type.group === '' && type.plural === 'pods' && info.verb === 'create' && info.name !== undefined && info.subresource === 'binding';
}

function checkSubresource(request: ResourceRequest): void {
  const { type, info } = request;
  const { subresource, verb } = info;
  if (isBinding(request)) return;
  if ((verb === 'update' || verb === 'patch') && info.name === undefined) throw methodNotAllowed();
  if (subresource === undefined) {
    if (verb === 'create' && info.name !== undefined) throw methodNotAllowed();
    return;
  }
  const known = (subresource === 'status' && type.status) || (subresource === 'finalize' && type.group === '' && type.plural === 'namespaces');
  if (!known) throw type.custom ? notFound(resourceName(type), info.name ?? '') : noSuchResource();
  if (verb !== 'get' && verb !== 'update' && verb !== 'patch') throw type.custom ? verbNotSupported(resourceName(type), verb) : methodNotAllowed();
}

/** A custom type is not known at all below a namespace that it is not in. */
function wrongScope(type: ResourceType): Error {
  return type.custom ? new NoPage() : noSuchResource();
}

/** Jobs alone orphan what they own unless they are told otherwise. */
const ORPHANED_PODS = 'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning';

/** Performs the verb. Throws ApiError. */
export function perform(core: Core, request: ResourceRequest): ResourceAnswer {
  checkSubresource(request);
  if (request.info.namespace !== undefined && !request.type.namespaced && request.type.plural !== 'namespaces') throw wrongScope(request.type);
  if (isBinding(request)) return { status: 201, body: bindPod(core, request.type, find(core, request), request.body) };
  switch (request.info.verb) {
    case 'get': return get(core, request);
    case 'list': return list(core, request);
    case 'create': return create(core, request);
    case 'update': return update(core, request);
    case 'patch': return patch(core, request);
    case 'delete': return remove(core, request);
    case 'deletecollection': return removeCollection(core, request);
    default: throw methodNotAllowed();
  }
}
