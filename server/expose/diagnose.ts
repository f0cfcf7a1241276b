import { EVENT, STORAGE_CLASS, VOLUME_SNAPSHOT_CLASS, VOLUME_SNAPSHOT_CONTENT } from '../contract/api.ts';
import type { FailureCode } from '../contract/failures.ts';
import type { KubeEvent, KubeObject, PersistentVolumeClaim, Pod, StorageClass, VolumeSnapshot, VolumeSnapshotClass, VolumeSnapshotContent } from '../contract/kubernetes.ts';
import type { KubeClient } from '../kube/client.ts';

/** Why something is not getting on. */
export interface Diagnosis {
  /** One sentence for a person. */
  summary: string;
  /** Raw facts: the last warnings and conditions. */
  evidence: string;
  /** Set when waiting longer is of no use. */
  fatal?: FailureCode;
}

const MAX_EVENTS = 5;
const NO_SPACE = /no space|out of space|insufficient (free )?(space|storage|capacity)|not enough (free )?(space|storage|capacity)|exceeds? (the )?(available|free)|ResourceExhausted|disk (is )?full/i;
const HOPELESS_WAITS = new Set(['InvalidImageName', 'CreateContainerConfigError', 'ErrImageNeverPull']);

const nameOf = (object: KubeObject): string => `${object.kind} ${object.metadata.namespace}/${object.metadata.name}`;

/** The object's newest warnings as lines `reason: message`, newest last. */
export async function warningsOf(client: KubeClient, object: KubeObject): Promise<string[]> {
  const { items } = await client.list<KubeEvent>(EVENT, { namespace: object.metadata.namespace, fieldSelector: `involvedObject.name=${object.metadata.name}` });
  const at = (event: KubeEvent): string => event.lastTimestamp ?? event.firstTimestamp ?? '';

  return items
    // A later object of the same name must not be blamed for an earlier one's troubles.
    .filter((event) => event.type === 'Warning' && event.involvedObject.kind === object.kind && (event.involvedObject.uid ?? object.metadata.uid) === object.metadata.uid)
    .sort((a, b) => at(a).localeCompare(at(b)))
    .slice(-MAX_EVENTS)
    .map((event) => `${event.reason}: ${event.message}`);
}

/** True when the text says that storage has run out. */
export function saysNoSpace(text: string): boolean {
  return NO_SPACE.test(text);
}

/**
 * Why a PVC is not bound.
 * @param hasConsumer false when no pod uses the claim yet; then a class with WaitForFirstConsumer is right to wait
 */
export async function diagnoseClaim(client: KubeClient, claim: PersistentVolumeClaim, hasConsumer: boolean): Promise<Diagnosis> {
  const className = claim.spec.storageClassName;
  const storageClass = className ? await client.find<StorageClass>(STORAGE_CLASS, { name: className }) : undefined;

  if (className && !storageClass && !claim.spec.volumeName) {
    return { summary: `${nameOf(claim)} waits for storage class ${className}, which does not exist.`, evidence: `storageClassName: ${className}`, fatal: 'HVB-STORAGE-CLASS-MISSING' };
  }
  const warnings = await warningsOf(client, claim);
  const last = warnings.at(-1);
  const evidence = [`phase: ${claim.status?.phase ?? 'unknown'}`, ...warnings].join('\n');

  if (claim.status?.phase === 'Lost') {
    return { summary: `${nameOf(claim)} has lost its PersistentVolume ${claim.spec.volumeName ?? ''}.`, evidence, fatal: 'HVB-STORAGE-EXPOSE-FAILED' };
  }
  if (last !== undefined) {
    return { summary: `${nameOf(claim)} is not bound: ${last}`, evidence, ...(saysNoSpace(last) ? { fatal: 'HVB-STORAGE-FULL' as const } : {}) };
  }
  if (storageClass?.volumeBindingMode === 'WaitForFirstConsumer' && !hasConsumer) {
    return { summary: `${nameOf(claim)} waits for its first consumer.`, evidence };
  }

  return { summary: `${nameOf(claim)} is not bound yet${storageClass ? `; the driver ${storageClass.provisioner} has not reported anything` : ''}.`, evidence };
}

/** Why a pod does not run: scheduling, image, attaching or mounting its volumes. */
export async function diagnosePod(client: KubeClient, pod: Pod): Promise<Diagnosis> {
  const warnings = await warningsOf(client, pod);
  const unscheduled = pod.status?.conditions?.find((condition) => condition.type === 'PodScheduled' && condition.status === 'False');
  const blocked = pod.status?.containerStatuses?.find((status) => status.state?.waiting)?.state?.waiting;
  const evidence = [
    `phase: ${pod.status?.phase ?? 'unknown'}`,
    ...(unscheduled ? [`${unscheduled.reason ?? 'PodScheduled'}: ${unscheduled.message ?? ''}`] : []),
    ...(blocked ? [`${blocked.reason ?? 'waiting'}: ${blocked.message ?? ''}`] : []),
    ...warnings,
  ].join('\n');

  if (unscheduled) {
    return { summary: `${nameOf(pod)} finds no node: ${unscheduled.message ?? unscheduled.reason ?? ''}`, evidence };
  }
  if (blocked?.reason && blocked.reason !== 'ContainerCreating' && blocked.reason !== 'PodInitializing') {
    const fatal = HOPELESS_WAITS.has(blocked.reason) ? { fatal: 'HVB-MOVER-NOT-STARTED' as const } : {};

    return { summary: `${nameOf(pod)} does not start: ${blocked.reason} ${blocked.message ?? ''}`.trim(), evidence, ...fatal };
  }
  const last = warnings.at(-1);

  return { summary: last === undefined ? `${nameOf(pod)} is starting.` : `${nameOf(pod)} is not running: ${last}`, evidence };
}

/** Why a VolumeSnapshot is not ready to be read. */
export async function diagnoseSnapshot(client: KubeClient, snapshot: VolumeSnapshot): Promise<Diagnosis> {
  const error = snapshot.status?.error?.message;
  const evidence = [...(error ? [`error: ${error}`] : []), ...await warningsOf(client, snapshot)].join('\n');

  if (error) {
    return { summary: `${nameOf(snapshot)} reports: ${error}`, evidence, ...(saysNoSpace(error) ? { fatal: 'HVB-STORAGE-FULL' as const } : {}) };
  }
  const contentName = snapshot.status?.boundVolumeSnapshotContentName;

  if (contentName) {
    const content = await client.find<VolumeSnapshotContent>(VOLUME_SNAPSHOT_CONTENT, { name: contentName });
    const contentError = content?.status?.error?.message;

    return { summary: contentError ? `${nameOf(snapshot)} reports: ${contentError}` : `${nameOf(snapshot)} is not ready yet.`, evidence };
  }
  const className = snapshot.spec.volumeSnapshotClassName;

  if (className && !await client.find<VolumeSnapshotClass>(VOLUME_SNAPSHOT_CLASS, { name: className })) {
    return { summary: `${nameOf(snapshot)} names VolumeSnapshotClass ${className}, which does not exist.`, evidence, fatal: 'HVB-STORAGE-NO-SNAPSHOT-CLASS' };
  }

  return { summary: `${nameOf(snapshot)} was not taken up by a driver yet.`, evidence };
}
