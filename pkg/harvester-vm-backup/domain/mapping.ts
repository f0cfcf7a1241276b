import type { AccessMode, StorageClass, VolumeMode } from '../../../server/contract/kubernetes.ts';
import type { BackupVolume } from '../../../server/contract/vm-backup.ts';
import type { VolumeMapping } from '../../../server/contract/vm-restore.ts';

const DEFAULT_CLASS = 'storageclass.kubernetes.io/is-default-class';

/** What a person chooses for one disk. An empty mode means: the plan decides, and the review shows what it decided. */
export interface DiskChoice {
  name: string;
  /** Bytes of the backed-up disk: the least that the restored one can have. */
  sourceBytes: number;
  sourceClass: string;
  sourceVolumeMode: VolumeMode;
  sourceAccessMode: AccessMode | '';
  storageClassName: string;
  volumeMode: VolumeMode | '';
  accessMode: AccessMode | '';
  sizeBytes: number;
}

/** Storage classes that can be chosen, by name; those on their way out cannot. */
export function usableClasses(classes: readonly StorageClass[]): StorageClass[] {
  return classes.filter(({ metadata }) => !metadata.deletionTimestamp).sort((a, b) => a.metadata.name.localeCompare(b.metadata.name));
}

/** The class to propose for a disk: its own where that exists, else the cluster's default, else none: then the person must choose. */
export function proposeClass(source: string, classes: readonly StorageClass[]): string {
  if (classes.some(({ metadata }) => metadata.name === source)) {
    return source;
  }

  return classes.find(({ metadata }) => metadata.annotations?.[DEFAULT_CLASS] === 'true')?.metadata.name ?? '';
}

/** The first proposal for every disk of a backup. */
export function proposeDisks(volumes: readonly BackupVolume[], classes: readonly StorageClass[]): DiskChoice[] {
  return volumes.map((volume) => withClass({
    name:             volume.name,
    sourceBytes:      volume.sizeBytes,
    sourceClass:      volume.storageClassName,
    sourceVolumeMode: volume.volumeMode,
    sourceAccessMode: volume.accessModes.includes('ReadWriteMany') ? 'ReadWriteMany' : volume.accessModes[0] ?? '',
    storageClassName: '',
    volumeMode:       '',
    accessMode:       '',
    sizeBytes:        volume.sizeBytes,
  }, proposeClass(volume.storageClassName, classes)));
}

/** Moves a disk to a class. On its own class it keeps its modes; on another one the plan decides unless the person does. */
export function withClass(disk: DiskChoice, storageClassName: string): DiskChoice {
  const same = storageClassName === disk.sourceClass;

  return {
    ...disk, storageClassName, volumeMode: same ? disk.sourceVolumeMode : '', accessMode: same ? disk.sourceAccessMode : ''
  };
}

/** Why a disk cannot be restored as chosen; undefined when it can. */
export function diskObstacle(disk: DiskChoice): 'class' | 'size' | undefined {
  if (!disk.storageClassName) {
    return 'class';
  }

  return Number.isFinite(disk.sizeBytes) && disk.sizeBytes >= disk.sourceBytes ? undefined : 'size';
}

/** The disk's entry in a VMRestore: only what was really chosen. */
export function mappingOf(disk: DiskChoice): VolumeMapping {
  return {
    name:             disk.name,
    storageClassName: disk.storageClassName,
    ...(disk.accessMode ? { accessMode: disk.accessMode } : {}),
    ...(disk.volumeMode ? { volumeMode: disk.volumeMode } : {}),
    ...(disk.sizeBytes === disk.sourceBytes ? {} : { sizeBytes: disk.sizeBytes }),
  };
}
