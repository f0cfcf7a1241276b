import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VM_BACKUP, VM_RESTORE } from '../../../server/contract/api.ts';
import { ANNOTATION_REQUESTED_BY, FINALIZER_DATA } from '../../../server/contract/names.ts';
import type { VMBackup } from '../../../server/contract/vm-backup.ts';
import type { VMRestore } from '../../../server/contract/vm-restore.ts';
import { aBackup } from '../../support/builders.ts';
import { startLab, type Lab } from './harness.ts';

const DENIAL = 'vmbackups.backup.harvesterhci.io "nightly" is forbidden: ValidatingAdmissionPolicy says no';

function aRestore(status: Partial<VMRestore['status']> & { phase: NonNullable<VMRestore['status']>['phase'] }): VMRestore {
  return {
    apiVersion: 'backup.harvesterhci.io/v1beta1', kind: 'VMRestore', metadata: { namespace: 'office', name: 'back' },
    spec: { source: { backup: { namespace: 'web', name: 'nightly' } }, target: { name: 'shop2' }, start: 'Recorded', keepMacAddresses: false },
    status: { plan: { hash: 'h1', volumes: [], objects: [], checks: [], changes: [], runStrategy: 'Always', predictedBytes: 0, plannedAt: '2026-01-01T00:00:00Z' }, ...status },
  };
}

describe('actions of the operator API', () => {
  let lab: Lab;

  beforeEach(async () => {
    lab = await startLab({ users: { tom: { name: 'tom' }, guest: { name: 'guest', denies: (_verb, { group }) => (group === 'backup.harvesterhci.io' ? DENIAL : undefined) } } });
  });
  afterEach(async () => {
    expect(lab.clients.closed).toBe(lab.clients.made);
    await lab.stop();
  });

  it('given a token, when a backup is asked for, then it is made as that user, with their name and the defaults', async () => {
    const { status, json } = await lab.ask('/v1/namespaces/web/backups', { method: 'POST', token: 'tom', body: { name: 'nightly', spec: { source: { name: 'shop' }, repository: 'main' } } });

    expect([status, json()]).toMatchObject([201, { kind: 'VMBackup', namespace: 'web', name: 'nightly' }]);
    expect(lab.kube.all<VMBackup>(VM_BACKUP)[0]).toMatchObject({
      metadata: { annotations: { [ANNOTATION_REQUESTED_BY]: 'tom' } }, spec: { source: { name: 'shop' }, repository: 'main', quiesce: { policy: 'BestEffort', deadlineSeconds: 30 }, deletionPolicy: 'Delete' },
    });
  });

  it('given no name, when a backup and a restore are asked for, then the cluster makes names after the VM', async () => {
    const source = { backup: { namespace: 'web', name: 'nightly' } };

    await lab.ask('/v1/namespaces/web/backups', { method: 'POST', token: 'tom', body: { spec: { source: { name: 'shop' }, repository: 'main' } } });
    await lab.ask('/v1/namespaces/office/restores', { method: 'POST', token: 'tom', body: { spec: { source, target: { name: 'shop2' } } } });
    expect(lab.kube.all(VM_BACKUP).map(({ metadata }) => metadata.name)).toEqual([expect.stringMatching(/^shop-\w+/)]);
    expect(lab.kube.all(VM_RESTORE)).toMatchObject([{ metadata: { namespace: 'office', name: expect.stringMatching(/^shop2-\w+/) as string, annotations: { [ANNOTATION_REQUESTED_BY]: 'tom' } }, spec: { source } }]);
  });

  it.each(['cancel', 'approvedPlan'])('given a restore that is asked for with %s, when asked, then it is refused: these are acts of their own', async (field) => {
    const { json } = await lab.ask('/v1/namespaces/office/restores', { method: 'POST', token: 'tom', body: { spec: { source: { backup: { namespace: 'web', name: 'n' } }, target: { name: 'x' }, [field]: true } } });

    expect(json()).toMatchObject({ code: 'HVB-HTTP-REQUEST-INVALID', detail: expect.stringContaining(field) as string });
  });

  it('given a denial of the cluster, when anything is done, then its words are passed on and nothing is made', async () => {
    lab.kube.seed(VM_BACKUP, aBackup());
    for (const [method, path, body] of [
      ['POST', '/v1/namespaces/web/backups', { spec: { source: { name: 'shop' }, repository: 'main' } }], ['POST', '/v1/namespaces/web/backups/nightly/cancel', {}], ['DELETE', '/v1/namespaces/web/backups/nightly', {}],
    ] as const) {
      expect((await lab.ask(path, { method, token: 'guest', body })).json()).toMatchObject({ status: 403, code: 'HVB-HTTP-FORBIDDEN', detail: DENIAL });
    }
    expect(lab.kube.writes).toEqual([]);
  });

  it('given a running backup, when it is cancelled, then its spec says so; given one that has ended, then that is told', async () => {
    lab.kube.seed(VM_BACKUP, aBackup({ status: { phase: 'Moving' } }));
    expect((await lab.ask('/v1/namespaces/web/backups/nightly/cancel', { method: 'POST', token: 'tom', body: {} })).status).toBe(202);
    expect(lab.kube.all<VMBackup>(VM_BACKUP)[0]?.spec.cancel).toBe(true);
    lab.kube.update<VMBackup>(VM_BACKUP, { namespace: 'web', name: 'nightly' }, (backup) => { backup.status = { phase: 'Completed' }; });
    expect((await lab.ask('/v1/namespaces/web/backups/nightly/cancel', { method: 'POST', token: 'tom', body: {} })).json()).toMatchObject({ status: 409, code: 'HVB-HTTP-ALREADY-ENDED' });
  });

  it('given a backup, when it is deleted, then only that one goes; a second time there is none', async () => {
    lab.kube.seed(VM_BACKUP, aBackup());
    expect((await lab.ask('/v1/namespaces/web/backups/nightly', { method: 'DELETE', token: 'tom', body: {} })).status).toBe(202);
    expect(lab.kube.all(VM_BACKUP)).toEqual([]);
    expect((await lab.ask('/v1/namespaces/web/backups/nightly', { method: 'DELETE', token: 'tom', body: {} })).json()).toMatchObject({ status: 404, code: 'HVB-HTTP-NOT-FOUND' });
  });

  it('given a backup that holds its data, when it is deleted, then it is on its way', async () => {
    const backup = aBackup();

    lab.kube.seed(VM_BACKUP, { ...backup, metadata: { ...backup.metadata, finalizers: [FINALIZER_DATA] } });
    expect((await lab.ask('/v1/namespaces/web/backups/nightly', { method: 'DELETE', token: 'tom', body: {} })).status).toBe(202);
    expect(lab.kube.all(VM_BACKUP)[0]?.metadata.deletionTimestamp).toBeDefined();
  });

  it('given a plan, when another hash is approved, then nothing is; when the right one is, then it stands in the spec, and once more is no mistake', async () => {
    const path = '/v1/namespaces/office/restores/back/approve';

    lab.kube.seed(VM_RESTORE, aRestore({ phase: 'AwaitingApproval' }));
    expect((await lab.ask(path, { method: 'POST', token: 'tom', body: { planHash: 'h0' } })).json()).toMatchObject({ status: 409, code: 'HVB-HTTP-PLAN-CHANGED', detail: expect.stringContaining('h1') as string });
    expect(lab.kube.writes).toEqual([]);
    expect((await lab.ask(path, { method: 'POST', token: 'tom', body: { planHash: 'h1' } })).status).toBe(202);
    lab.kube.update<VMRestore>(VM_RESTORE, { namespace: 'office', name: 'back' }, (restore) => { restore.status = { ...restore.status, phase: 'Queued' }; });
    expect((await lab.ask(path, { method: 'POST', token: 'tom', body: { planHash: 'h1' } })).status).toBe(202);
    expect(lab.kube.all<VMRestore>(VM_RESTORE)[0]?.spec.approvedPlan).toBe('h1');
  });

  it('given a restore that failed or is cancelled, when it is approved, then there is nothing to approve', async () => {
    lab.kube.seed(VM_RESTORE, aRestore({ phase: 'Failed' }));
    expect((await lab.ask('/v1/namespaces/office/restores/back/approve', { method: 'POST', token: 'tom', body: { planHash: 'h1' } })).json()).toMatchObject({ status: 409, code: 'HVB-HTTP-CONFLICT' });
    expect((await lab.ask('/v1/namespaces/office/restores/back/cancel', { method: 'POST', token: 'tom', body: {} })).json()).toMatchObject({ code: 'HVB-HTTP-ALREADY-ENDED' });
  });

  it('given a plan that changes between look and approval, when approved, then it is a conflict', async () => {
    lab.kube.seed(VM_RESTORE, aRestore({ phase: 'AwaitingApproval' }));
    lab.kube.onWrite = (_write, moment) => {
      lab.kube.onWrite = undefined;
      if (moment === 'before') lab.kube.update<VMRestore>(VM_RESTORE, { namespace: 'office', name: 'back' }, (restore) => { restore.status = { ...restore.status, phase: 'Planning' }; });
    };
    expect((await lab.ask('/v1/namespaces/office/restores/back/approve', { method: 'POST', token: 'tom', body: { planHash: 'h1' } })).json()).toMatchObject({ status: 409, code: 'HVB-HTTP-CONFLICT' });
    expect(lab.kube.all<VMRestore>(VM_RESTORE)[0]?.spec.approvedPlan).toBeUndefined();
  });
});
