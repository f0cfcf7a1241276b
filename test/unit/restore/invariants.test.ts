import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { VMVolume } from '../../../server/contract/kubernetes.ts';
import { secretsOf } from '../../../server/domain/backup/secrets.ts';
import { claimsOf } from '../../../server/domain/backup/volumes.ts';
import { canonicalJson } from '../../../server/domain/restore/canonical.ts';
import { CHECK_IDS } from '../../../server/domain/restore/check-context.ts';
import { restoredClaimName, restoredSecretNames } from '../../../server/domain/restore/names.ts';
import { failedChecks } from '../../../server/domain/restore/plan.ts';
import { sanitiseVM } from '../../../server/domain/restore/sanitise.ts';
import { aDocument, aRequest, aVolumeOf, hash, plan, someFacts } from './fixtures.ts';

const name = fc.stringMatching(/^[a-z]([a-z0-9.-]{0,20}[a-z0-9])?$/);
const names = (maxLength: number) => fc.uniqueArray(name, { maxLength });

/** The same JSON with the fields of every object in another order. */
function shuffled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shuffled);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).reverse().map(([key, item]) => [key, shuffled(item)]));
}

const mapping = fc.record({
  storageClassName: fc.constantFrom('harvester-longhorn', 'lvm-thin', 'nfs', 'gone'), sizeBytes: fc.option(fc.integer({ min: 0, max: 2 ** 40 }), { nil: undefined }),
  volumeMode: fc.option(fc.constantFrom('Block' as const, 'Filesystem' as const), { nil: undefined }),
});

describe('invariants of a restore', () => {
  it('given any JSON, when its fields change their order, then its canonical form does not', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => {
      expect(canonicalJson(shuffled(value))).toBe(canonicalJson(value));
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }));
  });

  it('given a document whose fields come in another order, when planned, then the hash is the same', () => {
    fc.assert(fc.property(names(4), (disks) => {
      const document = aDocument({ volumes: disks.map((disk) => aVolumeOf(disk)) });

      expect(plan({ document: shuffled(document) as typeof document }).hash).toBe(plan({ document }).hash);
    }), { numRuns: 30 });
  });

  it('given any mapping, when planned, then a plan without a failed check makes no disk smaller, and every check has spoken', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 2 ** 40 }), fc.constantFrom('Block' as const, 'Filesystem' as const), mapping, (sizeBytes, volumeMode, chosen) => {
      const made = plan({ document: aDocument({ volumes: [aVolumeOf('root', { sizeBytes, volumeMode })] }), request: aRequest({ volumes: [{ name: 'root', ...chosen }] }) });
      const smaller = made.volumes.some((volume) => volume.sizeBytes < volume.sourceBytes);

      expect(smaller && failedChecks(made).length === 0).toBe(false);
      if (chosen.sizeBytes === undefined) expect(smaller).toBe(false);
      expect([...new Set(made.checks.map(({ id }) => id))]).toEqual([...CHECK_IDS]);
    }));
  });

  it('given any names, when PVCs are named, then the names are valid, distinct, repeatable and never the source’s', () => {
    fc.assert(fc.property(fc.uuid(), fc.string({ minLength: 1, maxLength: 300 }), fc.uniqueArray(fc.string({ maxLength: 80 }), { maxLength: 8 }), (uid, target, volumes) => {
      const given = volumes.map((volume) => restoredClaimName(uid, target, volume, hash));

      for (const each of given) expect(each).toMatch(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
      expect(new Set(given).size).toBe(volumes.length);
      expect(volumes.map((volume) => restoredClaimName(uid, target, volume, hash))).toEqual(given);
      for (const each of given) expect(volumes).not.toContain(each);
    }));
  });

  it('given any taken names, when Secrets are named, then no Secret gets a taken name without a failed check', () => {
    fc.assert(fc.property(name, names(5), names(5), (target, secrets, taken) => {
      const given = restoredSecretNames(target, secrets, taken, hash);
      const made = plan({ document: aDocument({ secrets: secrets.map((secret) => ({ name: secret, data: {} })) }), request: aRequest({ target: { name: target } }), facts: someFacts({ secrets: taken }) });
      const clash = [...given.values()].some((secret) => taken.includes(secret)) || new Set(given.values()).size !== secrets.length;

      expect(failedChecks(made).some(({ id }) => id === 'secret-names')).toBe(clash);
    }));
  });

  it('given any VM, when sanitised, then it refers to planned PVCs and new Secrets only', () => {
    const volume = (disk: string): fc.Arbitrary<VMVolume> => fc.oneof(
      fc.constant({ name: disk, persistentVolumeClaim: { claimName: `source-${disk}` } }), fc.constant({ name: disk, dataVolume: { name: `source-${disk}` } }),
      fc.constant({ name: disk, ephemeral: { persistentVolumeClaim: { claimName: `source-${disk}` } } }), fc.constant({ name: disk, memoryDump: { claimName: `source-${disk}` } }),
      fc.constant({ name: disk, cloudInitNoCloud: { secretRef: { name: `secret-${disk}` } } }), fc.constant({ name: disk, cloudInitConfigDrive: { networkDataSecretRef: { name: `secret-${disk}` } } }),
      fc.constant({ name: disk, sysprep: { secret: { name: `secret-${disk}` } } }), fc.constant({ name: disk, secret: { secretName: `secret-${disk}` } }), fc.constant({ name: disk, containerDisk: { image: 'x' } }),
    );
    const vm = names(6).chain((disks) => fc.tuple(...disks.map(volume)));

    fc.assert(fc.property(vm, fc.integer({ min: 0, max: 63 }), (volumes, mask) => {
      const source = { apiVersion: 'kubevirt.io/v1', kind: 'VirtualMachine', metadata: { name: 'shop', namespace: 'web' }, spec: { template: { spec: { domain: { devices: { disks: volumes.map((each) => ({ name: each.name })) } }, volumes } } } };
      // Some of the disks and Secrets are in the backup, some are not.
      const known = volumes.filter((_each, index) => (mask >> index) % 2 === 1).map((each) => each.name);
      const planned = plan({ document: aDocument({ volumes: known.map((disk) => aVolumeOf(disk)) }) }).volumes;
      const secretNames = new Map(known.map((disk) => [`secret-${disk}`, `new-${disk}`]));
      const { vm: restored } = sanitiseVM(source, { restoreUID: 'u', target: { namespace: 'lab', name: 'copy' }, volumes: planned, secretNames, keepMacAddresses: false, resume: 'Always' });
      const left = restored;

      expect(planned.map(({ claimName }) => claimName)).toEqual(expect.arrayContaining(claimsOf(left)));
      expect([...secretNames.values()]).toEqual(expect.arrayContaining(secretsOf(left)));
      expect(JSON.stringify(left)).not.toMatch(/"(source|secret)-/);
      const names = left.spec.template.spec.volumes?.map((each) => each.name) ?? [];

      for (const disk of left.spec.template.spec.domain.devices.disks ?? []) expect(names).toContain(disk.name);
    }));
  });
});
