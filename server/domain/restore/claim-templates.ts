import type { PlanVolume } from '../../contract/vm-restore.ts';
import { formatQuantity } from '../quantity.ts';
import { ANNOTATION_IMAGE } from './metadata.ts';

/**
 * Harvester's list of a VM's PVCs. It is active: Harvester creates every PVC named there that does not exist, blank, and
 * expands one that is smaller than its entry.
 */
export const ANNOTATION_CLAIM_TEMPLATES = 'harvesterhci.io/volumeClaimTemplates';

interface ClaimTemplate { metadata?: { name?: string; annotations?: Record<string, string> } }

function parseTemplates(text: string): ClaimTemplate[] {
  try {
    const parsed: unknown = JSON.parse(text);

    return Array.isArray(parsed) ? parsed.filter((entry): entry is ClaimTemplate => typeof entry === 'object' && entry !== null) : [];
  } catch {
    // Only the images of entries are taken over from it; a broken list has none.
    return [];
  }
}

/**
 * The list rebuilt for the restored PVCs.
 * @param source the list of the backed-up VM
 * @param claims source PVC by volume name
 */
export function rebuildClaimTemplates(source: string, volumes: readonly PlanVolume[], claims: ReadonlyMap<string, string>): string {
  const old = parseTemplates(source);

  return JSON.stringify(volumes.map((volume) => {
    const image = old.find((entry) => entry.metadata?.name === claims.get(volume.name))?.metadata?.annotations?.[ANNOTATION_IMAGE];
    const keepsImage = image !== undefined && volume.storageClassName === volume.sourceStorageClassName;

    return {
      metadata: { name: volume.claimName, ...(keepsImage ? { annotations: { [ANNOTATION_IMAGE]: image } } : {}) },
      spec: { accessModes: [volume.accessMode], resources: { requests: { storage: formatQuantity(volume.sizeBytes) } }, storageClassName: volume.storageClassName, volumeMode: volume.volumeMode },
    };
  }));
}
