import type { ApiServer, Identity, KubeObject, ResourceType } from '../../api/index.ts';

/** What every part of the Steve API works on. */
export interface SteveContext {
  readonly api: ApiServer;
  /** URL prefix of this Steve, without a slash at the end: `/v1`, `/k8s/clusters/local/v1`. */
  readonly base: string;
  /** Scheme, host and port as the browser sees them; links are absolute. */
  readonly origin: string;
  readonly identity: Identity;
}

/** State of an object as lists show it. */
export interface ResourceState {
  /** One lowercase word. */
  name: string;
  error: boolean;
  transitioning: boolean;
  message: string;
}

/** An object as Steve sends it: the Kubernetes object plus id, type, links and computed metadata. */
export interface SteveResource {
  id: string;
  type: string;
  links: Record<string, string>;
  actions?: Record<string, string>;
  [field: string]: unknown;
}

/** A list answer of Steve. `count` is over all pages, `revision` the point from which a watch continues. */
export interface SteveCollection {
  type: 'collection';
  resourceType: string;
  links: Record<string, string>;
  revision: string;
  count: number;
  pages?: number;
  data: SteveResource[];
}

/** `<group>.<kind>` in lower case, the bare kind for the core group. */
export function steveTypeOf(type: Pick<ResourceType, 'group' | 'kind'>): string {
  const kind = type.kind.toLowerCase();

  return type.group === '' ? kind : `${type.group}.${kind}`;
}

/** The name under which Steve lists a type: `<group>.<plural>`. */
export function stevePluralOf(type: Pick<ResourceType, 'group' | 'plural'>): string {
  return type.group === '' ? type.plural : `${type.group}.${type.plural}`;
}

/** `namespace/name`, or `name` for cluster scope. */
export function steveIdOf(object: KubeObject): string {
  const { namespace, name } = object.metadata;

  return namespace ? `${namespace}/${name}` : name;
}
