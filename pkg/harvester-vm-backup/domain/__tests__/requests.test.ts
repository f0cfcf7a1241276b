import { describe, expect, it } from 'vitest';
import { vmBackupSpec } from '../../../../server/contract/vm-backup.ts';
import { vmRestoreSpec } from '../../../../server/contract/vm-restore.ts';
import { backupRepositorySpec, KEY_SECRET_ENTRY } from '../../../../server/contract/backup-repository.ts';
import { completedBackup, plan } from '../../__tests__/support/samples';
import { backupOf, repositoryObstacle, retryOf } from '../backup-request';
import { generatePassword } from '../password';
import { reviewState, sortChecks } from '../plan-review';
import { keySecretOf, repositoryErrors, repositoryOf, type RepositoryChoice } from '../repository-request';
import { restoreOf, stepsReady, type RestoreChoice } from '../restore-request';

const REPOSITORY: RepositoryChoice = {
  name: 'main', engine: 'restic', claimName: 'repo', path: 'backups/main', password: 'correct horse battery', passwordAgain: 'correct horse battery', stored: true, parallelMovers: 2
};
const RESTORE: RestoreChoice = {
  backup: { namespace: 'tenant-a', name: 'db-1' }, namespace: 'tenant-b', name: 'db-restored', start: 'Recorded', keepMacAddresses: false, disks: [{ name: 'root', sourceBytes: 1, sourceClass: 'a', sourceVolumeMode: 'Block', sourceAccessMode: '', storageClassName: 'a', volumeMode: '', accessMode: '', sizeBytes: 1 }]
};

describe('requests to the API', () => {
  it('given a choice, when a backup is built, then the contract accepts its spec', () => {
    const backup = backupOf({ namespace: 'tenant-a', name: 'db' }, 'db-1', {
      repository: 'main', policy: 'Required', deadlineSeconds: 20, deletionPolicy: 'Retain'
    });

    expect(vmBackupSpec.parse(backup.spec)).toEqual(backup.spec);
    expect(backup.metadata).toEqual({ name: 'db-1', namespace: 'tenant-a' });
  });

  it('given a cancelled backup, when it is retried, then the new one has the same spec but is not cancelled', () => {
    const old = completedBackup();

    expect(retryOf({ ...old, spec: { ...old.spec, cancel: true } }, 'db-2').spec).toEqual(old.spec);
  });

  it('given a choice, when a restore is built, then the contract accepts its spec and it waits for its approval', () => {
    const restore = restoreOf(RESTORE, 'r-1');

    expect(vmRestoreSpec.parse(restore.spec)).toEqual(restore.spec);
    expect(restore.spec).not.toHaveProperty('autoApprove');
  });

  it('given a repository, when it is built, then the contract accepts it, the Secret has the password and the repository has not', () => {
    const repository = repositoryOf(REPOSITORY);
    const secret = keySecretOf({ ...REPOSITORY, password: 'pässwörd-pässwörd' });

    expect(backupRepositorySpec.parse(repository.spec)).toEqual(repository.spec);
    expect(JSON.stringify(repository)).not.toContain(REPOSITORY.password);
    expect(Buffer.from(secret.data[KEY_SECRET_ENTRY], 'base64').toString('utf8')).toBe('pässwörd-pässwörd');
    expect(secret.metadata.namespace).toBe('harvester-vm-backup-system');
    expect(repository.spec.encryption.secretRef.name).toBe(secret.metadata.name);
  });

  it.each([
    ['name', 'Main', 'name'], ['path', '../up', 'path'], ['path', '/abs', 'path'], ['password', 'short', 'passwordShort'], ['passwordAgain', 'other', 'passwordDiffers'], ['stored', false, 'required'], ['parallelMovers', 0, 'parallelMovers'], ['engine', '', 'required'], ['claimName', '', 'required'],
  ] as const)('given a repository whose %s is %j, when it is checked, then that field is told', (field, value, error) => {
    expect(repositoryErrors({ ...REPOSITORY, [field]: value })[field]).toBe(error);
    expect(repositoryErrors(REPOSITORY)).toEqual({});
  });

  it('given no step before it, when the wizard is asked, then no later step is ready', () => {
    expect(stepsReady({ ...RESTORE, backup: null })).toEqual({ point: false, target: false, storage: false });
    expect(stepsReady({ ...RESTORE, name: 'Bad Name' })).toEqual({ point: true, target: false, storage: false });
    expect(stepsReady({ ...RESTORE, disks: [] })).toEqual({ point: true, target: true, storage: false });
    expect(stepsReady(RESTORE)).toEqual({ point: true, target: true, storage: true });
  });

  it('given repositories in every state, when a backup wants one, then only a ready one has no obstacle', () => {
    const repository = (phase: 'Ready' | 'Failed' | 'Pending' | undefined, deletionTimestamp?: string) => ({ apiVersion: '', kind: '', metadata: { name: 'r', deletionTimestamp }, spec: repositoryOf(REPOSITORY).spec, status: phase && { phase } });

    expect([repository('Ready'), repository('Failed'), repository('Pending'), repository(undefined), repository('Ready', 'now')].map(repositoryObstacle)).toEqual([undefined, 'failed', 'pending', 'pending', 'deleting']);
  });
});

describe('reviewState', () => {
  const spec = restoreOf(RESTORE, 'r').spec;

  it('given a plan without a failed check, when the restore waits, then it can be approved', () => {
    expect(reviewState({ spec, status: { phase: 'AwaitingApproval', plan: plan('h1') } })).toBe('approvable');
  });

  it('given a failed check, when the restore waits, then it cannot be approved', () => {
    expect(reviewState({ spec, status: { phase: 'AwaitingApproval', plan: plan('h1', { checks: [{ id: 'name', verdict: 'Fail', message: 'taken' }] }) } })).toBe('blocked');
  });

  it('given a restore that is planned anew, when an old plan still stands in status, then it cannot be approved', () => {
    expect(reviewState({ spec, status: { phase: 'Planning', plan: plan('h1') } })).toBe('planning');
    expect(reviewState(undefined)).toBe('planning');
  });

  it('given checks of every verdict, when shown, then the worst come first and the order within a verdict stays', () => {
    const check = (id: string, verdict: 'Pass' | 'Warn' | 'Fail') => ({ id, verdict, message: '' });

    expect(sortChecks([check('a', 'Pass'), check('b', 'Warn'), check('c', 'Fail'), check('d', 'Warn')]).map(({ id }) => id)).toEqual(['c', 'b', 'd', 'a']);
  });
});

describe('generatePassword', () => {
  it('given bytes beyond the last whole multiple of the alphabet, when a password is made, then they are not used', () => {
    let call = 0;
    const password = generatePassword((array) => array.fill(call++ === 0 ? 255 : 0));

    expect(password).toBe('aaaaa-aaaaa-aaaaa-aaaaa-aaaaa-aaaaa');
    expect(call).toBeGreaterThan(1);
  });
});
