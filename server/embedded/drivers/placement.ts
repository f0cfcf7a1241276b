import { createHash } from 'node:crypto';
import { PV, PVC, POD, VIRTUAL_MACHINE_INSTANCE } from '../../contract/api.ts';
import type { PersistentVolume, PersistentVolumeClaim, Pod, StorageClass, VirtualMachineInstance, VMVolume } from '../../contract/kubernetes.ts';
import type { DriverContext, Node } from './context.ts';

/** Set on a claim of a WaitForFirstConsumer class: the node that its first consumer was placed on. */
export const SELECTED_NODE = 'volume.kubernetes.io/selected-node';
const HOSTNAME = 'kubernetes.io/hostname';

/** Something that runs on one node and uses volumes: a pod, or the launcher of a VM. */
export interface Workload { kind: 'Pod' | 'VirtualMachineInstance'; namespace: string; name: string; uid: string; claims: readonly string[]; nodeSelector?: Record<string, string> }

/** Where the workload can run, or what it waits for. */
export type Placement = { node: string } | { node?: undefined; reason: 'MissingClaim' | 'UnboundClaim' | 'WaitingForBinding' | 'NoNode'; message: string };

/** Names of the claims that a pod uses. */
export function claimsOfPod(pod: Pod): string[] {
  return (pod.spec.volumes ?? []).flatMap((volume) => (volume.persistentVolumeClaim ? [volume.persistentVolumeClaim.claimName] : []));
}

/** Names of the claims that a VM instance uses, in the order of its volumes. A DataVolume's claim has its name. */
export function claimsOfVolumes(volumes: readonly VMVolume[] | undefined): string[] {
  return (volumes ?? []).flatMap((volume) => volume.persistentVolumeClaim?.claimName ?? volume.dataVolume?.name ?? []);
}

/** @see claimsOfVolumes */
export function claimsOfInstance(instance: VirtualMachineInstance): string[] {
  return claimsOfVolumes(instance.spec?.['volumes'] as VMVolume[] | undefined);
}

/** Who uses a claim now. */
export interface ClaimUser { kind: Workload['kind']; name: string; uid: string; node?: string }

/** Everybody who uses the claim: pods that are on a node and not finished, and VM instances that are not final. */
export async function usersOfClaim({ client }: Pick<DriverContext, 'client'>, namespace: string, claim: string): Promise<ClaimUser[]> {
  const pods = (await client.list<Pod>(POD, { namespace })).items
    .filter((pod) => pod.spec.nodeName && pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed' && claimsOfPod(pod).includes(claim));
  const instances = (await client.list<VirtualMachineInstance>(VIRTUAL_MACHINE_INSTANCE, { namespace })).items
    .filter((instance) => instance.status?.phase !== 'Succeeded' && instance.status?.phase !== 'Failed' && claimsOfInstance(instance).includes(claim));

  return [
    ...pods.map((pod) => ({ kind: 'Pod' as const, name: pod.metadata.name, uid: pod.metadata.uid ?? '', node: pod.spec.nodeName })),
    ...instances.map((instance) => ({ kind: 'VirtualMachineInstance' as const, name: instance.metadata.name, uid: instance.metadata.uid ?? '', node: instance.status?.nodeName })),
  ];
}

function labelsOf(node: Node): Record<string, string> {
  return { [HOSTNAME]: node.metadata.name, ...node.metadata.labels };
}

function volumeFits(volume: PersistentVolume, node: Node): boolean {
  const terms = volume.spec.nodeAffinity?.required?.nodeSelectorTerms;

  return !terms || terms.some((term) => (term.matchExpressions ?? []).every(({ key, operator, values }) => operator === 'In' && (values ?? []).includes(labelsOf(node)[key] ?? '')));
}

/** True when the class provides volumes on that node. */
export function classFits(storageClass: StorageClass, node: Node): boolean {
  const topologies = storageClass.allowedTopologies;

  return !topologies || topologies.length === 0
    || topologies.some((topology) => (topology.matchLabelExpressions ?? []).every(({ key, values }) => values.includes(labelsOf(node)[key] ?? '')));
}

function isReady(node: Node): boolean {
  return !node.spec?.unschedulable && (node.status?.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True');
}

/** The scheduler: picks a node, and asks the drivers of WaitForFirstConsumer classes for the volumes there. */
export async function place(context: DriverContext, workload: Workload): Promise<Placement> {
  const { client, caches } = context;
  const { namespace } = workload;
  const all = caches.nodes.list();
  let nodes = all.filter((node) => isReady(node) && Object.entries(workload.nodeSelector ?? {}).every(([key, value]) => labelsOf(node)[key] === value));
  const delayed: PersistentVolumeClaim[] = [];

  for (const name of workload.claims) {
    const claim = await client.find<PersistentVolumeClaim>(PVC, { namespace, name });

    if (!claim || claim.metadata.deletionTimestamp) {
      return { reason: 'MissingClaim', message: `persistentvolumeclaim "${name}" ${claim ? 'is being deleted' : 'not found'}` };
    }
    if (claim.status?.phase === 'Bound' && claim.spec.volumeName) {
      const volume = await client.find<PersistentVolume>(PV, { name: claim.spec.volumeName });

      nodes = volume ? nodes.filter((node) => volumeFits(volume, node)) : [];
      continue;
    }
    const storageClass = caches.classes.get(undefined, claim.spec.storageClassName ?? '');

    if (claim.spec.volumeName || storageClass?.volumeBindingMode !== 'WaitForFirstConsumer') {
      return { reason: 'UnboundClaim', message: `pod has unbound immediate PersistentVolumeClaims: ${name}` };
    }
    const selected = claim.metadata.annotations?.[SELECTED_NODE];

    nodes = nodes.filter((node) => classFits(storageClass, node) && (selected === undefined || node.metadata.name === selected));
    delayed.push(claim);
  }
  if (nodes.length === 0) {
    return { reason: 'NoNode', message: `0/${all.length} nodes are available: none has all of the volumes, or none is ready` };
  }
  const node = await choose(context, workload, nodes);

  for (const claim of delayed.filter(({ metadata }) => metadata.annotations?.[SELECTED_NODE] === undefined)) {
    await client.patch(PVC, { namespace, name: claim.metadata.name }, { metadata: { annotations: { [SELECTED_NODE]: node } } });
  }

  return delayed.length === 0 ? { node } : { reason: 'WaitingForBinding', message: `waiting for the volumes of ${delayed.map(({ metadata }) => metadata.name).join(', ')} on ${node}` };
}

/** Prefers the node on which a volume is in use already; else spreads by UID, always the same for the same workload. */
async function choose(context: DriverContext, workload: Workload, nodes: readonly Node[]): Promise<string> {
  const names = nodes.map((node) => node.metadata.name).sort();

  for (const claim of workload.claims) {
    const inUseOn = (await usersOfClaim(context, workload.namespace, claim)).find(({ node }) => node !== undefined && names.includes(node))?.node;

    if (inUseOn) {
      return inUseOn;
    }
  }

  return names[(createHash('sha256').update(workload.uid).digest()[0] ?? 0) % names.length] as string;
}

/** Why the workload's volumes cannot be attached on the node: somebody else has them elsewhere. Undefined when they can. */
export async function attachConflict(context: DriverContext, workload: Workload, node: string): Promise<string | undefined> {
  for (const name of workload.claims) {
    const claim = await context.client.find<PersistentVolumeClaim>(PVC, { namespace: workload.namespace, name });
    const others = (await usersOfClaim(context, workload.namespace, name)).filter(({ uid }) => uid !== workload.uid);
    const modes = claim?.spec.accessModes ?? [];
    const blocking = modes.includes('ReadWriteMany') || modes.includes('ReadOnlyMany') ? undefined
      : others.find((user) => modes.includes('ReadWriteOncePod') || (user.node !== undefined && user.node !== node));

    if (blocking) {
      return `Multi-Attach error for volume of claim "${name}": it is in use by ${blocking.kind} ${blocking.name} on ${blocking.node ?? 'no node yet'}`;
    }
  }

  return undefined;
}
