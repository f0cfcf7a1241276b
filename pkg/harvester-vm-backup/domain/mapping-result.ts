import type { AccessMode, StorageClass, VolumeMode } from '../../../server/contract/kubernetes.ts';
import { storageClassFacts, type ClaimAbility } from '../../../server/domain/restore/abilities.ts';
import { mapVolume } from '../../../server/domain/restore/mapping.ts';
import { mappingOf, type DiskChoice } from './mapping';

/** CDI's StorageProfile, as far as it is read here. */
export interface StorageProfile { metadata: { name: string }; status?: { claimPropertySets?: { accessModes?: AccessMode[]; volumeMode?: VolumeMode }[] } }

/** What a disk becomes. */
export interface MappingResult { volumeMode: VolumeMode; accessMode: AccessMode; sizeBytes: number }

function abilitiesIn(profile: StorageProfile | undefined): ClaimAbility[] | undefined {
  return profile?.status?.claimPropertySets?.flatMap(({ accessModes = [], volumeMode = 'Filesystem' }) => accessModes.map((accessMode) => ({ volumeMode, accessMode })));
}

/** What the plan will make of a disk, by the very rule that the server plans with. */
export function mappingResult(disk: DiskChoice, classes: readonly StorageClass[], profiles: readonly StorageProfile[]): MappingResult {
  const chosen = classes.find(({ metadata }) => metadata.name === disk.storageClassName);
  const profile = profiles.find(({ metadata }) => metadata.name === disk.storageClassName);
  const source = {
    name:             disk.name,
    claimName:        disk.name,
    sizeBytes:        disk.sourceBytes,
    volumeMode:       disk.sourceVolumeMode,
    accessModes:      disk.sourceAccessMode ? [disk.sourceAccessMode] : [],
    storageClassName: disk.sourceClass,
    snapshotID:       '',
    rootDigest:       '',
  };
  const { volumeMode, accessMode, sizeBytes } = mapVolume(source, mappingOf(disk), chosen && storageClassFacts(chosen, abilitiesIn(profile)));

  return { volumeMode, accessMode, sizeBytes };
}
