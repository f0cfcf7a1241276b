import { PV, PVC, SECRET, VIRTUAL_MACHINE, VOLUME_SNAPSHOT_CLASS } from '../../contract/api.ts';
import type { FailureCode } from '../../contract/failures.ts';
import type { PersistentVolume, PersistentVolumeClaim, Secret, VirtualMachine, VolumeSnapshotClass } from '../../contract/kubernetes.ts';
import type { VMBackup } from '../../contract/vm-backup.ts';
import { secretsOf } from '../../domain/backup/secrets.ts';
import { claimsOf, resolveVolumes, type ClaimFacts, type ResolvedVolumes } from '../../domain/backup/volumes.ts';
import type { KubeClient } from '../../kube/client.ts';

/** The VM with everything that belongs to it, or why it can't be backed up. */
export type Inspection =
  | { ok: true; vm: VirtualMachine; secrets: Secret[]; claims: PersistentVolumeClaim[]; resolved: ResolvedVolumes; /** VolumeSnapshotClass by claim name. */ snapshotClasses: Map<string, string> }
  | { ok: false; code: FailureCode; message: string };

/** Annotation by which Longhorn's and others' classes are told apart when a driver has several: Kubernetes' own default mark. */
const DEFAULT_SNAPSHOT_CLASS = 'snapshot.storage.kubernetes.io/is-default-class';

/** Reads the VM, its PVCs and its Secrets as they are now. A VM of the same name with another UID than the accepted one is refused. */
export async function inspect(client: KubeClient, backup: VMBackup): Promise<Inspection> {
  const namespace = backup.metadata.namespace ?? '';
  const name = backup.spec.source.name;
  const vm = await client.find<VirtualMachine>(VIRTUAL_MACHINE, { namespace, name });

  if (!vm || vm.metadata.deletionTimestamp) return { ok: false, code: 'HVB-SOURCE-VM-MISSING', message: `VirtualMachine ${namespace}/${name} ${vm ? 'is being deleted' : 'does not exist'}` };
  const accepted = backup.status?.vm?.uid;

  if (accepted !== undefined && accepted !== vm.metadata.uid) {
    return { ok: false, code: 'HVB-SOURCE-VM-REPLACED', message: `VirtualMachine ${namespace}/${name} has the UID ${vm.metadata.uid}, but the backup was accepted for ${accepted}` };
  }

  const secrets: Secret[] = [];

  for (const secretName of secretsOf(vm)) {
    const secret = await client.find<Secret>(SECRET, { namespace, name: secretName });

    if (!secret) return { ok: false, code: 'HVB-SOURCE-SECRET-MISSING', message: `Secret ${namespace}/${secretName}, which VirtualMachine ${name} refers to, does not exist` };
    secrets.push(secret);
  }

  const facts = await claimFacts(client, namespace, claimsOf(vm));
  const resolved = resolveVolumes(vm, facts);
  const [problem, ...more] = resolved.problems;

  if (problem) return { ok: false, code: problem.code, message: [problem, ...more].map((each) => each.message).join('; ') };
  return { ok: true, vm, secrets, claims: [...facts.values()].flatMap(({ claim }) => (claim ? [claim] : [])), resolved, snapshotClasses: new Map([...facts].flatMap(([name, { snapshotClass }]) => (snapshotClass === undefined ? [] : [[name, snapshotClass]]))) };
}

async function claimFacts(client: KubeClient, namespace: string, names: readonly string[]): Promise<Map<string, ClaimFacts>> {
  if (names.length === 0) return new Map();
  const { items: classes } = await client.list<VolumeSnapshotClass>(VOLUME_SNAPSHOT_CLASS);

  return new Map(await Promise.all(names.map(async (name): Promise<[string, ClaimFacts]> => {
    const claim = await client.find<PersistentVolumeClaim>(PVC, { namespace, name });
    const volume = claim?.spec.volumeName ? await client.find<PersistentVolume>(PV, { name: claim.spec.volumeName }) : undefined;
    const driver = volume?.spec.csi?.driver;
    const snapshotClass = driver === undefined ? undefined : snapshotClassOf(classes, driver);

    return [name, { ...(claim ? { claim } : {}), ...(volume ? { volume } : {}), ...(snapshotClass === undefined ? {} : { snapshotClass }) }];
  })));
}

/**
 * Name of the VolumeSnapshotClass for in-cluster snapshots of a driver: never one that uploads to a backup target (Longhorn's
 * `type: bak`, which is also its default when the parameter is missing), then the default one, then the first by name.
 */
export function snapshotClassOf(classes: readonly VolumeSnapshotClass[], driver: string): string | undefined {
  const usable = classes.filter((each) => each.driver === driver && (driver !== 'driver.longhorn.io' || each.parameters?.type === 'snap'));
  const preferred = usable.find((each) => each.metadata.annotations?.[DEFAULT_SNAPSHOT_CLASS] === 'true');

  return (preferred ?? usable.toSorted((a, b) => a.metadata.name.localeCompare(b.metadata.name))[0])?.metadata.name;
}
