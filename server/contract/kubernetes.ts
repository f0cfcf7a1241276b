/** Shapes of foreign Kubernetes objects: only the fields that we read or write. Unknown fields travel along untouched. */

/** @see https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/ */
export interface OwnerReference { apiVersion: string; kind: string; name: string; uid: string; controller?: boolean; blockOwnerDeletion?: boolean }

/** Object metadata; times are RFC 3339 strings. */
export interface ObjectMeta {
  name: string;
  namespace?: string;
  generateName?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  finalizers?: string[];
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
}

/** Any Kubernetes object. */
export interface KubeObject { apiVersion: string; kind: string; metadata: ObjectMeta }

/** Standard condition; `status` is a string by Kubernetes' convention. */
export interface Condition { type: string; status: 'True' | 'False' | 'Unknown'; reason?: string; message?: string; lastTransitionTime?: string; observedGeneration?: number }

export type VolumeMode = 'Block' | 'Filesystem';
export type AccessMode = 'ReadWriteOnce' | 'ReadWriteMany' | 'ReadOnlyMany' | 'ReadWriteOncePod';

export interface PersistentVolumeClaim extends KubeObject {
  spec: {
    accessModes: AccessMode[];
    volumeMode?: VolumeMode;
    storageClassName?: string;
    volumeName?: string;
    resources: { requests: { storage: string } };
    dataSource?: { apiGroup?: string; kind: string; name: string };
  };
  status?: { phase?: 'Pending' | 'Bound' | 'Lost'; capacity?: { storage?: string }; accessModes?: AccessMode[] };
}

export interface NodeSelectorTerm { matchExpressions?: { key: string; operator: string; values?: string[] }[] }

export interface PersistentVolume extends KubeObject {
  spec: {
    accessModes: AccessMode[];
    volumeMode?: VolumeMode;
    storageClassName?: string;
    capacity: { storage: string };
    persistentVolumeReclaimPolicy?: 'Retain' | 'Delete';
    claimRef?: { apiVersion?: string; kind?: string; namespace: string; name: string; uid?: string; resourceVersion?: string };
    csi?: { driver: string; volumeHandle: string; volumeAttributes?: Record<string, string> };
    nodeAffinity?: { required?: { nodeSelectorTerms: NodeSelectorTerm[] } };
  };
  status?: { phase?: 'Pending' | 'Available' | 'Bound' | 'Released' | 'Failed' };
}

export interface StorageClass extends KubeObject {
  provisioner: string;
  parameters?: Record<string, string>;
  reclaimPolicy?: 'Delete' | 'Retain';
  volumeBindingMode?: 'Immediate' | 'WaitForFirstConsumer';
  allowVolumeExpansion?: boolean;
  allowedTopologies?: { matchLabelExpressions?: { key: string; values: string[] }[] }[];
}

export interface VolumeSnapshot extends KubeObject {
  spec: { source: { persistentVolumeClaimName?: string; volumeSnapshotContentName?: string }; volumeSnapshotClassName?: string };
  status?: { boundVolumeSnapshotContentName?: string; creationTime?: string; readyToUse?: boolean; restoreSize?: string; error?: { time?: string; message?: string } };
}

export interface VolumeSnapshotContent extends KubeObject {
  spec: { driver: string; deletionPolicy: 'Delete' | 'Retain'; source: { volumeHandle?: string; snapshotHandle?: string }; sourceVolumeMode?: VolumeMode; volumeSnapshotRef: { namespace: string; name: string; uid?: string }; volumeSnapshotClassName?: string };
  /** `creationTime` is in nanoseconds since the epoch. */
  status?: { snapshotHandle?: string; creationTime?: number; restoreSize?: number; readyToUse?: boolean; error?: { message?: string } };
}

export interface VolumeSnapshotClass extends KubeObject { driver: string; deletionPolicy: 'Delete' | 'Retain'; parameters?: Record<string, string> }

/** `data` values are base64. */
export interface Secret extends KubeObject { type?: string; data?: Record<string, string>; stringData?: Record<string, string>; immutable?: boolean }

export interface PodVolume { name: string; persistentVolumeClaim?: { claimName: string; readOnly?: boolean }; secret?: { secretName: string; defaultMode?: number; items?: { key: string; path: string }[] }; emptyDir?: { sizeLimit?: string; medium?: 'Memory' } }

export interface PodSpec {
  restartPolicy?: 'Never' | 'OnFailure' | 'Always';
  automountServiceAccountToken?: boolean;
  nodeName?: string;
  nodeSelector?: Record<string, string>;
  securityContext?: Record<string, unknown>;
  terminationGracePeriodSeconds?: number;
  containers: {
    name: string;
    image: string;
    command?: string[];
    args?: string[];
    env?: { name: string; value?: string }[];
    volumeMounts?: { name: string; mountPath: string; readOnly?: boolean; subPath?: string }[];
    volumeDevices?: { name: string; devicePath: string }[];
    resources?: Record<string, unknown>;
    securityContext?: Record<string, unknown>;
    terminationMessagePath?: string;
  }[];
  volumes?: PodVolume[];
}

export interface Pod extends KubeObject {
  spec: PodSpec;
  status?: {
    phase?: 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown';
    reason?: string;
    message?: string;
    conditions?: Condition[];
    containerStatuses?: { name: string; state?: { waiting?: { reason?: string; message?: string }; running?: { startedAt?: string }; terminated?: { exitCode: number; signal?: number; reason?: string; message?: string; finishedAt?: string } } }[];
  };
}

export interface Job extends KubeObject {
  spec: { backoffLimit?: number; activeDeadlineSeconds?: number; ttlSecondsAfterFinished?: number; suspend?: boolean; template: { metadata?: Partial<ObjectMeta>; spec: PodSpec } };
  status?: { active?: number; succeeded?: number; failed?: number; conditions?: Condition[]; startTime?: string; completionTime?: string };
}

/** One entry of a VM's `spec.template.spec.volumes`; only the sources that the product treats specially are typed. */
export interface VMVolume {
  name: string;
  persistentVolumeClaim?: { claimName: string; hotpluggable?: boolean };
  dataVolume?: { name: string; hotpluggable?: boolean };
  cloudInitNoCloud?: { userData?: string; secretRef?: { name: string }; networkData?: string; networkDataSecretRef?: { name: string } };
  cloudInitConfigDrive?: { userData?: string; secretRef?: { name: string }; networkData?: string; networkDataSecretRef?: { name: string } };
  sysprep?: { secret?: { name: string }; configMap?: { name: string } };
  secret?: { secretName: string };
  [source: string]: unknown;
}

export interface VMInterface { name: string; macAddress?: string; [key: string]: unknown }

export type RunStrategy = 'Always' | 'Halted' | 'Manual' | 'RerunOnFailure' | 'Once' | 'WaitAsReceiver';

export interface VirtualMachine extends KubeObject {
  spec: {
    runStrategy?: RunStrategy;
    running?: boolean;
    dataVolumeTemplates?: unknown[];
    template: {
      metadata?: Partial<ObjectMeta>;
      spec: {
        hostname?: string;
        domain: { firmware?: { uuid?: string; serial?: string; [key: string]: unknown }; devices: { interfaces?: VMInterface[]; disks?: { name: string; [key: string]: unknown }[]; [key: string]: unknown }; [key: string]: unknown };
        networks?: { name: string; multus?: { networkName: string }; pod?: Record<string, unknown> }[];
        volumes?: VMVolume[];
        accessCredentials?: { sshPublicKey?: { source: { secret?: { secretName: string } } }; userPassword?: { source: { secret?: { secretName: string } } } }[];
        [key: string]: unknown;
      };
    };
    [key: string]: unknown;
  };
  status?: { created?: boolean; ready?: boolean; printableStatus?: string; conditions?: Condition[] };
}

export interface VirtualMachineInstance extends KubeObject {
  spec?: Record<string, unknown>;
  status?: { phase?: string; nodeName?: string; conditions?: Condition[]; fsFreezeStatus?: string; guestOSInfo?: { prettyName?: string }; migrationState?: { completed?: boolean; failed?: boolean } };
}

/** Core v1 Event. */
export interface KubeEvent extends KubeObject {
  involvedObject: { apiVersion?: string; kind: string; namespace?: string; name: string; uid?: string };
  reason: string;
  message: string;
  type: 'Normal' | 'Warning';
  count?: number;
  firstTimestamp?: string;
  lastTimestamp?: string;
  source?: { component?: string };
}
