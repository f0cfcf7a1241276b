import type { BackupVolume } from '../../contract/vm-backup.ts';
import type { PersistentVolume, PersistentVolumeClaim, VirtualMachine, VMVolume } from '../../contract/kubernetes.ts';
import type { FailureCode } from '../../contract/failures.ts';
import { parseQuantity } from '../quantity.ts';

/** Volume sources that hold no disk data of their own, or data that the manifest or the Secrets carry. They need no mention. */
const CARRIED_BY_MANIFEST = new Set(['cloudInitNoCloud', 'cloudInitConfigDrive', 'sysprep', 'secret', 'configMap', 'serviceAccount', 'downwardAPI', 'downwardMetrics']);

const EXCLUDED_REASONS: Readonly<Record<string, string>> = {
  containerDisk: 'comes from a container image and is read-only or lost at every stop; the manifest names the image',
  ephemeral: 'is thrown away when the VM stops',
  emptyDisk: 'is thrown away when the VM stops',
  hostDisk: 'is a file on one node, outside of Kubernetes storage, and has no snapshots',
  memoryDump: 'is a memory dump, not a disk of the guest',
};

/** What the cluster says of one PVC: all that the rules need. */
export interface ClaimFacts { claim?: PersistentVolumeClaim; volume?: PersistentVolume; snapshotClass?: string }

/** What is wrong with a VM's volumes, so that no backup can be made. */
export interface VolumeProblem { code: FailureCode; message: string }

/** The VM's disks as a backup sees them. */
export interface ResolvedVolumes { volumes: BackupVolume[]; excluded: { name: string; reason: string }[]; problems: VolumeProblem[] }

/** The PVC behind a volume of a VM; a DataVolume's PVC has its name. `undefined` when there is none. */
export function claimNameOf(volume: VMVolume): string | undefined {
  return volume.persistentVolumeClaim?.claimName ?? volume.dataVolume?.name;
}

/** Names of the PVCs that the rules need facts about, each once. */
export function claimsOf(vm: Pick<VirtualMachine, 'spec'>): string[] {
  const names = (vm.spec.template.spec.volumes ?? []).map(claimNameOf).filter((name): name is string => name !== undefined);

  return [...new Set(names)];
}

/** Sorts a VM's volumes into those that are backed up, those that are not (with the reason), and problems. Nothing is skipped in silence. */
export function resolveVolumes(vm: Pick<VirtualMachine, 'spec' | 'metadata'>, facts: ReadonlyMap<string, ClaimFacts>): ResolvedVolumes {
  const result: ResolvedVolumes = { volumes: [], excluded: [], problems: [] };

  for (const volume of vm.spec.template.spec.volumes ?? []) {
    const claimName = claimNameOf(volume);

    if (claimName !== undefined) {
      const resolved = resolveClaim(volume.name, claimName, vm.metadata.namespace ?? '', facts.get(claimName) ?? {});

      if ('code' in resolved) result.problems.push(resolved);
      else result.volumes.push(resolved);
      continue;
    }
    const source = Object.keys(volume).find((key) => key !== 'name') ?? 'unknown';

    if (!CARRIED_BY_MANIFEST.has(source)) {
      result.excluded.push({ name: volume.name, reason: EXCLUDED_REASONS[source] ?? `has the source "${source}", which is not known to hold a PVC` });
    }
  }
  return result;
}

function resolveClaim(name: string, claimName: string, namespace: string, { claim, volume, snapshotClass }: ClaimFacts): BackupVolume | VolumeProblem {
  const where = `volume "${name}" (PVC ${namespace}/${claimName})`;

  if (!claim?.metadata.uid) return { code: 'HVB-SOURCE-VOLUME-MISSING', message: `${where}: the PVC does not exist` };
  if (!volume || claim.status?.phase !== 'Bound') return { code: 'HVB-SOURCE-VOLUME-MISSING', message: `${where}: the PVC is ${claim.status?.phase ?? 'not bound'}, so it has no data to back up yet` };
  if (!volume.spec.csi) return { code: 'HVB-SOURCE-VOLUME-UNSUPPORTED', message: `${where}: its PersistentVolume ${volume.metadata.name} is not a CSI volume, so it has no snapshots` };
  if (snapshotClass === undefined) return { code: 'HVB-STORAGE-NO-SNAPSHOT-CLASS', message: `${where}: no VolumeSnapshotClass for the driver ${volume.spec.csi.driver}` };

  return {
    name, claimName, claimUID: claim.metadata.uid, phase: 'Pending',
    sizeBytes: parseQuantity(volume.spec.capacity.storage),
    volumeMode: claim.spec.volumeMode ?? 'Filesystem',
    accessModes: claim.spec.accessModes,
    storageClassName: claim.spec.storageClassName ?? '',
  };
}
