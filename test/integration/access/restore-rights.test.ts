import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VM_BACKUP, VM_RESTORE } from '../../../server/contract/api.ts';
import { aBackup, aRestore } from './objects.ts';
import type { Person } from './people.ts';
import { startWorld, type World } from './world.ts';

let world: World;
let made = 0;

beforeAll(async () => {
  world = await startWorld();
  for (const namespace of ['tenant-a', 'tenant-b']) await world.as('root').create(VM_BACKUP, aBackup({ name: 'nightly', namespace }));
});
afterAll(() => world.close());

/** Who restores from where to where → 'allowed', or words that the refusal must have. */
const MATRIX: [Person, string, string, 'allowed' | string[]][] = [
  ['ann', 'tenant-a', 'tenant-a', 'allowed'],
  ['dora', 'tenant-a', 'tenant-a', 'allowed'],
  ['root', 'tenant-a', 'tenant-b', 'allowed'],
  ['olga', 'tenant-a', 'operations', 'allowed'],
  ['olga', 'tenant-a', 'tenant-b', ['"olga" cannot create virtualmachines.kubevirt.io', 'in the namespace "tenant-b"', 'ask its administrator']],
  ['bob', 'tenant-a', 'tenant-b', ['"bob" lacks the verb "restore" on vmbackups.backup.harvesterhci.io "nightly" in the namespace "tenant-a"', 'disks and Secrets', 'role "edit"']],
  ['cem', 'tenant-a', 'tenant-b', ['"cem" cannot get vmbackups.backup.harvesterhci.io "nightly" in the namespace "tenant-a"', 'role "edit"']],
  ['bob', 'tenant-b', 'tenant-a', ['cannot create resource "vmrestores"', 'in the namespace "tenant-a"']],
  ['eve', 'tenant-a', 'tenant-a', ['cannot create resource "vmrestores"']],
  ['nobody', 'tenant-a', 'tenant-a', ['cannot create resource "vmrestores"']],
  ['nosecrets', 'tenant-b', 'tenant-b', ['"nosecrets" cannot create secrets in the namespace "tenant-b"', 'restore into a namespace where you may']],
  ['noclaims', 'tenant-b', 'tenant-b', ['"noclaims" cannot create persistentvolumeclaims in the namespace "tenant-b"']],
  ['nomachines', 'tenant-b', 'tenant-b', ['"nomachines" cannot create virtualmachines.kubevirt.io in the namespace "tenant-b"']],
];

describe('who may restore', () => {
  it.each(MATRIX)('given %s, when a backup of %s is restored into %s, then it is %j', async (person, from, namespace, expected) => {
    const result = await world.attempt(person, (client) => client.create(VM_RESTORE, aRestore({ name: `restore-${++made}`, namespace, from })));

    if (expected === 'allowed') expect(result).toBe('allowed');
    else {
      expect(result).toMatch(/^Forbidden: vmrestores.backup.harvesterhci.io /);
      for (const words of expected) expect(result).toContain(words);
    }
  });

  it('given a backup that does not exist, when it is restored by somebody who may not see that namespace, then the refusal does not tell', async () => {
    const ask = (backup: string) => world.attempt('cem', (client) => client.create(VM_RESTORE, aRestore({ name: 'guess', namespace: 'tenant-b', from: 'tenant-a', backup })));

    expect((await ask('nightly')).replaceAll('nightly', '*')).toBe((await ask('not-there')).replaceAll('not-there', '*'));
  });
});

describe('who may change a restore', () => {
  const KEY = { name: 'planned', namespace: 'tenant-b' };

  beforeAll(async () => {
    await world.as('root').create(VM_RESTORE, aRestore({ name: KEY.name, namespace: KEY.namespace, from: 'tenant-a' }));
  });

  it('given a restore of another tenant\'s backup, when somebody of the target\'s namespace approves it, then the right on the backup is asked of him', async () => {
    expect(await world.attempt('bob', (client) => client.patch(VM_RESTORE, KEY, { spec: { approvedPlan: 'sha256:1' } }))).toContain('"bob" lacks the verb "restore"');
    expect(await world.attempt('nosecrets', (client) => client.patch(VM_RESTORE, KEY, { spec: { autoApprove: true } }))).toContain('"nosecrets" cannot get vmbackups');
  });

  it('given the same restore, when he labels or cancels it, then "update" is enough', async () => {
    expect(await world.attempt('bob', (client) => client.patch(VM_RESTORE, KEY, { metadata: { labels: { team: 'b' } } }))).toBe('allowed');
    expect(await world.attempt('bob', (client) => client.patch(VM_RESTORE, KEY, { spec: { cancel: true } }))).toBe('allowed');
  });

  it('given a restore that he cancels, when an approval comes with it, then it is refused', async () => {
    expect(await world.attempt('bob', (client) => client.patch(VM_RESTORE, KEY, { spec: { cancel: true, approvedPlan: 'sha256:1' } }))).toContain('"bob" lacks the verb "restore"');
  });

  it('given somebody with every right, when he approves, then it is allowed', async () => {
    expect(await world.attempt('root', (client) => client.patch(VM_RESTORE, KEY, { spec: { approvedPlan: 'sha256:1' } }))).toBe('allowed');
  });
});
