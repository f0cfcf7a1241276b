import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BACKUP_ENGINE, BACKUP_REPOSITORY, NAMESPACE, SECRET, VM_BACKUP, VM_RESTORE, type ResourceType } from '../../../server/contract/api.ts';
import type { KubeObject } from '../../../server/contract/kubernetes.ts';
import { ANNOTATION_REQUESTED_BY, LABEL_OWNER_UID } from '../../../server/contract/names.ts';
import { seedAccess } from '../../../server/embedded/seed/access.ts';
import { createIfAbsent } from '../../../server/embedded/seed/apply.ts';
import { CLUSTER_ROLE, CLUSTER_ROLE_BINDING, POLICY, ROLE_BINDING } from '../../../server/embedded/seed/chart.ts';
import { ApiError } from '../../../server/kube/client.ts';
import type { HttpKubeClient } from '../../../server/kube/http-client.ts';
import { createLogger } from '../../../server/telemetry/log.ts';
import { systemClock } from '../../../server/telemetry/system-clock.ts';
import { startTestApi } from '../../support/test-api.ts';
import { waitFor } from '../../support/wait.ts';
import { aBackup, aKey, aRepository, aRestore, anEngine } from './objects.ts';
import { BINDINGS, NAMESPACES, PEOPLE, ROLES, type Person } from './people.ts';

const API_GROUP = 'rbac.authorization.k8s.io';
const ACCESS_REVIEW: ResourceType = { group: 'authorization.k8s.io', version: 'v1', kind: 'SelfSubjectAccessReview', plural: 'selfsubjectaccessreviews', namespaced: false };

/** What became of something that somebody tried: that it was done, or reason and message of the refusal. */
export type Outcome = 'allowed' | `${'Forbidden' | 'Invalid'}: ${string}`;

/** What RBAC is asked about. */
export interface Question { verb: string; group: string; resource: string; subresource?: string; namespace?: string; name?: string }

/** An API with the chart's roles and policies in force, and the people of the matrix. */
export interface World {
  as(person: Person): HttpKubeClient;
  /** Does it as somebody; a refusal is an answer, any other error is thrown. */
  attempt(person: Person, what: (client: HttpKubeClient) => Promise<unknown>): Promise<Outcome>;
  /** Whether RBAC lets somebody do it. */
  may(person: Person, question: Question): Promise<boolean>;
  close(): Promise<void>;
}

async function outcomeOf(what: () => Promise<unknown>): Promise<Outcome> {
  try {
    await what();

    return 'allowed';
  } catch (error) {
    if (error instanceof ApiError && (error.reason === 'Forbidden' || error.reason === 'Invalid')) return `${error.reason}: ${error.message}`;
    throw error;
  }
}

async function introduce(root: HttpKubeClient): Promise<void> {
  for (const name of NAMESPACES) await createIfAbsent(root, NAMESPACE, { metadata: { name } });
  for (const [name, { rules, aggregateTo = [] }] of Object.entries(ROLES)) {
    await createIfAbsent(root, CLUSTER_ROLE, { metadata: { name, labels: Object.fromEntries(aggregateTo.map((role) => [`${API_GROUP}/aggregate-to-${role}`, 'true'])) }, rules });
  }
  for (const { person, role, namespace, kind = 'ClusterRole' } of BINDINGS) {
    await createIfAbsent(root, namespace ? ROLE_BINDING : CLUSTER_ROLE_BINDING, {
      metadata: { name: `${person}-${role}`, ...(namespace ? { namespace } : {}) },
      roleRef: { apiGroup: API_GROUP, kind, name: role }, subjects: [{ kind: 'User', name: PEOPLE[person].user, apiGroup: API_GROUP }],
    });
  }
  for (const name of ['shared', 'private']) await createIfAbsent(root, BACKUP_REPOSITORY, { ...aRepository({ name }) });
}

/** Per policy, something that RBAC allows and the policy denies. */
const PROBES: Readonly<Record<string, { person: Person; type: ResourceType; object: KubeObject }>> = {
  'harvester-vm-backup-backup-rights': { person: 'cem', type: VM_BACKUP, object: aBackup({ name: 'probe', namespace: 'tenant-b' }) },
  'harvester-vm-backup-restore-rights': { person: 'cem', type: VM_RESTORE, object: aRestore({ name: 'probe', namespace: 'tenant-b', from: 'tenant-a' }) },
  'harvester-vm-backup-requested-by': { person: 'olga', type: BACKUP_REPOSITORY, object: aRepository({ name: 'probe', annotations: { [ANNOTATION_REQUESTED_BY]: 'somebody' } }) },
  'harvester-vm-backup-metadata': { person: 'olga', type: BACKUP_REPOSITORY, object: aRepository({ name: 'probe', labels: { [LABEL_OWNER_UID]: 'forged' } }) },
  'harvester-vm-backup-engine-image': { person: 'gus', type: BACKUP_ENGINE, object: anEngine({ name: 'probe' }) },
  'harvester-vm-backup-system-secrets': { person: 'olga', type: SECRET, object: aKey({ name: 'hvb-probe' }) },
};

/** Roles are aggregated, and policies take effect, a moment after they were written: waited for here, so that no test has to. */
async function inForce(world: World): Promise<void> {
  const root = world.as('root');
  const { items } = await root.list<KubeObject>(POLICY);

  await waitFor('aggregation of roles', async () => await world.may('ann', { verb: 'restore', group: 'backup.harvesterhci.io', resource: 'vmbackups', namespace: 'tenant-a' })
    && await world.may('ann', { verb: 'create', group: 'kubevirt.io', resource: 'virtualmachines', namespace: 'tenant-a' })
    && await world.may('bob', { verb: 'get', group: 'kubevirt.io', resource: 'virtualmachines', namespace: 'tenant-a' })
    && await world.may('dora', { verb: 'restore', group: 'backup.harvesterhci.io', resource: 'vmbackups', namespace: 'tenant-a' }));
  for (const { metadata: { name } } of items) {
    const probe = PROBES[name];
    const ask = (): Promise<Outcome> => (probe
      ? world.attempt(probe.person, (client) => client.create(probe.type, probe.object))
      : world.attempt('gus', async (client) => client.replaceStatus(BACKUP_REPOSITORY, { ...await root.get(BACKUP_REPOSITORY, { name: 'private' }), status: { phase: 'Failed' } } as KubeObject)));

    await waitFor(`policy ${name} in force`, async () => (await ask()).includes(`'${name}'`), { describe: ask });
  }
  for (const { type, object: { metadata: { name, namespace } } } of Object.values(PROBES)) await root.delete(type, { name, ...(namespace ? { namespace } : {}) });
}

/** Starts the API that this run uses, with everybody in it. */
export async function startWorld(): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'hvb-access-'));
  const log = createLogger({ clock: systemClock, level: 'error', write: () => undefined });
  const api = await startTestApi({ users: PEOPLE, adminToken: 'root', folder, log });
  const as = (person: Person): HttpKubeClient => api.clientFor(person);
  const world: World = {
    as,
    attempt: (person, what) => outcomeOf(() => what(as(person))),
    async may(person, { namespace, ...question }) {
      const review = await as(person).create<KubeObject & { status?: { allowed?: boolean } }>(ACCESS_REVIEW, {
        apiVersion: 'authorization.k8s.io/v1', kind: ACCESS_REVIEW.kind, metadata: {} as KubeObject['metadata'], spec: { resourceAttributes: { ...question, ...(namespace ? { namespace } : {}) } },
      } as KubeObject);

      return review.status?.allowed === true;
    },
    async close() {
      await api.stop();
      await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };

  await seedAccess(as('root'));
  await introduce(as('root'));
  await inForce(world);

  return world;
}
