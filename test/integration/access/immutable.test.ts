import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BACKUP_REPOSITORY, VM_BACKUP, VM_RESTORE, type ResourceType } from '../../../server/contract/api.ts';
import { aBackup, aRepository, aRestore } from './objects.ts';
import { startWorld, type World } from './world.ts';

let world: World;
const KEY = { name: 'fixed', namespace: 'tenant-a' };
const REPOSITORY = { name: 'fixed' };

beforeAll(async () => {
  world = await startWorld();
  const root = world.as('root');

  await root.create(VM_BACKUP, aBackup(KEY));
  await root.create(VM_RESTORE, aRestore({ ...KEY, from: 'tenant-a' }));
  await root.create(BACKUP_REPOSITORY, aRepository(REPOSITORY));
  await root.patch(VM_BACKUP, KEY, { spec: { cancel: true } });
  await root.patch(VM_RESTORE, KEY, { spec: { cancel: true, approvedPlan: 'sha256:1' } });
});
afterAll(() => world.close());

/** Kind, change of its spec, words of the refusal. Even an administrator is refused: what runs was checked as it was written. */
const MATRIX: [ResourceType, object, string][] = [
  [VM_BACKUP, { source: { name: 'other' } }, 'spec.source is immutable'],
  [VM_BACKUP, { repository: 'private' }, 'spec.repository is immutable'],
  [VM_BACKUP, { quiesce: { policy: 'Skip' } }, 'spec.quiesce is immutable'],
  [VM_BACKUP, { cancel: false }, 'spec.cancel cannot be taken back'],
  [VM_BACKUP, { cancel: null }, 'spec.cancel cannot be taken back'],
  [VM_RESTORE, { source: { backup: { name: 'other' } } }, 'spec.source is immutable'],
  [VM_RESTORE, { source: { backup: { namespace: 'tenant-b' } } }, 'spec.source is immutable'],
  [VM_RESTORE, { target: { name: 'other' } }, 'spec.target is immutable'],
  [VM_RESTORE, { volumes: [{ name: 'root' }] }, 'spec.volumes is immutable'],
  [VM_RESTORE, { start: 'Halted' }, 'spec.start is immutable'],
  [VM_RESTORE, { keepMacAddresses: true }, 'spec.keepMacAddresses is immutable'],
  [VM_RESTORE, { cancel: false }, 'spec.cancel cannot be taken back'],
  [VM_RESTORE, { approvedPlan: 'sha256:2' }, 'spec.approvedPlan cannot be changed once it is set'],
  [VM_RESTORE, { approvedPlan: null }, 'spec.approvedPlan cannot be changed once it is set'],
  [BACKUP_REPOSITORY, { engine: 'kopia' }, 'spec.engine is immutable'],
  [BACKUP_REPOSITORY, { target: { filesystem: { path: 'other' } } }, 'spec.target is immutable'],
];

describe('what cannot be changed', () => {
  it.each(MATRIX.map(([type, spec, words]) => ({ type, spec, words, kind: type.kind, change: JSON.stringify(spec) })))('given a $kind, when its spec is changed by $change, then it is refused: $words', async ({ type, spec, words }) => {
    const result = await world.attempt('root', (client) => client.patch(type, type.namespaced ? KEY : REPOSITORY, { spec }));

    expect(result).toMatch(/^Invalid: /);
    expect(result).toContain(words);
  });
});
