import { describe, expect, it } from 'vitest';
import { failure } from '../../../server/contract/failures.ts';
import type { KubeObject } from '../../../server/contract/kubernetes.ts';
import { ANNOTATION_REQUESTED_BY } from '../../../server/contract/names.ts';
import type { BackupVolume, VMBackup, VMBackupStatus } from '../../../server/contract/vm-backup.ts';
import { activityOf } from '../../../server/domain/report/activity.ts';
import { contentsOf, summaryOf } from '../../../server/domain/report/repository.ts';
import { vmReport } from '../../../server/domain/report/vm-report.ts';
import { aBackup, aRepository } from '../../support/builders.ts';

const NOW = new Date('2026-01-10T00:00:00Z');
const aMachine = (name: string, uid: string, namespace = 'web'): KubeObject => ({ apiVersion: 'kubevirt.io/v1', kind: 'VirtualMachine', metadata: { namespace, name, uid } });
const volume = (name: string, facts: Partial<BackupVolume> = {}): BackupVolume => ({
  name, claimName: name, claimUID: name, sizeBytes: 1000, volumeMode: 'Block', accessModes: [], storageClassName: 'longhorn', phase: 'Completed', bytesUploaded: 10, snapshotID: `snap-${ name }`, digestsID: `dig-${ name }`, rootDigest: `root-${ name }`, ...facts,
});
const good = (name: string, completedAt: string, uid = 'vm-1', status: Partial<VMBackupStatus> = {}): VMBackup => aBackup({
  name, status: {
    phase: 'Completed', vm: { name: 'shop', uid }, completedAt, documentID: `doc-${ name }`, volumes: [volume('root'), volume('data')],
    consistency: { policy: 'Required', level: 'Filesystem', reason: 'all well', agentConnected: true }, ...status,
  },
});
const bad = (name: string, completedAt: string, uid = 'vm-1'): VMBackup => aBackup({ name, status: { phase: 'Failed', vm: { name: 'shop', uid }, completedAt, failure: failure('HVB-REPO-FULL', `full at ${ name }`, new Date(completedAt)) } });

describe('the report per VM', () => {
  it('given good and failed backups, when reported, then the last good one, its age and only the failures after it count', () => {
    const backups = [bad('f1', '2026-01-07T00:00:00.000Z'), good('g1', '2026-01-06T00:00:00.000Z'), good('g2', '2026-01-08T00:00:00.000Z'), bad('f2', '2026-01-09T00:00:00.000Z'), bad('f3', '2026-01-08T12:00:00.000Z')];

    expect(vmReport([aMachine('shop', 'vm-1')], backups, NOW)).toEqual([{
      namespace: 'web', vm: 'shop', uid: 'vm-1', exists: true, goodBackups: 2, damagedBackups: 0, failuresSince: 2, running: 0,
      lastGood: { name: 'g2', repository: 'main', completedAt: '2026-01-08T00:00:00.000Z', consistency: 'Filesystem', sizeBytes: 2000, bytesUploaded: 20, ageSeconds: 2 * 86_400 },
      lastFailure: { name: 'f2', code: 'HVB-REPO-FULL', message: 'full at f2', at: '2026-01-09T00:00:00.000Z' },
    }]);
  });

  it('given a VM that was never backed up, when reported, then it has its row without a good backup', () => {
    expect(vmReport([aMachine('new', 'vm-9')], [], NOW)).toEqual([{ namespace: 'web', vm: 'new', uid: 'vm-9', exists: true, goodBackups: 0, damagedBackups: 0, failuresSince: 0, running: 0 }]);
  });

  it('given a VM that was made anew under the same name, when reported, then it does not inherit the backups of the one before', () => {
    expect(vmReport([aMachine('shop', 'vm-2')], [good('g', '2026-01-08T00:00:00.000Z', 'vm-1')], NOW)).toMatchObject([
      { vm: 'shop', uid: 'vm-2', exists: true, goodBackups: 0 }, { vm: 'shop', uid: 'vm-1', exists: false, goodBackups: 1, lastGood: { name: 'g' } },
    ]);
  });

  it('given the same name in two namespaces, when reported, then rows do not mix', () => {
    expect(vmReport([aMachine('shop', 'vm-1'), aMachine('shop', 'vm-3', 'office')], [good('g', '2026-01-08T00:00:00.000Z')], NOW)).toMatchObject([{ namespace: 'office', goodBackups: 0 }, { namespace: 'web', goodBackups: 1 }]);
  });

  it('given a failure before the VM was found, and a backup that runs, when reported, then both count for the VM of that name', () => {
    const early = aBackup({ name: 'early', status: { phase: 'Failed', completedAt: '2026-01-09T00:00:00.000Z', failure: failure('HVB-REPO-MISSING', 'x', NOW) } });

    expect(vmReport([aMachine('shop', 'vm-1')], [early, aBackup({ name: 'now' })], NOW)).toMatchObject([{ failuresSince: 1, running: 1 }]);
  });

  it('given a good backup that is being deleted, and a clock that is behind, when reported, then it is none any more, and no age is negative', () => {
    const going = good('going', '2026-01-09T00:00:00.000Z');
    const rows = vmReport([aMachine('shop', 'vm-1')], [{ ...going, metadata: { ...going.metadata, deletionTimestamp: NOW.toISOString() } }, good('g', '2026-01-10T00:00:05.000Z')], NOW);

    expect(rows).toMatchObject([{ goodBackups: 1, lastGood: { name: 'g', ageSeconds: 0 } }]);
  });
});

describe('the report and verifications', () => {
  const checked = (name: string, state: 'Passed' | 'Failed', code?: 'HVB-DATA-MISMATCH' | 'HVB-REPO-DAMAGED' | 'HVB-REPO-WRONG-KEY' | 'HVB-MOVER-KILLED'): VMBackup =>
    good(name, '2026-01-09T00:00:00.000Z', 'vm-1', { verification: { state, startedAt: '2026-01-09T01:00:00.000Z', ...(code ? { failure: failure(code, 'x', NOW) } : {}) } });
  const old = good('old', '2026-01-05T00:00:00.000Z');

  it.each(['HVB-DATA-MISMATCH', 'HVB-REPO-DAMAGED'] as const)('given a newer backup that a verification found damaged (%s), when reported, then the one before is the last good one', (code) => {
    expect(vmReport([aMachine('shop', 'vm-1')], [old, checked('new', 'Failed', code)], NOW)).toMatchObject([{ goodBackups: 1, damagedBackups: 1, lastGood: { name: 'old' } }]);
  });

  it.each(['HVB-REPO-WRONG-KEY', 'HVB-MOVER-KILLED'] as const)('given a verification that could not be done (%s), when reported, then the backup is no worse for it', (code) => {
    expect(vmReport([aMachine('shop', 'vm-1')], [old, checked('new', 'Failed', code)], NOW)).toMatchObject([{ goodBackups: 2, damagedBackups: 0, lastGood: { name: 'new', verification: 'Failed' } }]);
  });

  it('given a verification that passed, when reported and listed, then that is told', () => {
    expect(vmReport([aMachine('shop', 'vm-1')], [checked('new', 'Passed')], NOW)).toMatchObject([{ lastGood: { verification: 'Passed' } }]);
    expect(contentsOf('main', [checked('new', 'Passed')])).toMatchObject([{ verification: 'Passed' }]);
  });
});

describe('the contents of a repository', () => {
  it('given backups of several repositories and states, when listed, then those with data are there, and which are whole is told', () => {
    const half = aBackup({ name: 'half', status: { phase: 'Moving', volumes: [volume('root'), { ...volume('data'), snapshotID: undefined, digestsID: undefined, rootDigest: undefined, bytesUploaded: undefined }] } });
    const other = good('other', '2026-01-08T00:00:00.000Z');
    const backups = [
      good('whole', '2026-01-08T00:00:00.000Z'), half, aBackup({ name: 'nothing' }), good('removed', '2026-01-08T00:00:00.000Z', 'vm-1', { phase: 'Deleting', dataRemovedAt: '2026-01-09T00:00:00.000Z' }),
      { ...other, spec: { ...other.spec, repository: 'second' } },
    ];
    const contents = contentsOf('main', backups);

    expect(contents.map(({ name, complete }) => [name, complete])).toEqual([['half', false], ['whole', true]]);
    expect(contents[1]).toMatchObject({
      documentID: 'doc-whole', vm: { name: 'shop', uid: 'vm-1' }, sizeBytes: 2000, bytesUploaded: 20, consistency: 'Filesystem', deletionPolicy: 'Delete',
      volumes: [{ name: 'root', snapshotID: 'snap-root', digestsID: 'dig-root', rootDigest: 'root-root', sizeBytes: 1000 }, { name: 'data' }],
    });
    expect(contents[0]).toMatchObject({ bytesUploaded: 10, volumes: [{ name: 'root' }, { name: 'data', sizeBytes: 1000 }] });
    expect(summaryOf(aRepository({ backups: 7, sizeBytes: 5, lastProbeAt: 'then' }), backups)).toEqual({
      name: 'main', engine: 'restic', target: 'folder main on claim backup-storage', phase: 'Ready', ready: true, backups: 7, sizeBytes: 5, lastProbeAt: 'then', backupsHere: 1,
    });
  });
});

describe('activity', () => {
  it('given backups and restores in every state, when listed, then those that have not ended are there, newest first', () => {
    const at = (backup: VMBackup, creationTimestamp: string, annotations = {}): VMBackup => ({ ...backup, metadata: { ...backup.metadata, creationTimestamp, annotations } });
    const progress = { bytesTotal: 10, bytesDone: 5 };
    const restore = {
      apiVersion: '', kind: 'VMRestore', metadata: { namespace: 'office', name: 'r', uid: 'r', creationTimestamp: '2026-01-03T00:00:00Z' },
      spec: { source: { backup: { namespace: 'web', name: 'a' } }, target: { name: 'shop2' }, start: 'Recorded' as const, keepMacAddresses: false },
      status: { phase: 'Planning' as const, backup: { uid: '', vmName: '', vmUID: '', documentID: '', repository: 'main' }, message: 'The plan is being made.' },
    };
    const moving = at(aBackup({ name: 'moving', status: { phase: 'Moving', progress, timings: [{ phase: 'Moving', startedAt: 't' }] } }), '2026-01-04T00:00:00Z', { [ANNOTATION_REQUESTED_BY]: 'tom' });

    expect(activityOf([at(aBackup({ name: 'new' }), '2026-01-02T00:00:00Z'), moving, good('done', '2026-01-05T00:00:00Z'), bad('failed', '2026-01-05T00:00:00Z')], [restore, { ...restore, status: { phase: 'Failed' } }])).toEqual([
      { kind: 'VMBackup', namespace: 'web', name: 'moving', uid: 'backup-moving', vm: 'shop', repository: 'main', phase: 'Moving', requestedBy: 'tom', createdAt: '2026-01-04T00:00:00Z', progress, timings: [{ phase: 'Moving', startedAt: 't' }] },
      { kind: 'VMRestore', namespace: 'office', name: 'r', uid: 'r', vm: 'shop2', repository: 'main', phase: 'Planning', message: 'The plan is being made.', createdAt: '2026-01-03T00:00:00Z', timings: [] },
      { kind: 'VMBackup', namespace: 'web', name: 'new', uid: 'backup-new', vm: 'shop', repository: 'main', phase: 'Pending', createdAt: '2026-01-02T00:00:00Z', timings: [] },
    ]);
  });
});
