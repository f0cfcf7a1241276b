import { isDeepStrictEqual } from 'node:util';
import { JOB, NODE, POD, PV, PVC, STORAGE_CLASS, VIRTUAL_MACHINE, VIRTUAL_MACHINE_INSTANCE, VOLUME_SNAPSHOT, VOLUME_SNAPSHOT_CLASS, VOLUME_SNAPSHOT_CONTENT, type ResourceType } from '../../contract/api.ts';
import type { Clock } from '../../contract/clock.ts';
import type { Job, KubeObject, PersistentVolume, PersistentVolumeClaim, Pod, StorageClass, VirtualMachine, VirtualMachineInstance, VolumeSnapshot, VolumeSnapshotClass, VolumeSnapshotContent } from '../../contract/kubernetes.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { EventRecorder } from '../../kube/events.ts';
import { createInformer, type Informer } from '../../kube/informer.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { DiskGates } from '../guest/disk-gate.ts';
import type { Faults } from './faults.ts';
import type { VolumeFiles } from './volume-files.ts';

/** A cluster node, as far as the drivers look at it. */
export interface Node extends KubeObject { spec?: { unschedulable?: boolean }; status?: { conditions?: { type: string; status: string }[] } }

/** Live copies of every kind that the drivers react to. */
export interface DriverCaches {
  claims: Informer<PersistentVolumeClaim>;
  volumes: Informer<PersistentVolume>;
  classes: Informer<StorageClass>;
  snapshots: Informer<VolumeSnapshot>;
  contents: Informer<VolumeSnapshotContent>;
  snapshotClasses: Informer<VolumeSnapshotClass>;
  pods: Informer<Pod>;
  jobs: Informer<Job>;
  nodes: Informer<Node>;
  machines: Informer<VirtualMachine>;
  instances: Informer<VirtualMachineInstance>;
}

/** How long the simulated parts take (ms), so that what happens between two of them can be seen. */
export interface Latencies {
  /** From the request for a snapshot to its cut. Snapshots of one driver are cut one after the other. */
  snapshotMs: number;
  /** From the end of a snapshot's copy to `readyToUse`. */
  snapshotReadyMs: number;
  provisionMs: number;
  /** From a VM's start to Running. */
  bootMs: number;
  /** From Running to the guest agent's first sign of life. */
  agentMs: number;
  /** First delay before a VM that cannot boot is tried again; doubles up to 30 times this. */
  crashBackoffMs: number;
  /** First delay before a Job's failed pod is replaced; doubles. */
  jobBackoffMs: number;
}

/** What every driver works with. */
export interface DriverContext {
  client: KubeClient;
  caches: DriverCaches;
  events: EventRecorder;
  clock: Clock;
  log: Logger;
  random: () => number;
  files: VolumeFiles;
  gates: DiskGates;
  faults: Faults;
  latencies: Latencies;
}

/** The informers that {@link DriverCaches} names, not running yet. */
export function createCaches(options: { client: KubeClient; clock: Clock; log: Logger }): DriverCaches {
  const informer = <T extends KubeObject>(type: ResourceType): Informer<T> => createInformer<T>({ ...options, type });

  return {
    claims: informer(PVC), volumes: informer(PV), classes: informer(STORAGE_CLASS), snapshots: informer(VOLUME_SNAPSHOT), contents: informer(VOLUME_SNAPSHOT_CONTENT),
    snapshotClasses: informer(VOLUME_SNAPSHOT_CLASS), pods: informer(POD), jobs: informer(JOB), nodes: informer(NODE), machines: informer(VIRTUAL_MACHINE), instances: informer(VIRTUAL_MACHINE_INSTANCE),
  };
}

/** Writes the status when it differs from what the object has; gives the object back as it is then. */
export async function writeStatus<T extends KubeObject & { status?: object }>(client: KubeClient, type: ResourceType, object: T, status: NonNullable<T['status']>): Promise<T> {
  // Compared as JSON: a field that is undefined is a field that is not there.
  return isDeepStrictEqual(JSON.parse(JSON.stringify(status)), object.status) ? object : client.replaceStatus(type, { ...object, status });
}

/** Adds a finalizer; gives the object back as it is then. */
export async function withFinalizer<T extends KubeObject>(client: KubeClient, type: ResourceType, object: T, finalizer: string): Promise<T> {
  const finalizers = object.metadata.finalizers ?? [];

  return finalizers.includes(finalizer) ? object : client.replace(type, { ...object, metadata: { ...object.metadata, finalizers: [...finalizers, finalizer] } });
}

/** Takes a finalizer off. The object may be gone afterwards. */
export async function withoutFinalizer<T extends KubeObject>(client: KubeClient, type: ResourceType, object: T, finalizer: string): Promise<void> {
  const finalizers = object.metadata.finalizers ?? [];

  if (finalizers.includes(finalizer)) {
    await client.replace(type, { ...object, metadata: { ...object.metadata, finalizers: finalizers.filter((one) => one !== finalizer) } });
  }
}
