import { DOCUMENT_VERSION, type BackupDocument } from '../../contract/backup-document.ts';
import type { PersistentVolumeClaim, Secret, VirtualMachine } from '../../contract/kubernetes.ts';
import type { BackupIdentity } from '../../contract/mover-protocol.ts';
import type { BackupVolume, ConsistencyRecord } from '../../contract/vm-backup.ts';

/** What is kept of a VM between the cut and the commit. Has secret values: lives in a Secret of the system namespace only. */
export interface Capture {
  vm: BackupDocument['vm'];
  secrets: BackupDocument['secrets'];
  /** Labels and annotations of each PVC, by claim name. */
  claims: Record<string, { labels?: Record<string, string>; annotations?: Record<string, string> }>;
}

/** Captures a VM without what the server wrote into it (UID, resourceVersion, status, managed fields). */
export function capture(vm: VirtualMachine, secrets: readonly Secret[], claims: readonly PersistentVolumeClaim[]): Capture {
  const { name, namespace = '', labels, annotations } = vm.metadata;

  return {
    vm: { apiVersion: vm.apiVersion, kind: vm.kind, metadata: { name, namespace, ...(labels ? { labels } : {}), ...(annotations ? { annotations } : {}) }, spec: vm.spec },
    secrets: secrets.map((secret) => ({ name: secret.metadata.name, ...(secret.type ? { type: secret.type } : {}), data: secret.data ?? {} })),
    claims: Object.fromEntries(claims.map((claim) => [claim.metadata.name, { ...(claim.metadata.labels ? { labels: claim.metadata.labels } : {}), ...(claim.metadata.annotations ? { annotations: claim.metadata.annotations } : {}) }])),
  };
}

/**
 * The backup document.
 * @throws Error when a volume has no data yet: a defect of ours, as the commit comes last
 */
export function buildDocument(captured: Capture, facts: { identity: BackupIdentity; createdAt: Date; volumes: readonly BackupVolume[]; excluded: readonly { name: string; reason: string }[]; consistency: ConsistencyRecord }): BackupDocument {
  return {
    version: DOCUMENT_VERSION,
    identity: facts.identity,
    createdAt: facts.createdAt.toISOString(),
    vm: captured.vm,
    secrets: captured.secrets,
    volumes: facts.volumes.map((volume) => {
      if (!volume.snapshotID || !volume.rootDigest) throw new Error(`volume ${volume.name} has no data in the repository yet`);
      const { name, claimName, sizeBytes, volumeMode, accessModes, storageClassName, snapshotID, rootDigest } = volume;

      return { name, claimName, sizeBytes, volumeMode, accessModes, storageClassName, snapshotID, rootDigest, ...captured.claims[claimName] };
    }),
    excluded: [...facts.excluded],
    consistency: facts.consistency,
  };
}
