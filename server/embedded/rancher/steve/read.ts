import type { KubeObject, ResourceType } from '../../api/index.ts';
import type { ListQuery } from './query.ts';
import type { SteveCollection, SteveContext, SteveResource } from './types.ts';
import { objectKey } from '../../api/object.ts';
import { storageKey } from '../../api/resource-type.ts';
import { compileMatcher } from '../../api/selectors.ts';
import { forbidden, notFound } from '../../api/status.ts';
import { Access } from './access.ts';
import { matchesFilters, pageOf, sortResources } from './query.ts';
import { toResource } from './resource.ts';
import { stevePluralOf, steveTypeOf } from './types.ts';

const PROJECT = 'field.cattle.io/projectId';

function refusal(context: SteveContext, type: ResourceType, verb: string, name = '', namespace?: string): Error {
  const where = namespace ? ` in the namespace "${namespace}"` : ' at the cluster scope';

  return forbidden({ group: type.group, name: type.plural }, name,
    `User "${context.identity.user}" cannot ${verb} resource "${type.plural}" in API group "${type.group}"${where}`);
}

/** Whether an object of a namespace passes the shell's namespace switcher. */
function namespaceFilter(context: SteveContext, query: ListQuery): (namespace: string | undefined) => boolean {
  if (query.projectsOrNamespaces.length === 0) return () => true;
  const namespaces = context.api.store.list(storageKey({ group: '', plural: 'namespaces' }));
  const projects = new Map(namespaces.map(({ metadata }) => [metadata.name, metadata.annotations?.[PROJECT] ?? metadata.labels?.[PROJECT] ?? '']));

  return (namespace) => namespace === undefined || query.projectsOrNamespaces.every(({ names, exclude }) => {
    const project = projects.get(namespace) ?? '';
    const inside = names.includes(namespace) || (project !== '' && (names.includes(project) || names.includes(project.split(':').at(-1) as string)));

    return inside !== exclude;
  });
}

function withoutExcluded(resource: SteveResource, exclude: readonly string[]): SteveResource {
  if (!exclude.includes('metadata.fields')) return resource;
  const { fields: _fields, ...metadata } = resource['metadata'] as Record<string, unknown>;

  return { ...resource, metadata };
}

/** Lists a type as the user may see it: everywhere, or in the namespaces that RBAC allows. Throws ApiError 403 where none is. */
export function listResources(context: SteveContext, type: ResourceType, query: ListQuery, namespace?: string): SteveCollection {
  const access = new Access(context.api, context.identity);
  const allowed = namespace && access.may(type, 'list', namespace) ? undefined : access.namespaces(type, 'list');

  if (allowed && (allowed.length === 0 || (namespace && !allowed.includes(namespace)))) throw refusal(context, type, 'list', '', namespace);
  const revision = String(context.api.store.revision);
  const matches = compileMatcher(type, query.labelSelector, query.fieldSelector);
  const inScope = namespaceFilter(context, query);
  const visible = (object: KubeObject): boolean => (!allowed || allowed.includes(object.metadata.namespace ?? ''))
    && (!matches || matches(object)) && inScope(object.metadata.namespace);
  const found = context.api.store.list(storageKey(type), namespace)
    .filter(visible)
    .map((object) => toResource(context, access, type, object))
    .filter((resource) => matchesFilters(resource, query.filters));
  const { items, pages } = pageOf(sortResources(found, query.sort), query.page, query.pageSize);

  return {
    type: 'collection',
    resourceType: steveTypeOf(type),
    links: { self: `${context.origin}${context.base}/${stevePluralOf(type)}${namespace ? `/${namespace}` : ''}` },
    createTypes: access.anywhere(type, 'create') ? { [steveTypeOf(type)]: `${context.origin}${context.base}/${stevePluralOf(type)}` } : {},
    actions: {},
    revision,
    count: found.length,
    ...(query.pageSize > 0 ? { pages } : {}),
    data: items.map((resource) => withoutExcluded(resource, query.exclude)),
  } as SteveCollection;
}

/** One object; throws ApiError 403 or 404. */
export function getResource(context: SteveContext, type: ResourceType, namespace: string | undefined, name: string): SteveResource {
  const access = new Access(context.api, context.identity);

  if (!access.may(type, 'get', namespace, name)) throw refusal(context, type, 'get', name, namespace);
  const object = context.api.store.get(storageKey(type), objectKey(namespace, name));
  if (!object) throw notFound({ group: type.group, name: type.plural }, name);

  return toResource(context, access, type, object);
}
