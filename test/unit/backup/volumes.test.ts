import { describe, expect, it } from 'vitest';
import { resolveVolumes, claimsOf } from '../../../server/domain/backup/volumes.ts';
import { secretsOf } from '../../../server/domain/backup/secrets.ts';
import { aClaim, aVM, aVolume } from '../../support/builders.ts';

const facts = (entries: Record<string, Parameters<typeof resolveVolumes>[1] extends ReadonlyMap<string, infer F> ? F : never>) => new Map(Object.entries(entries));

describe('volumes of a VM', () => {
  it('given a PVC, a DataVolume and a hotplugged disk, when resolved, then all three are backed up with their PVCs', () => {
    const vm = aVM({ volumes: [
      { name: 'root', persistentVolumeClaim: { claimName: 'a' } }, { name: 'data', dataVolume: { name: 'b' } }, { name: 'hot', persistentVolumeClaim: { claimName: 'c', hotpluggable: true } },
    ] });
    const known = facts(Object.fromEntries(['a', 'b', 'c'].map((name) => [name, { claim: aClaim({ name }), volume: aVolume({ storage: '2Gi' }), snapshotClass: 's' }])));

    expect(claimsOf(vm)).toEqual(['a', 'b', 'c']);
    expect(resolveVolumes(vm, known)).toMatchObject({ problems: [], excluded: [], volumes: [{ name: 'root', claimName: 'a', sizeBytes: 2 * 2 ** 30, phase: 'Pending' }, { name: 'data', claimName: 'b' }, { name: 'hot', claimName: 'c' }] });
  });

  it('given volumes without a disk of their own, when resolved, then what is lost is named and what the manifest carries is not', () => {
    const vm = aVM({ volumes: [{ name: 'cd', containerDisk: { image: 'x' } }, { name: 'tmp', emptyDisk: {} }, { name: 'init', cloudInitNoCloud: { userData: '#cloud-config' } }, { name: 'new', quantumDisk: {} }] });

    const { volumes, excluded, problems } = resolveVolumes(vm, new Map());

    expect([volumes, problems]).toEqual([[], []]);
    expect(excluded.map(({ name }) => name)).toEqual(['cd', 'tmp', 'new']);
    expect(excluded.at(-1)?.reason).toContain('"quantumDisk"');
  });

  it.each([
    ['is missing', {}, 'HVB-SOURCE-VOLUME-MISSING', 'does not exist'],
    ['is not bound', { claim: aClaim({ name: 'a', phase: 'Pending' }) }, 'HVB-SOURCE-VOLUME-MISSING', 'Pending'],
    ['is not CSI', { claim: aClaim({ name: 'a' }), volume: aVolume({ driver: '' }) }, 'HVB-SOURCE-VOLUME-UNSUPPORTED', 'no snapshots'],
    ['has no snapshot class', { claim: aClaim({ name: 'a' }), volume: aVolume({ driver: 'nfs.csi.k8s.io' }) }, 'HVB-STORAGE-NO-SNAPSHOT-CLASS', 'nfs.csi.k8s.io'],
  ])('given a PVC that %s, when resolved, then the problem names volume, PVC and cause', (_what, fact, code, words) => {
    const { problems } = resolveVolumes(aVM({ volumes: [{ name: 'root', persistentVolumeClaim: { claimName: 'a' } }] }), facts({ a: fact }));

    expect(problems).toEqual([{ code, message: expect.stringContaining('volume "root" (PVC web/a)') as string }]);
    expect(problems[0]?.message).toContain(words);
  });
});

describe('Secrets of a VM', () => {
  it('given every place that can name a Secret, when collected, then each is there once, sorted', () => {
    const vm = aVM({
      volumes: [
        { name: 'a', cloudInitNoCloud: { secretRef: { name: 'user' }, networkDataSecretRef: { name: 'net' } } },
        { name: 'b', cloudInitConfigDrive: { secretRef: { name: 'drive' }, networkDataSecretRef: { name: 'net' } } },
        { name: 'c', sysprep: { secret: { name: 'win' } } }, { name: 'd', secret: { secretName: 'token' } },
      ],
      accessCredentials: [{ sshPublicKey: { source: { secret: { secretName: 'ssh' } } } }, { userPassword: { source: { secret: { secretName: 'pass' } } } }],
    });

    expect(secretsOf(vm)).toEqual(['drive', 'net', 'pass', 'ssh', 'token', 'user', 'win']);
  });
});
