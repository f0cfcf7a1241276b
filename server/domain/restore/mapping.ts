import type { BackupDocument } from '../../contract/backup-document.ts';
import type { AccessMode, VolumeMode } from '../../contract/kubernetes.ts';
import type { PlanVolume, VolumeMapping } from '../../contract/vm-restore.ts';
import { abilitiesOf, type ClaimAbility, type StorageClassFacts } from './abilities.ts';

/** A disk as the backup document has it. */
export type DocumentVolume = BackupDocument['volumes'][number];

const MI = 1024 * 1024;
/** Share of a filesystem that its own structures may take; CDI counts with the same. */
const FILESYSTEM_OVERHEAD = 0.055;

/** Bytes that a Filesystem volume needs to hold an image of so many bytes, in whole MiB. */
export function filesystemBytesFor(imageBytes: number): number {
  return Math.ceil(imageBytes / (1 - FILESYSTEM_OVERHEAD) / MI) * MI;
}

/** Best for a VM: several nodes at once (live migration), then the order of the class. */
function preferredAccess(abilities: readonly ClaimAbility[], volumeMode: VolumeMode): AccessMode | undefined {
  const modes = abilities.filter((ability) => ability.volumeMode === volumeMode).map((ability) => ability.accessMode);

  return modes.includes('ReadWriteMany') ? 'ReadWriteMany' : modes[0];
}

const sourceAccess = (source: DocumentVolume): AccessMode => (source.accessModes.includes('ReadWriteMany') ? 'ReadWriteMany' : source.accessModes[0] ?? 'ReadWriteOnce');

/**
 * What becomes of a disk: what the person chose, and for the rest the source's own modes on the same class, or what suits a VM
 * best among the abilities of another class. A disk that turns from a device into an image file gets room for the filesystem.
 * @param storageClass undefined when the class does not exist
 */
export function mapVolume(source: DocumentVolume, mapping: VolumeMapping, storageClass: StorageClassFacts | undefined): Omit<PlanVolume, 'claimName'> {
  const storageClassName = mapping.storageClassName ?? source.storageClassName;
  const sameClass = storageClassName === source.storageClassName;
  const abilities = sameClass || !storageClass ? [] : abilitiesOf(storageClass).list;
  const offersSourceMode = abilities.length === 0 || abilities.some((ability) => ability.volumeMode === source.volumeMode);
  const volumeMode = mapping.volumeMode ?? (offersSourceMode ? source.volumeMode : abilities[0]?.volumeMode ?? source.volumeMode);
  const accessMode = mapping.accessMode ?? preferredAccess(abilities, volumeMode) ?? sourceAccess(source);
  const becomesFile = source.volumeMode === 'Block' && volumeMode === 'Filesystem';
  // What a person chooses is the size of the disk; the PVC around an image file has to be larger by the filesystem's own needs.
  const imageBytes = mapping.sizeBytes ?? source.sizeBytes;

  return {
    name: source.name, storageClassName, accessMode, volumeMode,
    sizeBytes: becomesFile ? filesystemBytesFor(imageBytes) : imageBytes,
    imageBytes,
    sourceBytes: source.sizeBytes, snapshotID: source.snapshotID, rootDigest: source.rootDigest, sourceStorageClassName: source.storageClassName,
  };
}
