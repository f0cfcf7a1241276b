import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BACKUP_REPOSITORY, VM_BACKUP, VM_RESTORE } from '../../../server/contract/api.ts';
import type { KubeObject } from '../../../server/contract/kubernetes.ts';
import { ANNOTATION_REQUESTED_BY, FINALIZER_DATA, LABEL_OWNER_UID, LABEL_RESTORED_BY, LABEL_VM_UID } from '../../../server/contract/names.ts';
import { aBackup, aRestore } from './objects.ts';
import type { Person } from './people.ts';
import { startWorld, type Outcome, type World } from './world.ts';

const SERVERS_METADATA = { labels: { [LABEL_VM_UID]: 'vm-1' }, finalizers: [FINALIZER_DATA] };

let world: World;
let made = 0;
let key: { name: string; namespace: string };

/** A patch of the backup that the test is about. */
const patch = (person: Person, body: object): Promise<Outcome> => world.attempt(person, (client) => client.patch(VM_BACKUP, key, body));

beforeAll(async () => { world = await startWorld(); });
afterAll(() => world.close());
beforeEach(async () => {
  key = { name: `owned-${++made}`, namespace: 'tenant-a' };
  await world.as('ann').create(VM_BACKUP, aBackup({ ...key, labels: { team: 'a' }, annotations: { [ANNOTATION_REQUESTED_BY]: 'ann' } }));
  await world.as('server').patch(VM_BACKUP, key, { metadata: SERVERS_METADATA });
});

describe('the status', () => {
  const forge = (person: Person): Promise<Outcome> => world.attempt(person, async (client) => {
    const backup = await world.as('root').get<KubeObject>(VM_BACKUP, key);

    return client.replaceStatus(VM_BACKUP, { ...backup, status: { phase: 'Completed', documentID: 'forged' } } as KubeObject);
  });

  it('given a role of stars in the namespace, when the status of a backup is written, then it is refused in words', async () => {
    const result = await forge('fred');

    expect(result).toMatch(/^Forbidden: /);
    expect(result).toContain(`"fred" cannot write the status of vmbackups.backup.harvesterhci.io "${key.name}": only the server`);
  });

  it('given a role of stars on our group in the whole cluster, when the status of a repository is written, then it is refused', async () => {
    const repository = await world.as('root').get<KubeObject>(BACKUP_REPOSITORY, { name: 'shared' });

    expect(await world.attempt('gus', (client) => client.replaceStatus(BACKUP_REPOSITORY, { ...repository, status: { phase: 'Ready' } } as KubeObject))).toContain('"gus" cannot write the status of backuprepositories');
  });

  it('given a tenant, when the status is written, then RBAC refuses already', async () => {
    expect(await forge('dora')).toContain('cannot update resource "vmbackups/status"');
  });

  it('given the server, or somebody who could act as its account anyway, when the status is written, then it is', async () => {
    expect(await forge('server')).toBe('allowed');
    expect(await forge('root')).toBe('allowed');
  });

  it('given a status in an object that is created, when it is read, then it is not there', async () => {
    await world.as('ann').create(VM_BACKUP, { ...aBackup({ name: 'with-status', namespace: 'tenant-a' }), status: { phase: 'Completed' } } as KubeObject);
    expect(await world.as('ann').get(VM_BACKUP, { name: 'with-status', namespace: 'tenant-a' })).not.toHaveProperty('status');
  });
});

describe('finalizers and labels that clean-up goes by', () => {
  it.each(['ann', 'dora', 'fred', 'clerk'] as const)('given %s, when the server\'s finalizer is taken off, then it is refused with the way out', async (person) => {
    const result = await patch(person, { metadata: { finalizers: [] } });

    expect(result).toContain(`"${person}" cannot add or remove finalizers`);
    expect(result).toContain('spec.deletionPolicy to Retain');
  });

  it('given somebody, when a finalizer of the server is put on an object, new or old, then it is refused', async () => {
    expect(await world.attempt('ann', (client) => client.create(VM_BACKUP, aBackup({ name: 'held', namespace: 'tenant-a', finalizers: [FINALIZER_DATA] })))).toContain('cannot add or remove finalizers');
    expect(await patch('ann', { metadata: { finalizers: [FINALIZER_DATA, 'backup.harvesterhci.io/cleanup'] } })).toContain('cannot add or remove finalizers');
  });

  it('given finalizers of others, when they come and go beside the server\'s, then nobody minds', async () => {
    expect(await patch('ann', { metadata: { finalizers: ['example.io/mine', FINALIZER_DATA] } })).toBe('allowed');
    expect(await patch('ann', { metadata: { finalizers: [FINALIZER_DATA] } })).toBe('allowed');
  });

  it.each([
    ['changed', { [LABEL_VM_UID]: 'vm-2' }],
    ['removed', { [LABEL_VM_UID]: null }],
    ['added', { [LABEL_OWNER_UID]: 'forged' }],
    ['added', { [LABEL_RESTORED_BY]: 'forged' }],
  ])('given a label of the server, when it is %s by %j, then it is refused', async (_, labels) => {
    const result = await patch('ann', { metadata: { labels } });

    expect(result).toMatch(/^Forbidden: /);
    expect(result).toContain('"ann" cannot set, change or remove labels of vmbackups.backup.harvesterhci.io that begin with "backup.harvesterhci.io/"');
  });

  it('given a label of her own, when it is changed, then nobody minds', async () => {
    expect(await patch('ann', { metadata: { labels: { team: 'b' } } })).toBe('allowed');
  });

  it('given the server, or somebody who could act as its account anyway, when the finalizer is taken off, then it is', async () => {
    expect(await patch('server', { metadata: { finalizers: [] } })).toBe('allowed');
    expect(await patch('server', { metadata: { finalizers: [FINALIZER_DATA] } })).toBe('allowed');
    expect(await patch('root', { metadata: { finalizers: [] } })).toBe('allowed');
  });

  it('given "update" without "delete", when an owner is added that the garbage collector would follow, then it is refused; with "delete" not', async () => {
    const owners = { metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'never', uid: '00000000-0000-4000-8000-000000000000' }] } };

    expect(await patch('clerk', owners)).toContain('"clerk" cannot add owners to vmbackups.backup.harvesterhci.io');
    expect(await patch('clerk', { metadata: { labels: { seen: 'yes' } } })).toBe('allowed');
    expect(await patch('ann', owners)).toBe('allowed');
  });
});

describe('the annotation that says who asked', () => {
  it('given somebody else\'s name, when a backup or restore is created, then it is refused, even by an administrator', async () => {
    const annotations = { [ANNOTATION_REQUESTED_BY]: 'bob' };

    expect(await world.attempt('ann', (client) => client.create(VM_BACKUP, aBackup({ name: 'in-his-name', namespace: 'tenant-a', annotations })))).toContain('says "bob", but user "ann" creates the object');
    expect(await world.attempt('root', (client) => client.create(VM_RESTORE, aRestore({ name: 'in-his-name', namespace: 'tenant-a', from: 'tenant-a', annotations })))).toContain('says "bob", but user "root" creates the object');
  });

  it.each([['changed', 'bob'], ['removed', null], ['changed', 'dora']])('given her name on a backup, when it is %s to %s, then it is refused', async (_, value) => {
    const result = await patch('dora', { metadata: { annotations: { [ANNOTATION_REQUESTED_BY]: value } } });

    expect(result).toContain('"dora" cannot change the annotation backup.harvesterhci.io/requested-by after creation: leave it at "ann"');
  });

  it('given an object without it, when it is added later, then it is refused; other annotations are free', async () => {
    const bare = { name: `bare-${made}`, namespace: 'tenant-a' };

    await world.as('ann').create(VM_BACKUP, aBackup(bare));
    expect(await world.attempt('ann', (client) => client.patch(VM_BACKUP, bare, { metadata: { annotations: { [ANNOTATION_REQUESTED_BY]: 'ann' } } }))).toContain('cannot change the annotation');
    expect(await world.attempt('ann', (client) => client.patch(VM_BACKUP, bare, { metadata: { annotations: { note: 'x' } } }))).toBe('allowed');
  });

  it('given the server, when it writes in somebody\'s name, then it may', async () => {
    expect(await patch('server', { metadata: { annotations: { [ANNOTATION_REQUESTED_BY]: 'bob' } } })).toBe('allowed');
  });
});
