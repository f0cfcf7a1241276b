/** Discovery documents. */
import type { AggregatedResource, JsonObject } from './types.ts';
import type { TypeRegistry } from './registry.ts';
import type { ResourceType } from './resource-type.ts';
import { joinApiVersion } from './object.ts';

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

/** Kubernetes version that the server says it is. */
export const VERSION = {
  major: '1', minor: '33', emulationMajor: '1', emulationMinor: '33', minCompatibilityMajor: '1', minCompatibilityMinor: '32', gitVersion: 'v1.33.0+embedded', gitCommit: '', gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z', goVersion: '', compiler: 'node', platform: 'linux/amd64',
};

/** A group of an aggregated API. */
export interface AggregatedGroup {
  group: string;
  version: string;
  resources: readonly AggregatedResource[];
}

const REVIEWS: readonly AggregatedGroup[] = [
  {
    group: 'authorization.k8s.io', version: 'v1',
    resources: [
      { name: 'selfsubjectaccessreviews', kind: 'SelfSubjectAccessReview', namespaced: false, verbs: ['create'] },
      { name: 'subjectaccessreviews', kind: 'SubjectAccessReview', namespaced: false, verbs: ['create'] },
    ],
  },
  { group: 'authentication.k8s.io', version: 'v1', resources: [{ name: 'selfsubjectreviews', kind: 'SelfSubjectReview', namespaced: false, verbs: ['create'] }] },
];

function describe(type: ResourceType): JsonObject[] {
  const isNamespace = type.group === '' && type.plural === 'namespaces';
  const base = { namespaced: type.namespaced, kind: type.kind };
  const resources: JsonObject[] = [{
    name: type.plural, singularName: type.singular, ...base, verbs: isNamespace ? VERBS.filter((verb) => verb !== 'deletecollection') : VERBS,
    ...(type.shortNames.length > 0 ? { shortNames: type.shortNames } : {}), ...(type.categories.length > 0 ? { categories: type.categories } : {}),
  }];
  const subresource = (name: string, verbs: string[]): void => { resources.push({ name: `${type.plural}/${name}`, singularName: '', ...base, verbs }); };
  if (type.status) subresource('status', ['get', 'patch', 'update']);
  if (type.group === '' && type.plural === 'pods') subresource('log', ['get']);
  if (type.group === '' && type.plural === 'pods') resources.push({ name: 'pods/binding', singularName: '', namespaced: true, kind: 'Binding', verbs: ['create'] });
  if (isNamespace) subresource('finalize', ['update']);
  return resources;
}

function groupVersions(types: TypeRegistry, aggregated: readonly AggregatedGroup[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const { group, version } of [...types.all(), ...REVIEWS, ...aggregated]) {
    if (group === '') continue;
    const versions = groups.get(group) ?? [];
    if (!versions.includes(version)) versions.push(version);
    groups.set(group, versions);
  }
  return groups;
}

function describeGroup(group: string, versions: readonly string[]): JsonObject {
  const list = [...versions].sort(compareVersions).map((version) => ({ groupVersion: `${group}/${version}`, version }));
  return { name: group, versions: list, preferredVersion: list[0] };
}

/** Kubernetes' order of versions: v2, v1, v1beta2, v1beta1, v1alpha1. */
export function compareVersions(a: string, b: string): number {
  const rank = (version: string): [number, number, number] => {
    const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
    if (!match) return [0, 0, 0];
    return [match[2] === undefined ? 3 : match[2] === 'beta' ? 2 : 1, Number(match[1]), Number(match[3] ?? 0)];
  };
  const [ra, rb] = [rank(a), rank(b)];
  return rb[0] - ra[0] || rb[1] - ra[1] || rb[2] - ra[2] || a.localeCompare(b);
}

function resourceList(types: TypeRegistry, aggregated: readonly AggregatedGroup[], group: string, version: string): JsonObject | undefined {
  const resources = types.all().filter((type) => type.group === group && type.version === version).flatMap(describe);
  for (const extra of [...REVIEWS, ...aggregated]) {
    if (extra.group === group && extra.version === version) resources.push(...extra.resources.map((resource) => ({ singularName: resource.kind.toLowerCase(), ...resource })));
  }
  if (resources.length === 0) return undefined;
  // The list of the core group has no version, for its age.
  return { kind: 'APIResourceList', ...(group === '' ? {} : { apiVersion: 'v1' }), groupVersion: joinApiVersion(group, version), resources };
}

function openApi(types: TypeRegistry): JsonObject {
  const schemas = types.all().map((type): [string, JsonObject] => {
    const schema: JsonObject = type.schema?.openApi ?? { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
    const name = [...type.group.split('.').reverse().filter((part) => part !== ''), type.version, type.kind].join('.');
    return [name, { ...schema, 'x-kubernetes-group-version-kind': [{ group: type.group, version: type.version, kind: type.kind }] }];
  });
  return { openapi: '3.0.0', info: { title: 'Kubernetes', version: VERSION.gitVersion }, paths: {}, components: { schemas: Object.fromEntries(schemas) } };
}

/** The discovery document at a path; undefined where there is none. */
export function discover(types: TypeRegistry, aggregated: readonly AggregatedGroup[], path: string, serverAddress: string): JsonObject | undefined {
  const parts = path.split('/').filter((part) => part !== '');
  if (path === '/version') return VERSION;
  if (parts[0] === 'openapi') return parts[1] === 'v3' ? openApi(types) : undefined;
  if (parts[0] === 'api') {
    if (parts.length === 1) return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }] };
    return parts.length === 2 ? resourceList(types, aggregated, '', parts[1] ?? '') : undefined;
  }
  if (parts[0] !== 'apis' || parts.length > 3) return undefined;
  const groups = groupVersions(types, aggregated);
  if (parts.length === 1) return { kind: 'APIGroupList', apiVersion: 'v1', groups: [...groups].map(([group, versions]) => describeGroup(group, versions)) };
  const group = parts[1] ?? '';
  const versions = groups.get(group);
  if (!versions) return undefined;
  return parts.length === 2 ? { kind: 'APIGroup', apiVersion: 'v1', ...describeGroup(group, versions) } : resourceList(types, aggregated, group, parts[2] ?? '');
}
