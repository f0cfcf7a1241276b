import type { AccessMode, StorageClass, VolumeMode } from '../../../contract/kubernetes.ts';

/** What a simulated CSI driver can do. */
export interface CsiDriver {
  name: string;
  accessModes: readonly AccessMode[];
  volumeModes: readonly VolumeMode[];
  snapshots: boolean;
  /** Put before a snapshot's handle. */
  handlePrefix: string;
  /** Node label that says where a volume is, when the driver keeps it on one node. */
  topologyKey?: string;
}

/** The label of a node that has volumes of the LVM driver. */
export const LVM_TOPOLOGY = 'topology.lvm.csi/node';

const DRIVERS: readonly CsiDriver[] = [
  { name: 'driver.longhorn.io', accessModes: ['ReadWriteOnce', 'ReadWriteOncePod', 'ReadWriteMany'], volumeModes: ['Block', 'Filesystem'], snapshots: true, handlePrefix: 'snap://' },
  { name: 'lvm.driver.harvesterhci.io', accessModes: ['ReadWriteOnce', 'ReadWriteOncePod'], volumeModes: ['Block', 'Filesystem'], snapshots: true, handlePrefix: '', topologyKey: LVM_TOPOLOGY },
  { name: 'nfs.csi.k8s.io', accessModes: ['ReadWriteOnce', 'ReadWriteOncePod', 'ReadWriteMany', 'ReadOnlyMany'], volumeModes: ['Filesystem'], snapshots: false, handlePrefix: '' },
];

/** The driver of that name; undefined for one that is not simulated: its claims stay pending, as when a driver is not installed. */
export function driverOf(name: string): CsiDriver | undefined {
  return DRIVERS.find((driver) => driver.name === name);
}

/** Nodes on which the class provides volumes; undefined when it does everywhere. */
export function nodesOfClass(storageClass: StorageClass): string[] | undefined {
  return storageClass.allowedTopologies?.flatMap(({ matchLabelExpressions }) => (matchLabelExpressions ?? []).flatMap(({ values }) => values));
}

const SNAPSHOT_PREFIX = 'snapshot-';

/** Name of a snapshot's data, from the content that stands for it. */
export function snapshotIDOf(contentName: string): string {
  return SNAPSHOT_PREFIX + contentName.replace(/^snapcontent-/, '');
}

/** The handle that the driver gives a snapshot. */
export function snapshotHandle(driver: CsiDriver, volumeHandle: string, snapshotID: string): string {
  return `${driver.handlePrefix}${volumeHandle}/${snapshotID}`;
}

/** The name of the data that a handle stands for; undefined when it is no handle of ours. */
export function snapshotIDOfHandle(handle: string): string | undefined {
  const id = handle.slice(handle.lastIndexOf('/') + 1);

  return id.startsWith(SNAPSHOT_PREFIX) ? id : undefined;
}
