import { NODE, PV, PVC, STORAGE_CLASS, VOLUME_SNAPSHOT, VOLUME_SNAPSHOT_CONTENT } from '../../../server/contract/api.ts';
import type { KubeObject, PersistentVolume, PersistentVolumeClaim, StorageClass, VolumeMode, VolumeSnapshot, VolumeSnapshotContent } from '../../../server/contract/kubernetes.ts';
import { SYSTEM_NAMESPACE } from '../../../server/contract/names.ts';
import type { FakeKube } from '../../support/fake-kube.ts';

const PROTECTION = 'kubernetes.io/pvc-protection';
const SELECTED_NODE = 'volume.kubernetes.io/selected-node';

/**
 * What Kubernetes' volume binder, its claim protection and a CSI provisioner do to claims and volumes, with the storage
 * behind them: `backing` holds a volume from its provisioning until a driver was told to delete it, so that a leak is seen.
 */
export class StorageSim {
  /** Volume name → where its bytes came from. */
  readonly backing = new Map<string, string>();
  /** Claims (`namespace/name`) that a pod uses: they bind although their class waits for a consumer, and cannot go. */
  readonly used = new Set<string>();
  readonly #kube: FakeKube;

  constructor(kube: FakeKube) {
    this.#kube = kube;
  }

  /** Lets all controllers work until nothing changes any more. */
  run(): void {
    for (let round = 0; round < 50; round++) {
      const before = this.#fingerprint();

      this.#kube.all<PersistentVolumeClaim>(PVC).forEach((claim) => this.#claim(claim));
      this.#kube.all<PersistentVolume>(PV).forEach((volume) => this.#volume(volume));
      if (before === this.#fingerprint()) {
        return;
      }
    }
    throw new Error('the simulated controllers do not come to rest');
  }

  #fingerprint(): string {
    return JSON.stringify([this.#kube.all(PVC), this.#kube.all(PV)]);
  }

  #claim(claim: PersistentVolumeClaim): void {
    const { namespace, name, deletionTimestamp, finalizers = [] } = claim.metadata;
    const key = { namespace, name };

    if (deletionTimestamp) {
      if (finalizers.includes(PROTECTION) && !this.used.has(`${namespace}/${name}`)) {
        this.#kube.update(PVC, key, (object) => {
          object.metadata.finalizers = [];
        });
      }

      return;
    }
    if (!finalizers.includes(PROTECTION)) {
      this.#kube.update(PVC, key, (object) => {
        object.metadata.finalizers = [PROTECTION];
      });
    }
    if (claim.status?.phase === 'Bound') {
      return;
    }
    const volume = this.#kube.all<PersistentVolume>(PV).find((each) => each.metadata.name === claim.spec.volumeName
      || (each.spec.claimRef?.namespace === namespace && each.spec.claimRef?.name === name && each.spec.claimRef.uid === undefined));

    if (volume) {
      this.#bind(claim, volume);
    } else if (claim.spec.volumeName === undefined) {
      this.#provision(claim);
    }
  }

  #bind(claim: PersistentVolumeClaim, volume: PersistentVolume): void {
    const { namespace = '', name, uid } = claim.metadata;
    const reference = volume.spec.claimRef;

    if (reference && (reference.namespace !== namespace || reference.name !== name || (reference.uid !== undefined && reference.uid !== uid))) {
      return;
    }
    this.#kube.update<PersistentVolume>(PV, { name: volume.metadata.name }, (object) => {
      object.spec.claimRef = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid };
      object.status = { phase: 'Bound' };
    });
    this.#kube.update<PersistentVolumeClaim>(PVC, { namespace, name }, (object) => {
      object.spec.volumeName = volume.metadata.name;
      object.status = { phase: 'Bound', capacity: { storage: volume.spec.capacity.storage } };
    });
  }

  #provision(claim: PersistentVolumeClaim): void {
    const { namespace = '', name, uid, annotations } = claim.metadata;
    const storageClass = this.#kube.all<StorageClass>(STORAGE_CLASS).find((each) => each.metadata.name === claim.spec.storageClassName);
    const delayed = storageClass?.volumeBindingMode === 'WaitForFirstConsumer';

    if (!storageClass || (delayed && annotations?.[SELECTED_NODE] === undefined && !this.used.has(`${namespace}/${name}`))) {
      this.#kube.update<PersistentVolumeClaim>(PVC, { namespace, name }, (object) => {
        object.status = { phase: 'Pending' };
      });

      return;
    }
    const volumeName = `pvc-${uid}`;

    this.backing.set(volumeName, claim.spec.dataSource ? `snapshot ${namespace}/${claim.spec.dataSource.name}` : 'blank');
    this.#kube.seed<PersistentVolume>(PV, {
      apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: volumeName },
      spec: {
        accessModes: claim.spec.accessModes, volumeMode: claim.spec.volumeMode, storageClassName: storageClass.metadata.name,
        capacity: { storage: claim.spec.resources.requests.storage },
        persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? 'Delete',
        claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid },
      },
      status: { phase: 'Bound' },
    });
    this.#bind(claim, this.#kube.all<PersistentVolume>(PV).find((each) => each.metadata.name === volumeName) as PersistentVolume);
  }

  #volume(volume: PersistentVolume): void {
    const { name } = volume.metadata;
    const reference = volume.spec.claimRef;
    const setPhase = (phase: 'Available' | 'Released'): void => void this.#kube.update<PersistentVolume>(PV, { name }, (object) => {
      object.status = { phase };
    });

    if (reference === undefined || reference.uid === undefined) {
      if (volume.status?.phase !== 'Available') {
        setPhase('Available');
      }

      return;
    }
    const alive = this.#kube.all<PersistentVolumeClaim>(PVC).some((claim) => claim.metadata.uid === reference.uid);

    if (alive) {
      return;
    }
    if (volume.spec.persistentVolumeReclaimPolicy === 'Delete') {
      this.backing.delete(name);
      this.#kube.update(PV, { name }, (object) => {
        object.metadata.deletionTimestamp = object.metadata.creationTimestamp;
      });
    } else if (volume.status?.phase !== 'Released') {
      setPhase('Released');
    }
  }
}

/** A cluster with one Ready node, three classes, and a VM's claim `vms/disk0` with a ready snapshot `vms/snap0`. */
export function seedCluster(kube: FakeKube, source: { storageClassName?: string; volumeMode?: VolumeMode; reclaimPolicy?: 'Delete' | 'Retain' } = {}): void {
  const { storageClassName = 'longhorn', volumeMode = 'Block', reclaimPolicy = 'Delete' } = source;
  const classes: [string, string, 'Immediate' | 'WaitForFirstConsumer', Record<string, string>][] = [
    ['longhorn', 'driver.longhorn.io', 'Immediate', {}],
    ['lvm-thin', 'lvm.driver.harvesterhci.io', 'WaitForFirstConsumer', { type: 'dm-thin' }],
    ['lvm-striped', 'lvm.driver.harvesterhci.io', 'WaitForFirstConsumer', { type: 'striped' }],
    ['nfs', 'nfs.csi.k8s.io', 'Immediate', {}],
  ];

  for (const [name, provisioner, volumeBindingMode, parameters] of classes) {
    kube.seed<StorageClass>(STORAGE_CLASS, { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name }, provisioner, parameters, reclaimPolicy, volumeBindingMode });
  }
  for (const [name, ready] of [['node-down', 'False'], ['node-1', 'True'], ['node-2', 'True']] as const) {
    kube.seed(NODE, { apiVersion: 'v1', kind: 'Node', metadata: { name, labels: { 'topology.lvm.csi/node': name } }, status: { conditions: [{ type: 'Ready', status: ready }] } } as KubeObject);
  }
  kube.seed<PersistentVolumeClaim>(PVC, {
    apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { namespace: 'vms', name: 'disk0', finalizers: [PROTECTION] },
    spec: { accessModes: ['ReadWriteMany'], volumeMode, storageClassName, volumeName: 'pv-disk0', resources: { requests: { storage: '64Mi' } } }, status: { phase: 'Bound' },
  });
  kube.seed<PersistentVolume>(PV, {
    apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'pv-disk0' },
    spec: {
      accessModes: ['ReadWriteMany'], volumeMode, storageClassName, capacity: { storage: '64Mi' }, persistentVolumeReclaimPolicy: 'Delete',
      claimRef: { namespace: 'vms', name: 'disk0', uid: kube.all<PersistentVolumeClaim>(PVC)[0]?.metadata.uid },
      ...(storageClassName.startsWith('lvm') ? { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'topology.lvm.csi/node', operator: 'In', values: ['node-2'] }] }] } } } : {}),
    },
    status: { phase: 'Bound' },
  });
  kube.seed<VolumeSnapshotContent>(VOLUME_SNAPSHOT_CONTENT, {
    apiVersion: 'snapshot.storage.k8s.io/v1', kind: 'VolumeSnapshotContent', metadata: { name: 'content0' },
    spec: { driver: classes.find(([name]) => name === storageClassName)?.[1] ?? '', deletionPolicy: 'Delete', source: {}, sourceVolumeMode: volumeMode, volumeSnapshotRef: { namespace: 'vms', name: 'snap0' } },
  });
  kube.seed<VolumeSnapshot>(VOLUME_SNAPSHOT, {
    apiVersion: 'snapshot.storage.k8s.io/v1', kind: 'VolumeSnapshot', metadata: { namespace: 'vms', name: 'snap0' },
    spec: { source: { persistentVolumeClaimName: 'disk0' } }, status: { boundVolumeSnapshotContentName: 'content0', readyToUse: true, restoreSize: '96Mi' },
  });
}

/** Everything in the cluster that has to do with volumes, for comparing two ends; names that hold a random UID are left out. */
export function volumeObjects(kube: FakeKube): string[] {
  const claims = kube.all<PersistentVolumeClaim>(PVC).map((claim) => `PVC ${claim.metadata.namespace}/${claim.metadata.name} ${claim.status?.phase} ${JSON.stringify(claim.metadata.labels ?? {})}`);
  const volumes = kube.all<PersistentVolume>(PV).map((volume) => `PV ${volume.spec.claimRef?.namespace}/${volume.spec.claimRef?.name} ${volume.status?.phase} ${volume.spec.persistentVolumeReclaimPolicy} ${JSON.stringify(volume.metadata.labels ?? {})}`);

  return [...claims, ...volumes].sort();
}

export { SYSTEM_NAMESPACE };
