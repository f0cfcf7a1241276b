import { KEY_SECRET_ENTRY } from '../../contract/backup-repository.ts';
import type { Job, PodSpec, PodVolume, VolumeMode } from '../../contract/kubernetes.ts';
import { DOCUMENT_FILE, REPOSITORY_DIR, REPOSITORY_KEY_DIR, REPOSITORY_KEY_FILE, REQUEST_FILE, SCRATCH_DIR, TERMINATION_LOG, VOLUME_DEVICE, VOLUME_DIR } from '../../contract/mover-paths.ts';
import { SYSTEM_NAMESPACE } from '../../contract/names.ts';
import { operationLabels } from '../../expose/operation-labels.ts';
import type { Operation } from '../engine.ts';
import { ENTRY_DOCUMENT, ENTRY_REQUEST, operationName } from './record.ts';
import { verbOf } from './request.ts';

/** Name of the one container of a mover's pod. */
export const MOVER_CONTAINER = 'mover';

/** A PVC of the system namespace that the mover reads or writes. */
export interface VolumeMount { claimName: string; volumeMode: VolumeMode; readOnly: boolean }

type Container = PodSpec['containers'][number];
interface Mounts { volumes: PodVolume[]; volumeMounts: NonNullable<Container['volumeMounts']>; volumeDevices: NonNullable<Container['volumeDevices']> }

const folderOf = (file: string): string => file.slice(0, file.lastIndexOf('/'));
const fileOf = (file: string): string => file.slice(file.lastIndexOf('/') + 1);

function mountsOf(operation: Operation, volume: VolumeMount | undefined): Mounts {
  const secretName = operationName(operation);
  const mounts: Mounts = { volumes: [], volumeMounts: [], volumeDevices: [] };
  const add = (source: PodVolume, mountPath: string, readOnly: boolean): void => {
    mounts.volumes.push(source);
    mounts.volumeMounts.push({ name: source.name, mountPath, ...(readOnly ? { readOnly } : {}) });
  };
  const addSecret = (name: string, secret: string, entry: string, file: string): void => add({ name, secret: { secretName: secret, defaultMode: 0o400, items: [{ key: entry, path: fileOf(file) }] } }, folderOf(file), true);

  addSecret('request', secretName, ENTRY_REQUEST, REQUEST_FILE);
  if (operation.task.type === 'backup-document') {
    addSecret('document', secretName, ENTRY_DOCUMENT, DOCUMENT_FILE);
  }
  if (operation.repository && operation.task.type !== 'describe') {
    const { encryption, target } = operation.repository.spec;

    add({ name: 'repository-key', secret: { secretName: encryption.secretRef.name, defaultMode: 0o400, items: [{ key: KEY_SECRET_ENTRY, path: fileOf(REPOSITORY_KEY_FILE) }] } }, REPOSITORY_KEY_DIR, true);
    add({ name: 'repository', persistentVolumeClaim: { claimName: target.filesystem.claimName } }, REPOSITORY_DIR, false);
  }
  if (volume?.volumeMode === 'Block') {
    mounts.volumes.push({ name: 'volume', persistentVolumeClaim: { claimName: volume.claimName } });
    mounts.volumeDevices.push({ name: 'volume', devicePath: VOLUME_DEVICE });
  } else if (volume) {
    add({ name: 'volume', persistentVolumeClaim: { claimName: volume.claimName } }, VOLUME_DIR, volume.readOnly);
  }
  // A backup document has secret values: its readable copy must never reach a node's disk.
  const handlesDocument = operation.task.type === 'backup-document' || operation.task.type === 'restore-document';

  add({ name: 'scratch', emptyDir: handlesDocument ? { sizeLimit: '512Mi', medium: 'Memory' } : { sizeLimit: '4Gi' } }, SCRATCH_DIR, false);

  return mounts;
}

/**
 * The Job of an operation. One try only: whether and when it is tried again is the caller's to decide.
 *
 * The pod runs as root, with every capability dropped: the node of a block device belongs to root unless the container
 * runtime was set up otherwise (`device_ownership_from_security_context`), which we cannot rely on. It has no token.
 */
export function buildJob(operation: Operation, volume: VolumeMount | undefined): Job {
  const labels = { ...operationLabels(operation), 'app.kubernetes.io/name': 'harvester-vm-backup', 'app.kubernetes.io/component': 'mover' };
  const { volumes, volumeMounts, volumeDevices } = mountsOf(operation, volume);
  const { image, command } = operation.engine.spec.mover;

  return {
    apiVersion: 'batch/v1', kind: 'Job',
    metadata: { namespace: SYSTEM_NAMESPACE, name: operationName(operation), labels },
    spec: {
      backoffLimit: 0,
      template: {
        metadata: { labels },
        spec: {
          restartPolicy: 'Never',
          automountServiceAccountToken: false,
          // Time for the engine to end its upload and remove its lock.
          terminationGracePeriodSeconds: 60,
          securityContext: { runAsUser: 0, seccompProfile: { type: 'RuntimeDefault' } },
          containers: [{
            name: MOVER_CONTAINER,
            image,
            ...(command ? { command } : {}),
            args: [verbOf(operation.task), '--request', REQUEST_FILE],
            volumeMounts,
            ...(volumeDevices.length > 0 ? { volumeDevices } : {}),
            resources: { requests: { cpu: '250m', memory: '256Mi' }, limits: { memory: '2Gi' } },
            securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
            terminationMessagePath: TERMINATION_LOG,
          }],
          volumes,
        },
      },
    },
  };
}
