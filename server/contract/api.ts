/** The API group of every kind of ours. Bare kinds are never shown or parsed without it (Harvester and KubeVirt have near-namesakes). */
export const GROUP = 'backup.harvesterhci.io';
/** The one served and stored version of {@link GROUP}. */
export const VERSION = 'v1beta1';
/** `apiVersion` of our objects. */
export const API_VERSION = `${GROUP}/${VERSION}`;

/** What a client needs to address objects of one kind. */
export interface ResourceType {
  /** API group; empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** Plural name used in URLs. */
  readonly plural: string;
  readonly namespaced: boolean;
}

const own = (kind: string, plural: string, namespaced: boolean): ResourceType => ({ group: GROUP, version: VERSION, kind, plural, namespaced });

/** Our own kinds. */
export const BACKUP_ENGINE = own('BackupEngine', 'backupengines', false);
/** @see BACKUP_ENGINE */
export const BACKUP_REPOSITORY = own('BackupRepository', 'backuprepositories', false);
/** @see BACKUP_ENGINE */
export const VM_BACKUP = own('VMBackup', 'vmbackups', true);
/** @see BACKUP_ENGINE */
export const VM_RESTORE = own('VMRestore', 'vmrestores', true);
/** Every kind of ours, in the order in which their CRDs are installed. */
export const OWN_KINDS: readonly ResourceType[] = [BACKUP_ENGINE, BACKUP_REPOSITORY, VM_BACKUP, VM_RESTORE];

const type = (group: string, version: string, kind: string, plural: string, namespaced = true): ResourceType => ({ group, version, kind, plural, namespaced });

/** Kinds of Kubernetes, KubeVirt and CSI that the product reads or writes. */
export const NAMESPACE = type('', 'v1', 'Namespace', 'namespaces', false);
export const NODE = type('', 'v1', 'Node', 'nodes', false);
export const SECRET = type('', 'v1', 'Secret', 'secrets');
export const POD = type('', 'v1', 'Pod', 'pods');
export const EVENT = type('', 'v1', 'Event', 'events');
export const PVC = type('', 'v1', 'PersistentVolumeClaim', 'persistentvolumeclaims');
export const PV = type('', 'v1', 'PersistentVolume', 'persistentvolumes', false);
export const JOB = type('batch', 'v1', 'Job', 'jobs');
export const STORAGE_CLASS = type('storage.k8s.io', 'v1', 'StorageClass', 'storageclasses', false);
export const VOLUME_SNAPSHOT = type('snapshot.storage.k8s.io', 'v1', 'VolumeSnapshot', 'volumesnapshots');
export const VOLUME_SNAPSHOT_CONTENT = type('snapshot.storage.k8s.io', 'v1', 'VolumeSnapshotContent', 'volumesnapshotcontents', false);
export const VOLUME_SNAPSHOT_CLASS = type('snapshot.storage.k8s.io', 'v1', 'VolumeSnapshotClass', 'volumesnapshotclasses', false);
export const VIRTUAL_MACHINE = type('kubevirt.io', 'v1', 'VirtualMachine', 'virtualmachines');
export const VIRTUAL_MACHINE_INSTANCE = type('kubevirt.io', 'v1', 'VirtualMachineInstance', 'virtualmachineinstances');
export const CUSTOM_RESOURCE_DEFINITION = type('apiextensions.k8s.io', 'v1', 'CustomResourceDefinition', 'customresourcedefinitions', false);

/** The `apiVersion` string of a type (`v1`, `batch/v1`). */
export function apiVersionOf(resource: ResourceType): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}
