import { describe, expect, it } from 'vitest';
import { CHECK_IDS } from '../../../server/domain/restore/check-context.ts';
import { failedChecks, refuseApproval } from '../../../server/domain/restore/plan.ts';
import { planSchema } from '../../../server/contract/vm-restore.ts';
import { aDocument, aRequest, aVolumeOf, GI, LONGHORN, NFS, plan, someFacts } from './fixtures.ts';

describe('planRestore', () => {
  it('given nothing against it, when planned, then every check passes and all objects are listed in the order of their creation', () => {
    const made = plan();

    expect(made.checks.filter(({ verdict }) => verdict !== 'Pass')).toEqual([]);
    expect(made.objects.map(({ kind, namespace }) => `${kind} ${namespace}`)).toEqual(['PersistentVolumeClaim lab', 'PersistentVolumeClaim lab', 'Secret lab', 'Secret lab', 'VirtualMachine lab']);
    expect(made).toMatchObject({ predictedBytes: 2 * GI, runStrategy: 'Always', plannedAt: '2026-01-01T12:00:00.000Z' });
    expect(planSchema.parse(made)).toEqual(made);
  });

  it('given any plan, when its checks are listed, then every check is there and no other', () => {
    const empty = aDocument({ volumes: [], secrets: [] });

    for (const made of [plan(), plan({ document: empty }), plan({ facts: someFacts({ storageClasses: [] }) })]) {
      expect([...new Set(made.checks.map(({ id }) => id))]).toEqual([...CHECK_IDS]);
    }
  });

  it('given a plan, when it is looked through, then no value of a Secret is in it', () => {
    expect(JSON.stringify(plan())).not.toContain('Y2FuYXJ5');
  });

  it('given the same cluster at another time, when planned again, then the hash is the same', () => {
    const later = someFacts({ storageClasses: [NFS, LONGHORN, ...someFacts().storageClasses.slice(1, 2)] });

    expect(plan({ facts: later }).hash).toBe(plan().hash);
  });

  it.each([
    ['another class', { request: aRequest({ volumes: [{ name: 'root', storageClassName: 'nfs' }] }) }],
    ['another size', { request: aRequest({ volumes: [{ name: 'root', sizeBytes: 2 * GI }] }) }],
    ['another target', { request: aRequest({ target: { name: 'other' } }) }],
    ['another start', { request: aRequest({ start: 'Halted' as const }) }],
    ['kept addresses', { request: aRequest({ keepMacAddresses: true }), facts: someFacts({ sourceVMExists: false }) }],
    ['another document', { facts: someFacts({ backup: { uid: 'backup-uid', documentID: 'document-2' } }) }],
    ['a Secret that has to be renamed', { facts: someFacts({ secrets: ['ssh'] }) }],
    ['a warning that came up', { document: aDocument({ consistency: { ...aDocument().consistency, level: 'Crash' as const } }) }],
    ['other data', { document: aDocument({ volumes: [aVolumeOf('root', { rootDigest: 'sha256:other' }), aVolumeOf('data')] }) }],
  ])('given %s, when planned, then the hash is another', (_what, changed) => {
    expect(plan(changed).hash).not.toBe(plan().hash);
  });
});

describe('refuseApproval', () => {
  const good = plan();

  it('given the plan that was approved, when nothing changed, then it is run', () => {
    expect(refuseApproval(good.hash, good, plan())).toBeUndefined();
  });

  it.each([
    ['the class is gone', { facts: someFacts({ storageClasses: [NFS] }) }, 'HVB-STORAGE-CLASS-MISSING', 'harvester-longhorn'],
    ['the VM name was taken', { facts: someFacts({ vmNameTakenBy: 'a VM' }) }, 'HVB-TARGET-VM-EXISTS', 'shop-copy'],
    ['the namespace is going', { facts: someFacts({ namespace: { name: 'lab', state: 'Terminating' as const } }) }, 'HVB-TARGET-NAMESPACE-MISSING', 'being deleted'],
    ['a PVC name was taken', { facts: someFacts({ claims: good.volumes.map(({ claimName }) => claimName) }) }, 'HVB-TARGET-CONFLICT', good.volumes[0]?.claimName ?? ''],
    ['the network is gone', { facts: someFacts({ networks: [] }) }, 'HVB-PLAN-FAILED', 'web/vlan1'],
    ['a Secret was taken', { facts: someFacts({ secrets: ['ssh'] }) }, 'HVB-PLAN-CHANGED', good.hash.slice(0, 12)],
  ])('given that since the approval %s, when applied, then it is refused with the code and the facts', (_what, changed, code, words) => {
    expect(refuseApproval(good.hash, good, plan(changed))).toMatchObject({ code, message: expect.stringContaining(words) as string });
  });

  it('given a plan that had failed before, when it is approved all the same, then it is refused for its checks', () => {
    const bad = plan({ facts: someFacts({ storageClasses: [NFS] }) });

    expect(failedChecks(bad)).toHaveLength(2);
    expect(refuseApproval(bad.hash, bad, bad)).toMatchObject({ code: 'HVB-PLAN-FAILED' });
  });

  it('given the hash of another plan, when applied, then it is refused as changed', () => {
    expect(refuseApproval('0'.repeat(64), good, plan())).toMatchObject({ code: 'HVB-PLAN-CHANGED' });
  });
});
