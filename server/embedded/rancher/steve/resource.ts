import type { KubeObject, ResourceType } from '../../api/index.ts';
import type { Access } from './access.ts';
import type { SteveContext, SteveResource } from './types.ts';
import { joinApiVersion } from '../../api/object.ts';
import { fieldsOf } from './columns.ts';
import { stateOf } from './state.ts';
import { steveIdOf, stevePluralOf, steveTypeOf } from './types.ts';

/** Owner links as Steve's `metadata.relationships`. */
function relationshipsOf(object: KubeObject): object[] | null {
  const owners = object.metadata.ownerReferences ?? [];

  return owners.length === 0 ? null : owners.map((owner) => {
    const group = owner.apiVersion.includes('/') ? owner.apiVersion.split('/')[0] as string : '';

    return {
      fromId: object.metadata.namespace ? `${object.metadata.namespace}/${owner.name}` : owner.name,
      fromType: steveTypeOf({ group, kind: owner.kind }),
      rel: 'owner',
      state: 'active',
    };
  });
}

/** Path of an object in the Kubernetes API. */
export function kubePathOf(type: ResourceType, namespace?: string, name?: string): string {
  const root = type.group === '' ? `/api/${type.version}` : `/apis/${type.group}/${type.version}`;
  const scope = type.namespaced && namespace ? `/namespaces/${encodeURIComponent(namespace)}` : '';

  return `${root}${scope}/${type.plural}${name ? `/${encodeURIComponent(name)}` : ''}`;
}

/** Harvester's actions that make sense for a VM now. */
function actionsOf(type: ResourceType, object: KubeObject, self: string): Record<string, string> {
  if (type.group !== 'kubevirt.io' || type.plural !== 'virtualmachines') return {};
  const status = object['status'] as { created?: boolean } | undefined;

  return Object.fromEntries((status?.created ? ['stop', 'restart'] : ['start']).map((action) => [action, `${self}?action=${action}`]));
}

/** A Kubernetes object as Steve shows it to a user: `update` and `remove` links are there only when RBAC allows them. */
export function toResource(context: SteveContext, access: Access, type: ResourceType, object: KubeObject): SteveResource {
  const id = steveIdOf(object);
  const self = `${context.origin}${context.base}/${stevePluralOf(type)}/${id}`;
  const cluster = context.base.startsWith('/k8s/') ? context.base.slice(0, context.base.indexOf('/v1')) : '';
  const view = `${context.origin}${cluster}${kubePathOf(type, object.metadata.namespace, object.metadata.name)}`;
  const links: Record<string, string> = { self, view };

  if (access.mayObject(type, 'update', object)) links['update'] = self;
  if (access.mayObject(type, 'patch', object)) links['patch'] = self;
  if (access.mayObject(type, 'delete', object)) links['remove'] = self;
  const { managedFields: _managedFields, ...metadata } = object.metadata;
  const { type: kubeType, ...rest } = object;

  return {
    ...rest,
    // Secrets and Events have a field `type` of their own; Steve moves it aside.
    ...(kubeType === undefined ? {} : { _type: kubeType }),
    id,
    type: steveTypeOf(type),
    apiVersion: joinApiVersion(type.group, type.version),
    links,
    actions: links['update'] ? actionsOf(type, object, self) : {},
    metadata: { ...metadata, fields: fieldsOf(type, object), relationships: relationshipsOf(object), state: stateOf(object) },
  };
}

/** What of a resource goes to the Kubernetes API: without the fields that {@link toResource} added. */
export function toKubeObject(type: ResourceType, resource: Record<string, unknown>): Record<string, unknown> {
  const { id: _id, type: sentType, links: _links, actions: _actions, _type: movedType, ...object } = resource;
  const { fields: _fields, relationships: _relationships, state: _state, ...metadata } = (object['metadata'] ?? {}) as Record<string, unknown>;

  // The shell moves `_type` back to `type` before it sends; a client that does not is understood too.
  const kubeType = movedType ?? (sentType === steveTypeOf(type) ? undefined : sentType);

  return {
    ...object,
    ...(kubeType === undefined ? {} : { type: kubeType }),
    apiVersion: joinApiVersion(type.group, type.version),
    kind: type.kind,
    metadata,
  };
}
