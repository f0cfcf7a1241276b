import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BACKUP_ENGINE, BACKUP_REPOSITORY, SECRET, VM_BACKUP } from '../../../server/contract/api.ts';
import { LABEL_OPERATION, SYSTEM_NAMESPACE } from '../../../server/contract/names.ts';
import { aBackup, aKey, aRepository, anEngine } from './objects.ts';
import type { Person } from './people.ts';
import { startWorld, type World } from './world.ts';

let world: World;
let made = 0;

beforeAll(async () => { world = await startWorld(); });
afterAll(() => world.close());

const NO_USE = (person: string, repository: string, namespace: string): string[] =>
  [`"${person}" lacks the verb "use" on backuprepositories.backup.harvesterhci.io "${repository}" for the namespace "${namespace}"`, 'choose another repository, or ask'];

/** Who backs up in which namespace into which repository → 'allowed', or words that the refusal must have. */
const MATRIX: [Person, string, string, 'allowed' | string[]][] = [
  ['ann', 'tenant-a', 'shared', 'allowed'],
  ['ann', 'tenant-a', 'private', 'allowed'],
  ['bob', 'tenant-b', 'shared', 'allowed'],
  ['bob', 'tenant-b', 'private', NO_USE('bob', 'private', 'tenant-b')],
  ['cem', 'tenant-b', 'shared', NO_USE('cem', 'shared', 'tenant-b')],
  ['dora', 'tenant-a', 'shared', NO_USE('dora', 'shared', 'tenant-a')],
  ['olga', 'tenant-b', 'private', 'allowed'],
  ['root', 'tenant-b', 'private', 'allowed'],
  ['gus', 'tenant-a', 'shared', ['"gus" cannot get virtualmachines.kubevirt.io "shop" in the namespace "tenant-a"', 'role "view"']],
  ['eve', 'tenant-a', 'shared', ['cannot create resource "vmbackups"']],
  ['bob', 'tenant-a', 'shared', ['cannot create resource "vmbackups"']],
  ['nobody', 'tenant-a', 'shared', ['cannot create resource "vmbackups"']],
];

describe('who may back up', () => {
  it.each(MATRIX)('given %s, when a VM of %s is backed up into %s, then it is %j', async (person, namespace, repository, expected) => {
    const result = await world.attempt(person, (client) => client.create(VM_BACKUP, aBackup({ name: `backup-${++made}`, namespace, repository })));

    if (expected === 'allowed') expect(result).toBe('allowed');
    else {
      expect(result).toMatch(/^Forbidden: vmbackups.backup.harvesterhci.io /);
      for (const words of expected) expect(result).toContain(words);
    }
  });

  it('given a backup of hers, when she holds it back from deletion of its data, cancels or deletes it, then she may', async () => {
    const key = { name: 'hers', namespace: 'tenant-a' };

    await world.as('ann').create(VM_BACKUP, aBackup(key));
    expect(await world.attempt('ann', (client) => client.patch(VM_BACKUP, key, { spec: { deletionPolicy: 'Retain', cancel: true } }))).toBe('allowed');
    expect(await world.attempt('eve', (client) => client.delete(VM_BACKUP, key))).toContain('cannot delete resource "vmbackups"');
    expect(await world.attempt('ann', (client) => client.delete(VM_BACKUP, key))).toBe('allowed');
  });
});

describe('who may set up where backups go', () => {
  it('given an operator, when a repository and its key are made, then that is allowed, but the key is neither read nor changed', async () => {
    const key = { name: 'vault-key', namespace: SYSTEM_NAMESPACE };

    expect(await world.attempt('olga', (client) => client.create(SECRET, aKey({ name: 'vault-key' })))).toBe('allowed');
    expect(await world.attempt('olga', (client) => client.create(BACKUP_REPOSITORY, aRepository({ name: 'vault' })))).toBe('allowed');
    expect(await world.attempt('olga', (client) => client.get(SECRET, key))).toContain('cannot get resource "secrets"');
    expect(await world.attempt('olga', (client) => client.patch(SECRET, key, {}))).toContain('cannot patch resource "secrets"');
    expect(await world.attempt('olga', (client) => client.delete(SECRET, key))).toContain('cannot delete resource "secrets"');
  });

  it('given an operator, when a Secret is made that the server could take for its own, then it is refused', async () => {
    const words = 'cannot create secrets "hvb-op-1" in the namespace "harvester-vm-backup-system"';

    expect(await world.attempt('olga', (client) => client.create(SECRET, aKey({ name: 'hvb-op-1' })))).toContain(words);
    expect(await world.attempt('olga', (client) => client.create(SECRET, aKey({ name: 'capture-1' })))).toContain('belong to the server there');
    expect(await world.attempt('olga', (client) => client.create(SECRET, aKey({ name: 'plain', labels: { [LABEL_OPERATION]: '1' } })))).toContain('belong to the server there');
    expect(await world.attempt('server', (client) => client.create(SECRET, aKey({ name: 'hvb-op-1', labels: { [LABEL_OPERATION]: '1' } })))).toBe('allowed');
  });

  it('given a tenant, when he makes a Secret of such a name in his own namespace, then nobody minds', async () => {
    expect(await world.attempt('ann', (client) => client.create(SECRET, { ...aKey({ name: 'hvb-op-1' }), metadata: { name: 'hvb-op-1', namespace: 'tenant-a' } }))).toBe('allowed');
  });

  it('given tenants, when they write a repository, then RBAC refuses', async () => {
    expect(await world.attempt('dora', (client) => client.create(BACKUP_REPOSITORY, aRepository({ name: 'mine' })))).toContain('cannot create resource "backuprepositories"');
    expect(await world.attempt('fred', (client) => client.create(BACKUP_REPOSITORY, aRepository({ name: 'mine' })))).toContain('cannot create resource "backuprepositories"');
  });

  it('given somebody who may write engines but run nothing in the system namespace, when a mover\'s image is set, then it is refused', async () => {
    const words = '"gus" cannot create jobs.batch in the namespace "harvester-vm-backup-system"';

    expect(await world.attempt('root', (client) => client.create(BACKUP_ENGINE, anEngine({ name: 'restic' })))).toBe('allowed');
    expect(await world.attempt('gus', (client) => client.create(BACKUP_ENGINE, anEngine({ name: 'mine' })))).toContain(words);
    expect(await world.attempt('gus', (client) => client.patch(BACKUP_ENGINE, { name: 'restic' }, { spec: { mover: { image: 'evil:1' } } }))).toContain(words);
    expect(await world.attempt('gus', (client) => client.patch(BACKUP_ENGINE, { name: 'restic' }, { metadata: { labels: { shown: 'yes' } } }))).toBe('allowed');
    expect(await world.attempt('olga', (client) => client.patch(BACKUP_ENGINE, { name: 'restic' }, { spec: { mover: { image: 'evil:1' } } }))).toContain('cannot patch resource "backupengines"');
  });
});
