import type { Identity } from '../../../server/embedded/api/index.ts';
import { GROUP } from '../../../server/contract/api.ts';
import { SYSTEM_NAMESPACE } from '../../../server/contract/names.ts';

/** Two tenants, and one namespace where somebody runs backups. */
export const NAMESPACES = ['tenant-a', 'tenant-b', 'operations'] as const;

/** Who acts in the matrix, by the roles that {@link BINDINGS} give them. Their name is their bearer token. */
export const PEOPLE = {
  root: { user: 'root', groups: ['system:masters'] },
  server: { user: `system:serviceaccount:${SYSTEM_NAMESPACE}:harvester-vm-backup`, groups: ['system:serviceaccounts', `system:serviceaccounts:${SYSTEM_NAMESPACE}`] },
  /** Works in tenant-a. */
  ann: { user: 'ann', groups: ['staff'] },
  /** Works in tenant-b, and may look at tenant-a. */
  bob: { user: 'bob', groups: ['staff'] },
  /** Works in tenant-b, and knows nothing of tenant-a. */
  cem: { user: 'cem', groups: ['staff'] },
  /** Administrator of tenant-a. */
  dora: { user: 'dora', groups: ['staff'] },
  /** Only looks at tenant-a. */
  eve: { user: 'eve', groups: ['staff'] },
  /** May do everything in tenant-a by a role of stars. */
  fred: { user: 'fred', groups: [] },
  /** Runs backups for everybody. */
  olga: { user: 'olga', groups: [] },
  /** May restore in tenant-b, where single rights are missing. */
  nosecrets: { user: 'nosecrets', groups: [] },
  noclaims: { user: 'noclaims', groups: [] },
  nomachines: { user: 'nomachines', groups: [] },
  /** May change backups of tenant-a, and neither make nor delete them. */
  clerk: { user: 'clerk', groups: [] },
  /** May write repositories and engines by a role of stars on our group, and nothing else. */
  gus: { user: 'gus', groups: [] },
  nobody: { user: 'nobody', groups: [] },
} as const satisfies Record<string, Identity>;

/** @see PEOPLE */
export type Person = keyof typeof PEOPLE;

/** A rule of RBAC. */
export interface Rule { apiGroups: string[]; resources: string[]; verbs: string[]; resourceNames?: string[] }

const rule = (group: string, resources: string[], verbs: string[], resourceNames?: string[]): Rule => ({ apiGroups: [group], resources, verbs, ...(resourceNames ? { resourceNames } : {}) });
const restoring = (...more: Rule[]): Rule[] => [rule(GROUP, ['vmbackups'], ['get', 'restore']), rule(GROUP, ['vmrestores'], ['get', 'create', 'patch']), ...more];
const machines = rule('kubevirt.io', ['virtualmachines'], ['get', 'create']);
const claims = rule('', ['persistentvolumeclaims'], ['create']);
const secrets = rule('', ['secrets'], ['create']);

/** ClusterRoles beside the chart's: KubeVirt's, which become part of view, edit and admin, and narrow ones of this matrix. */
export const ROLES: Readonly<Record<string, { rules: Rule[]; aggregateTo?: string[] }>> = {
  'kubevirt-view': { rules: [rule('kubevirt.io', ['virtualmachines', 'virtualmachineinstances'], ['get', 'list', 'watch'])], aggregateTo: ['view', 'edit', 'admin'] },
  'kubevirt-edit': { rules: [rule('kubevirt.io', ['virtualmachines'], ['create', 'update', 'patch', 'delete'])], aggregateTo: ['edit', 'admin'] },
  stars: { rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }] },
  'no-secrets': { rules: restoring(machines, claims) },
  'no-claims': { rules: restoring(machines, secrets) },
  'no-machines': { rules: restoring(claims, secrets) },
  clerk: { rules: [rule(GROUP, ['vmbackups'], ['get', 'update', 'patch'])] },
  'group-stars': { rules: [rule(GROUP, ['*'], ['*'])] },
  'shared-only': { rules: [rule(GROUP, ['backuprepositories'], ['use'], ['shared'])] },
};

/** Who has which ClusterRole, in a namespace or (no namespace) in the whole cluster; `kind: Role` is one of that namespace. */
export const BINDINGS: readonly { person: Person; role: string; namespace?: string; kind?: 'Role' }[] = [
  { person: 'ann', role: 'edit', namespace: 'tenant-a' },
  { person: 'ann', role: 'harvester-vm-backup-repository-user', namespace: 'tenant-a' },
  { person: 'ann', role: 'harvester-vm-backup-reader' },
  { person: 'bob', role: 'edit', namespace: 'tenant-b' },
  { person: 'bob', role: 'view', namespace: 'tenant-a' },
  { person: 'bob', role: 'shared-only', namespace: 'tenant-b' },
  { person: 'cem', role: 'edit', namespace: 'tenant-b' },
  { person: 'dora', role: 'admin', namespace: 'tenant-a' },
  { person: 'eve', role: 'view', namespace: 'tenant-a' },
  { person: 'fred', role: 'stars', namespace: 'tenant-a' },
  { person: 'olga', role: 'harvester-vm-backup-operator' },
  { person: 'olga', role: 'harvester-vm-backup-operator', namespace: SYSTEM_NAMESPACE, kind: 'Role' },
  { person: 'olga', role: 'edit', namespace: 'operations' },
  { person: 'nosecrets', role: 'no-secrets', namespace: 'tenant-b' },
  { person: 'noclaims', role: 'no-claims', namespace: 'tenant-b' },
  { person: 'nomachines', role: 'no-machines', namespace: 'tenant-b' },
  { person: 'clerk', role: 'clerk', namespace: 'tenant-a' },
  { person: 'gus', role: 'group-stars' },
];
