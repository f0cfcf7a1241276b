import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GROUP } from '../../../server/contract/api.ts';
import { SYSTEM_NAMESPACE } from '../../../server/contract/names.ts';
import type { Person } from './people.ts';
import { startWorld, type Question, type World } from './world.ts';

let world: World;

beforeAll(async () => { world = await startWorld(); });
afterAll(() => world.close());

const own = (resource: string, namespace?: string, name?: string): Omit<Question, 'verb'> => ({ group: GROUP, resource, ...(namespace ? { namespace } : {}), ...(name ? { name } : {}) });
const core = (resource: string, namespace: string, more: Partial<Question> = {}): Omit<Question, 'verb'> => ({ group: '', resource, namespace, ...more });
const READ = ['get', 'list', 'watch'];
const WRITE = ['create', 'update', 'patch', 'delete', 'deletecollection'];
const ALL = [...READ, ...WRITE, 'restore', 'use'];

/** Who, about what, which of {@link ALL} verbs RBAC allows. Nothing else is allowed. */
const MATRIX: [Person, Omit<Question, 'verb'>, string[]][] = [
  ['eve', own('vmbackups', 'tenant-a'), READ],
  ['eve', own('vmrestores', 'tenant-a'), READ],
  ['eve', own('vmbackups', 'tenant-b'), []],
  ['eve', { ...own('vmbackups', 'tenant-a'), subresource: 'status' }, []],
  ['dora', { ...own('vmbackups', 'tenant-a'), subresource: 'status' }, []],
  ['olga', { ...own('vmbackups', 'tenant-a'), subresource: 'status' }, []],
  ['ann', own('vmbackups', 'tenant-a'), [...READ, ...WRITE, 'restore']],
  ['ann', own('vmrestores', 'tenant-a'), [...READ, ...WRITE]],
  ['ann', own('vmbackups', 'tenant-b'), []],
  ['ann', own('backuprepositories', 'tenant-a', 'shared'), [...READ, 'use']],
  ['ann', own('backuprepositories', 'tenant-b', 'shared'), READ],
  ['ann', own('backupengines'), READ],
  ['bob', own('backuprepositories', 'tenant-b', 'shared'), ['use']],
  ['bob', own('backuprepositories', 'tenant-b', 'private'), []],
  ['bob', own('backuprepositories'), []],
  ['dora', own('vmbackups', 'tenant-a'), [...READ, ...WRITE, 'restore']],
  ['dora', own('vmrestores', 'tenant-a'), [...READ, ...WRITE]],
  ['dora', own('backuprepositories', 'tenant-a'), []],
  ['nobody', own('vmbackups', 'tenant-a'), []],
  ['nobody', own('backuprepositories'), []],
  ['olga', own('vmbackups', 'tenant-b'), [...READ, ...WRITE, 'restore']],
  ['olga', own('vmrestores', 'tenant-b'), [...READ, ...WRITE]],
  ['olga', own('backuprepositories'), [...READ, ...WRITE, 'use']],
  ['olga', own('backupengines'), READ],
  ['olga', core('secrets', SYSTEM_NAMESPACE), ['create']],
  ['olga', core('secrets', 'tenant-a'), []],
  ['olga', core('persistentvolumeclaims', SYSTEM_NAMESPACE), READ],
  ['olga', core('services', SYSTEM_NAMESPACE, { subresource: 'proxy', name: 'http:harvester-vm-backup:http' }), ['get']],
  ['olga', core('services', SYSTEM_NAMESPACE, { subresource: 'proxy', name: 'http:other:http' }), []],
  ['olga', core('services', 'tenant-a', { subresource: 'proxy', name: 'http:harvester-vm-backup:http' }), []],
  ['server', own('vmbackups', 'tenant-a'), [...READ, 'patch']],
  ['server', own('vmrestores', 'tenant-a'), [...READ, 'update']],
  ['server', own('backupengines'), READ],
  ['server', core('pods', SYSTEM_NAMESPACE), ['list']],
  ['server', core('pods', 'tenant-a'), []],
  ['server', { group: 'batch', resource: 'jobs', namespace: 'tenant-a' }, []],
  ['server', { group: 'rbac.authorization.k8s.io', resource: 'rolebindings', namespace: SYSTEM_NAMESPACE }, []],
];

describe('what RBAC gives', () => {
  it.each(MATRIX.map(([person, about, verbs]) => ({ person, about, verbs, what: Object.values(about).filter((part) => part !== '').join(' ') })))('given $person, when asked about $what, then the verbs are $verbs', async ({ person, about, verbs }) => {
    const allowed = await Promise.all(ALL.map(async (verb) => (await world.may(person, { verb, ...about }) ? [verb] : [])));

    expect(allowed.flat().sort()).toEqual([...verbs].sort());
  });
});
