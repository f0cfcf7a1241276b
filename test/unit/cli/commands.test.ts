import { describe, expect, it } from 'vitest';
import { API_VERSION, BACKUP_REPOSITORY, VIRTUAL_MACHINE, VM_BACKUP, VM_RESTORE } from '../../../server/contract/api.ts';
import type { BackupRepository } from '../../../server/contract/backup-repository.ts';
import { failure } from '../../../server/contract/failures.ts';
import { ANNOTATION_PROBE_REQUESTED, ANNOTATION_REQUESTED_BY, ANNOTATION_VERIFY_REQUESTED } from '../../../server/contract/names.ts';
import type { VMBackup } from '../../../server/contract/vm-backup.ts';
import type { RestorePlan, VMRestore } from '../../../server/contract/vm-restore.ts';
import { backup } from '../../../server/cli/commands/backup.ts';
import { list } from '../../../server/cli/commands/list.ts';
import { testRepository } from '../../../server/cli/commands/repository-test.ts';
import { requestInstant, suggestName } from '../../../server/cli/commands/request.ts';
import { approveRestore, planRestore } from '../../../server/cli/commands/restore.ts';
import { verify } from '../../../server/cli/commands/verify.ts';
import { Interrupted } from '../../../server/cli/errors.ts';
import { EXIT } from '../../../server/cli/exit-codes.ts';
import { ApiError, ConnectionError } from '../../../server/kube/client.ts';
import { aBackup, aRepository, aVM } from '../../support/builders.ts';
import { Terminal } from './harness.ts';

const BACKUP = { namespace: 'web', name: 'nightly' };
const RESTORE = { namespace: 'web', name: 'r1' };
const NOW = new Date('2026-01-01T00:00:00Z');

/** A terminal at a cluster with the VM `web/shop` and one repository, whose API does not tell who asks. */
function terminal(): Terminal {
  const made = new Terminal();

  made.kube.seed(VIRTUAL_MACHINE, aVM());
  made.kube.seed(BACKUP_REPOSITORY, aRepository());
  made.kube.admit = ({ kind }) => { if (kind === 'SelfSubjectReview') throw new ApiError(404, 'NotFound', 'the server could not find the requested resource'); };
  return made;
}

function aPlan(hash: string, verdict: 'Pass' | 'Fail' = 'Pass'): RestorePlan {
  return { hash, volumes: [], objects: [{ kind: 'VirtualMachine', namespace: 'web', name: 'copy' }], checks: [{ id: 'vm-name', verdict, message: 'VM web/copy exists.', remedy: 'Choose another name.' }], changes: ['The MAC address is new.'], runStrategy: 'Halted', predictedBytes: 2 ** 30, plannedAt: NOW.toISOString() };
}

function aRestore(status: VMRestore['status']): VMRestore {
  return { apiVersion: API_VERSION, kind: 'VMRestore', metadata: { ...RESTORE, uid: 'restore-1' }, spec: { source: { backup: BACKUP }, target: { name: 'copy' }, start: 'Recorded', keepMacAddresses: false }, ...(status ? { status } : {}) };
}

describe('hvb backup', () => {
  it('given one repository, when a VM is backed up, then the object names it, has a name of VM and time, and carries no name of a caller that the API does not tell', async () => {
    const at = terminal();

    await at.finish(backup(at.context('json'), 'shop', {}));
    expect(at.kube.all<VMBackup>(VM_BACKUP)).toMatchObject([{ metadata: { name: 'shop-20260101-000000', namespace: 'web' }, spec: { source: { name: 'shop' }, repository: 'main', quiesce: { policy: 'BestEffort', deadlineSeconds: 30 }, deletionPolicy: 'Delete' } }]);
    expect(at.kube.all(VM_BACKUP)[0]?.metadata.annotations).toBeUndefined();
    expect(JSON.parse(at.stdout)).toMatchObject({ kind: 'VMBackup' });
  });

  it('given an API that tells who asks, when a VM is backed up, then the object carries that name', async () => {
    const at = terminal();
    const create = at.kube.create.bind(at.kube);

    at.kube.create = (type, object) => (type.kind === 'SelfSubjectReview' ? Promise.resolve({ ...object, status: { userInfo: { username: 'ann' } } }) : create(type, object));
    await at.finish(backup(at.context(), 'shop', {}));
    expect(at.kube.all(VM_BACKUP)[0]?.metadata.annotations).toEqual({ [ANNOTATION_REQUESTED_BY]: 'ann' });
  });

  it('given several repositories or none, when none is named, then it asks for one and creates nothing', async () => {
    const [several, none] = [terminal(), terminal()];

    several.kube.seed(BACKUP_REPOSITORY, aRepository({ name: 'other' }));
    await none.kube.delete(BACKUP_REPOSITORY, { name: 'main' });
    await expect(several.finish(backup(several.context(), 'shop', {}))).rejects.toMatchObject({ exitCode: EXIT.usage, message: expect.stringContaining('main, other') as string });
    await expect(none.finish(backup(none.context(), 'shop', {}))).rejects.toMatchObject({ exitCode: EXIT.notFound });
    expect([...several.kube.all(VM_BACKUP), ...none.kube.all(VM_BACKUP)]).toEqual([]);
  });

  it('given a caller who may not look at VMs, when a VM is backed up, then the server is left to judge', async () => {
    const at = terminal();
    const get = at.kube.get.bind(at.kube);

    at.kube.get = (type, key) => (type.kind === 'VirtualMachine' ? Promise.reject(new ApiError(403, 'Forbidden', 'no')) : get(type, key));
    await at.finish(backup(at.context(), 'shop', {}));
    expect(at.kube.all(VM_BACKUP)).toHaveLength(1);
  });

  it('given --wait, when the backup fails, then its code, message and remedy end the command after the table', async () => {
    const at = terminal();
    const cause = failure('HVB-GUEST-AGENT-MISSING', 'there is no agent', NOW);
    const work = backup(at.context(), 'shop', { name: 'nightly', wait: true });

    await expect(at.finish(work, (turn) => at.kube.update<VMBackup>(VM_BACKUP, BACKUP, (object) => { object.status = turn < 3 ? { phase: 'Moving', progress: { bytesTotal: 100, bytesDone: turn * 10 } } : { phase: 'Failed', failure: cause }; })))
      .rejects.toMatchObject({ exitCode: EXIT.failed, message: expect.stringContaining('HVB-GUEST-AGENT-MISSING: there is no agent') as string, remedy: cause.remedy });
    expect(at.stdout).toMatch(/nightly +shop +Failed/);
    expect(at.stderr).toContain('Moving 10%\n');
  });

  it('given --wait, when the API is away for a while, then it goes on; when it stays away, it ends', async () => {
    const at = terminal();
    const get = at.kube.get.bind(at.kube);
    let away = 0;

    at.kube.get = (type, key) => (type.kind === 'VMBackup' && away-- > 0 ? Promise.reject(new ConnectionError('refused')) : get(type, key));
    const work = backup(at.context(), 'shop', { name: 'nightly', wait: true });

    await at.finish(work, (turn) => {
      if (turn === 2) away = 20;
      if (turn === 5) at.kube.update<VMBackup>(VM_BACKUP, BACKUP, (object) => { object.status = { phase: 'Completed' }; });
    });
    expect(at.stdout).toMatch(/nightly +shop +Completed/);
    away = 1000;
    await expect(at.finish(backup(at.context(), 'shop', { name: 'other', wait: true }))).rejects.toBeInstanceOf(ConnectionError);
  });

  it('given --wait, when Ctrl-C is pressed, then the waiting ends and the backup stays', async () => {
    const at = terminal();

    await expect(at.finish(backup(at.context(), 'shop', { name: 'nightly', wait: true }), () => at.stop.abort(new Interrupted()))).rejects.toBeInstanceOf(Interrupted);
    expect(at.kube.all(VM_BACKUP)).toHaveLength(1);
  });
});

describe('hvb verify', () => {
  it('given a last verification whose start is ahead of this clock, when asked again, then the request is later than that, and only its own answer counts', async () => {
    const at = terminal();
    const last = { state: 'Failed' as const, startedAt: '2026-01-01T05:00:00.000Z', requestedAt: '2026-01-01T04:59:00Z' };

    at.kube.seed(VM_BACKUP, aBackup({ status: { phase: 'Completed', verification: last } }));
    const answer = (state: 'Running' | 'Passed') => at.kube.update<VMBackup>(VM_BACKUP, BACKUP, ({ metadata, status }) => {
      if (status) status.verification = { state, startedAt: '2026-01-01T05:00:02Z', requestedAt: metadata.annotations?.[ANNOTATION_VERIFY_REQUESTED], bytesRead: 7 };
    });

    await at.finish(verify(at.context(), 'nightly', { wait: true }), (turn) => { if (turn > 2) answer(turn > 4 ? 'Passed' : 'Running'); });
    expect(at.kube.all(VM_BACKUP)[0]?.metadata.annotations?.[ANNOTATION_VERIFY_REQUESTED]).toBe('2026-01-01T05:00:00.001Z');
    expect(at.stdout).toMatch(/nightly +Passed +7 B/);
  });

  it('given a backup that is not complete, when asked, then it is refused and nothing is written', async () => {
    const at = terminal();

    at.kube.seed(VM_BACKUP, aBackup({ status: { phase: 'Moving' } }));
    await expect(at.finish(verify(at.context(), 'nightly', {}))).rejects.toMatchObject({ exitCode: EXIT.conflict });
    expect(at.kube.writes).toEqual([]);
  });

  it('given a backup that is deleted meanwhile, when waited for, then the waiting ends', async () => {
    const at = terminal();
    const seeded = aBackup({ status: { phase: 'Completed' } });

    at.kube.seed(VM_BACKUP, { ...seeded, metadata: { ...seeded.metadata, finalizers: ['x'] } });
    await expect(at.finish(verify(at.context(), 'nightly', { wait: true }), (turn) => { if (turn === 2) void at.kube.delete(VM_BACKUP, BACKUP); })).rejects.toMatchObject({ exitCode: EXIT.conflict });
  });
});

describe('hvb repository test', () => {
  const probed = (at: Terminal, phase: 'Ready' | 'Failed', lastProbeAt: string): void => {
    at.kube.update<BackupRepository>(BACKUP_REPOSITORY, { name: 'main' }, (repository) => {
      repository.status = { phase, lastProbeAt, ...(phase === 'Failed' ? { failure: failure('HVB-REPO-WRONG-KEY', 'the key does not fit', NOW) } : {}) };
    });
  };

  it('given a probe that runs already, when tested, then its result does not count, the next one does', async () => {
    const at = new Terminal();

    at.kube.seed(BACKUP_REPOSITORY, aRepository({ lastProbeAt: '2025-12-31T00:00:00Z', probingSince: '2026-01-01T00:00:30Z' }));
    await at.finish(testRepository(at.context(), 'main'), (turn) => {
      if (turn > 2) probed(at, turn < 5 ? 'Failed' : 'Ready', turn < 5 ? '2026-01-01T00:00:30Z' : '2026-01-01T00:00:40Z');
    });
    expect(at.clock.monotonicMs()).toBeGreaterThanOrEqual(5000);
    expect(at.kube.all(BACKUP_REPOSITORY)[0]?.metadata.annotations?.[ANNOTATION_PROBE_REQUESTED]).toBe('2026-01-01T00:00:30.001Z');
    expect(at.stderr).toContain('opens with its key');
  });

  it('given a repository that does not open, when tested, then failure and remedy end the command', async () => {
    const at = terminal();

    await expect(at.finish(testRepository(at.context(), 'main'), () => probed(at, 'Failed', '2026-01-01T00:00:02Z'))).rejects.toMatchObject({ exitCode: EXIT.failed, message: expect.stringContaining('HVB-REPO-WRONG-KEY') as string, remedy: expect.stringContaining('password') as string });
  });
});

describe('hvb restore', () => {
  it('given a backup, when a restore is planned, then the request is what was asked for and the plan is shown whole', async () => {
    const at = terminal();

    at.kube.seed(VM_BACKUP, aBackup());
    await at.finish(planRestore(at.context(), 'nightly', { target: 'copy', name: 'r1', map: [{ name: 'rootdisk', storageClassName: 'nfs' }], start: 'Halted' }), (turn) => {
      if (turn === 2) at.kube.update<VMRestore>(VM_RESTORE, RESTORE, (object) => { object.status = { phase: 'AwaitingApproval', plan: aPlan('abc') }; });
    });
    expect(at.kube.all<VMRestore>(VM_RESTORE)[0]?.spec).toEqual({ source: { backup: BACKUP }, target: { name: 'copy' }, volumes: [{ name: 'rootdisk', storageClassName: 'nfs' }], start: 'Halted', keepMacAddresses: false });
    for (const part of ['VirtualMachine  web        copy', 'vm-name  Pass     VM web/copy exists.', '- The MAC address is new.', '1.0 GiB  abc']) expect(at.stdout).toContain(part);
    expect(at.stderr).toContain('hvb restore --approve r1 -n web --plan-hash abc');
  });

  it('given a plan with a failed check, when it is planned or approved, then the check ends the command and nothing is approved', async () => {
    const at = terminal();

    at.kube.seed(VM_RESTORE, aRestore({ phase: 'AwaitingApproval', plan: aPlan('abc', 'Fail') }));
    await expect(at.finish(approveRestore(at.context(), 'r1', { planHash: 'abc' }))).rejects.toMatchObject({ exitCode: EXIT.failed, message: expect.stringContaining('VM web/copy exists') as string, remedy: 'Choose another name.' });
    expect(at.kube.writes).toEqual([]);
  });

  it('given another hash, when approved, then it is a conflict and nothing is written', async () => {
    const at = terminal();

    at.kube.seed(VM_RESTORE, aRestore({ phase: 'AwaitingApproval', plan: aPlan('abc') }));
    await expect(at.finish(approveRestore(at.context(), 'r1', { planHash: 'ab' }))).rejects.toMatchObject({ exitCode: EXIT.conflict });
    expect(at.kube.writes).toEqual([]);
  });

  it('given a plan that changes between the look and the approval, when approved, then the new hash is compared, and it is a conflict', async () => {
    const at = terminal();
    const patch = at.kube.patch.bind(at.kube);

    at.kube.seed(VM_RESTORE, aRestore({ phase: 'AwaitingApproval', plan: aPlan('abc') }));
    at.kube.patch = (type, key, change) => {
      at.kube.update<VMRestore>(VM_RESTORE, RESTORE, (object) => { object.status = { phase: 'AwaitingApproval', plan: aPlan('def') }; });
      return patch(type, key, change);
    };
    await expect(at.finish(approveRestore(at.context(), 'r1', { planHash: 'abc' }))).rejects.toMatchObject({ exitCode: EXIT.conflict, message: expect.stringContaining('def') as string });
    expect(at.kube.all<VMRestore>(VM_RESTORE)[0]?.spec.approvedPlan).toBeUndefined();
  });

  it.each([['HVB-PLAN-CHANGED', EXIT.conflict], ['HVB-STORAGE-FULL', EXIT.failed]] as const)('given an approved restore that ends with %s, when waited for, then the exit code is %d', async (code, exitCode) => {
    const at = terminal();

    at.kube.seed(VM_RESTORE, aRestore({ phase: 'AwaitingApproval', plan: aPlan('abc') }));
    await expect(at.finish(approveRestore(at.context(), 'r1', { planHash: 'abc' }), () => at.kube.update<VMRestore>(VM_RESTORE, RESTORE, (object) => { object.status = { phase: 'Failed', failure: failure(code, 'so it was', NOW) }; }))).rejects.toMatchObject({ exitCode });
    expect(at.kube.all<VMRestore>(VM_RESTORE)[0]?.spec.approvedPlan).toBe('abc');
  });
});

describe('hvb list', () => {
  it('given backups in two namespaces, when listed, then the namespace is kept to, and all have a column of it', async () => {
    const at = terminal();

    at.kube.seed(VM_BACKUP, aBackup());
    at.kube.seed(VM_BACKUP, aBackup({ name: 'weekly', namespace: 'office' }));
    await list(at.context(), 'backups', {});
    expect(at.stdout.match(/\n/g)).toHaveLength(2);
    at.stdout = '';
    await list(at.context(), 'backups', { allNamespaces: true });
    expect(at.stdout).toMatch(/^NAMESPACE +NAME[\s\S]*office +weekly[\s\S]*web +nightly/);
  });
});

describe('a request', () => {
  it('given a long VM name, when a name is made of it, then it fits and keeps the time', () => {
    expect(suggestName('v'.repeat(253), NOW)).toMatch(/^v{237}-20260101-000000$/);
  });

  it('given instants of the server, when a request is dated, then it is later than each of them and than no clock more than needed', () => {
    expect(requestInstant(NOW, undefined, '2025-01-01T00:00:00Z')).toBe(NOW.toISOString());
    expect(requestInstant(NOW, '2026-01-01T01:00:00Z')).toBe('2026-01-01T01:00:00.001Z');
  });
});
