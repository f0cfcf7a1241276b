import type { ResourceType } from '../../api/index.ts';
import type { SteveContext } from './types.ts';
import { Access } from './access.ts';
import { columnsOf } from './columns.ts';
import { stevePluralOf, steveTypeOf } from './types.ts';

/** A schema as the shell reads it: what a type is called and what the user may do with it. */
export interface SteveSchema {
  id: string;
  type: 'schema';
  pluralName: string;
  links: Record<string, string>;
  attributes: Record<string, unknown>;
  collectionMethods: string[];
  resourceMethods: string[];
  resourceFields: Record<string, unknown>;
}

/** Types that exist in Steve only. `userpreference` and `count` are what the shell needs before anything else. */
const VIRTUAL: readonly { id: string; plural: string; methods: string[] }[] = [
  { id: 'schema', plural: 'schemas', methods: ['GET'] },
  { id: 'count', plural: 'counts', methods: ['GET'] },
  { id: 'userpreference', plural: 'userpreferences', methods: ['GET', 'PUT'] },
];

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'] as const;

function virtualSchema(context: SteveContext, { id, plural, methods }: (typeof VIRTUAL)[number]): SteveSchema {
  return {
    id, type: 'schema', pluralName: plural,
    links: { self: `${context.origin}${context.base}/schemas/${id}`, collection: `${context.origin}${context.base}/${plural}` },
    attributes: { group: '', version: 'v1', kind: id, resource: plural, namespaced: false, verbs: ['get', 'list', 'watch'], columns: [] },
    collectionMethods: ['GET'], resourceMethods: methods, resourceFields: {},
  };
}

/** The schema of a served type for this user; `undefined` when the user may do nothing with it, as in Rancher. */
export function schemaOf(context: SteveContext, access: Access, type: ResourceType): SteveSchema | undefined {
  const verbs = VERBS.filter((verb) => access.anywhere(type, verb));

  if (verbs.length === 0) return undefined;
  const may = (verb: (typeof VERBS)[number]): boolean => verbs.includes(verb);
  const id = steveTypeOf(type);
  const collection = `${context.origin}${context.base}/${stevePluralOf(type)}`;

  return {
    id,
    type: 'schema',
    pluralName: stevePluralOf(type),
    links: { self: `${context.origin}${context.base}/schemas/${id}`, ...(may('list') ? { collection } : {}) },
    attributes: {
      group: type.group, version: type.version, kind: type.kind, resource: type.plural,
      namespaced: type.namespaced, verbs, columns: columnsOf(type), preferredGroup: type.group,
    },
    collectionMethods: [...(may('list') ? ['GET'] : []), ...(may('create') ? ['POST'] : [])],
    resourceMethods: [...(may('get') ? ['GET'] : []), ...(may('update') ? ['PUT'] : []), ...(may('patch') ? ['PATCH'] : []), ...(may('delete') ? ['DELETE'] : [])],
    resourceFields: {},
  };
}

/** One version per stored type: the one that objects are stored in. */
export function servedTypes(context: SteveContext): ResourceType[] {
  return context.api.types.stored().map((type) => context.api.types.findAny(type.group, type.plural) ?? type);
}

/** Every schema of this user, sorted by id. */
export function listSchemas(context: SteveContext): SteveSchema[] {
  const access = new Access(context.api, context.identity);
  const served = servedTypes(context).flatMap((type) => schemaOf(context, access, type) ?? []);

  return [...VIRTUAL.map((entry) => virtualSchema(context, entry)), ...served].sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** The type that a Steve name means: its id (`apps.deployment`) or its plural (`apps.deployments`). */
export function findType(context: SteveContext, name: string): ResourceType | undefined {
  const wanted = name.toLowerCase();

  return servedTypes(context).find((type) => steveTypeOf(type) === wanted || stevePluralOf(type) === wanted);
}
