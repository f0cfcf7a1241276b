import { describe, expect, it } from 'vitest';
import type { StorageClass } from '../../../../server/contract/kubernetes.ts';
import { withClass, type DiskChoice } from '../mapping';
import { mappingResult } from '../mapping-result';

const storageClass = (name: string, provisioner: string): StorageClass => ({ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name }, provisioner });
const CLASSES = [storageClass('lvm-thin', 'lvm.driver.harvesterhci.io'), storageClass('own', 'example.com/driver')];
const DISK: DiskChoice = {
  name: 'root', sourceBytes: 2 ** 30, sourceClass: 'harvester-longhorn', sourceVolumeMode: 'Block', sourceAccessMode: 'ReadWriteMany', storageClassName: 'harvester-longhorn', volumeMode: 'Block', accessMode: 'ReadWriteMany', sizeBytes: 2 ** 30
};

describe('mappingResult', () => {
  it('given a class that only one node reaches, when the plan decides, then the access mode is what the class can do', () => {
    expect(mappingResult(withClass(DISK, 'lvm-thin'), CLASSES, [])).toEqual({ volumeMode: 'Block', accessMode: 'ReadWriteOnce', sizeBytes: 2 ** 30 });
  });

  it('given a class with a profile, when the plan decides, then the profile says what is possible and an image file gets more room', () => {
    const result = mappingResult(withClass(DISK, 'own'), CLASSES, [{ metadata: { name: 'own' }, status: { claimPropertySets: [{ accessModes: ['ReadWriteMany'] }] } }]);

    expect(result).toMatchObject({ volumeMode: 'Filesystem', accessMode: 'ReadWriteMany' });
    expect(result.sizeBytes).toBeGreaterThan(2 ** 30);
  });

  it('given the disk\'s own class, when nothing else is chosen, then it stays as it was', () => {
    expect(mappingResult(DISK, CLASSES, [])).toEqual({ volumeMode: 'Block', accessMode: 'ReadWriteMany', sizeBytes: 2 ** 30 });
  });
});
