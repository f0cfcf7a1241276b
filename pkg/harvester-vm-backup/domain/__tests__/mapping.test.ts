import { describe, expect, it } from 'vitest';
import type { StorageClass } from '../../../../server/contract/kubernetes.ts';
import { completedBackup } from '../../__tests__/support/samples';
import { diskObstacle, mappingOf, proposeClass, proposeDisks, usableClasses, withClass, type DiskChoice } from '../mapping';

const storageClass = (name: string, more: Partial<StorageClass['metadata']> = {}): StorageClass => ({ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name, ...more }, provisioner: 'p' });
const CLASSES = [storageClass('lvm-thin'), storageClass('harvester-longhorn', { annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } })];
const disks = (): DiskChoice[] => proposeDisks(completedBackup().status?.volumes ?? [], CLASSES);
const [first] = disks();

describe('storage mapping', () => {
  it('given a class that exists here, when disks are proposed, then the disk stays on it with its modes and size', () => {
    expect(disks()[0]).toMatchObject({ storageClassName: 'harvester-longhorn', volumeMode: 'Block', accessMode: 'ReadWriteMany', sizeBytes: 4 * 2 ** 30 });
  });

  it('given a class that is gone, when disks are proposed, then the default class takes its place and the plan decides the modes', () => {
    expect(disks()[1]).toMatchObject({ storageClassName: 'harvester-longhorn', volumeMode: '', accessMode: '' });
  });

  it('given a class that is gone and no default, when proposed, then the person has to choose', () => {
    expect(proposeClass('gone', [storageClass('other')])).toBe('');
    expect(diskObstacle({ ...first as DiskChoice, storageClassName: '' })).toBe('class');
  });

  it('given a smaller size than the backed-up disk, when checked, then it is refused', () => {
    expect(diskObstacle({ ...first as DiskChoice, sizeBytes: 4 * 2 ** 30 - 1 })).toBe('size');
    expect(diskObstacle({ ...first as DiskChoice, sizeBytes: Number.NaN })).toBe('size');
    expect(diskObstacle(first as DiskChoice)).toBeUndefined();
  });

  it('given another class, when a disk moves there and back, then it has its own modes again', () => {
    const moved = withClass(first as DiskChoice, 'lvm-thin');

    expect(moved).toMatchObject({ volumeMode: '', accessMode: '' });
    expect(withClass(moved, 'harvester-longhorn')).toEqual(first);
  });

  it('given a choice that changes nothing but the class, when it is sent, then modes and size are left to the plan', () => {
    expect(mappingOf(withClass(first as DiskChoice, 'lvm-thin'))).toEqual({ name: 'root', storageClassName: 'lvm-thin' });
    expect(mappingOf({ ...first as DiskChoice, sizeBytes: 5 * 2 ** 30 })).toEqual({
      name: 'root', storageClassName: 'harvester-longhorn', volumeMode: 'Block', accessMode: 'ReadWriteMany', sizeBytes: 5 * 2 ** 30
    });
  });

  it('given classes of which one is being deleted, when they are offered, then it is not, and the rest is in order', () => {
    expect(usableClasses([storageClass('z'), storageClass('gone', { deletionTimestamp: 'now' }), storageClass('a')]).map(({ metadata }) => metadata.name)).toEqual(['a', 'z']);
  });
});
