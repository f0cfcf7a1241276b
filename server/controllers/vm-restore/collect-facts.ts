import { NAMESPACE, PVC, SECRET, STORAGE_CLASS, VIRTUAL_MACHINE, VM_RESTORE, type ResourceType } from '../../contract/api.ts';
import type { BackupDocument } from '../../contract/backup-document.ts';
import type { KubeObject, StorageClass, VirtualMachine } from '../../contract/kubernetes.ts';
import type { VMRestore } from '../../contract/vm-restore.ts';
import { storageClassFacts, type ClaimAbility, type StorageClassFacts } from '../../domain/restore/abilities.ts';
import type { RestoreFacts } from '../../domain/restore/facts.ts';
import { restoredClaimName, restoredSecretNames } from '../../domain/restore/names.ts';
import { isApiError, type KubeClient } from '../../kube/client.ts';
import { NETWORK_ATTACHMENT_DEFINITION, STORAGE_PROFILE, type StorageProfile } from './foreign-types.ts';
import { sha256 } from './hash.ts';
import type { Work } from './work.ts';

/** Where Harvester notes the addresses that it saw: JSON, interface name → MAC. */
const ANNOTATION_MAC_ADDRESS = 'harvesterhci.io/mac-address';
/** Phases in which another restore is making its VM. */
const MAKING: readonly string[] = ['Queued', 'RestoringVolumes', 'CreatingVM', 'Starting'];

/** Reads from the cluster what the plan depends on. */
export async function collectFacts(work: Work, document: BackupDocument): Promise<RestoreFacts> {
  const { context: { client }, namespace, uid, spec, status } = work;
  const target = spec.target.name;
  const claimNames = document.volumes.map(({ name }) => restoredClaimName(uid, target, name, sha256));
  const vmNameTakenBy = await nameTakenBy(work);
  const networks = await listOptional(client, NETWORK_ATTACHMENT_DEFINITION);

  return {
    restoreUID: uid,
    namespace: { name: namespace, state: await namespaceState(client, namespace) },
    ...(vmNameTakenBy === undefined ? {} : { vmNameTakenBy }),
    claims: await existing(client, PVC, namespace, claimNames),
    secrets: await existing(client, SECRET, namespace, secretCandidates(target, document)),
    storageClasses: await storageClasses(client),
    ...(networks ? { networks: networks.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`).sort() } : {}),
    sourceVMExists: await sourceExists(client, document),
    macAddresses: spec.keepMacAddresses ? await macAddresses(client) : [],
    backup: { uid: status.backup?.uid ?? '', documentID: status.backup?.documentID ?? '' },
  };
}

/** Items of a kind that a cluster need not have; undefined when it does not. */
async function listOptional<T extends KubeObject>(client: KubeClient, type: ResourceType): Promise<T[] | undefined> {
  try {
    return (await client.list<T>(type)).items;
  } catch (error) {
    if (isApiError(error, 'NotFound')) return undefined;
    throw error;
  }
}

async function namespaceState(client: KubeClient, name: string): Promise<RestoreFacts['namespace']['state']> {
  const namespace = await client.find(NAMESPACE, { name });

  return !namespace ? 'Missing' : namespace.metadata.deletionTimestamp ? 'Terminating' : 'Active';
}

async function nameTakenBy({ context: { client }, namespace, uid, spec }: Work): Promise<string | undefined> {
  const { name } = spec.target;
  const vm = await client.find(VIRTUAL_MACHINE, { namespace, name });

  if (vm) return vm.metadata.deletionTimestamp ? 'a VM that is being deleted' : 'a VM';
  const { items } = await client.list<VMRestore>(VM_RESTORE, { namespace });
  const other = items.find((restore) => restore.metadata.uid !== uid && restore.spec.target.name === name && MAKING.includes(restore.status?.phase ?? ''));

  return other && `VMRestore ${other.metadata.name}, which is restoring to it`;
}

/** The names of these that are there. Secrets are asked for one by one: a list would read the values of all others. */
async function existing(client: KubeClient, type: ResourceType, namespace: string, names: readonly string[]): Promise<string[]> {
  const found = await Promise.all(names.map((name) => client.find(type, { namespace, name })));

  return found.flatMap((object) => object?.metadata.name ?? []);
}

/** Every name that a Secret may get: its own, and the one it gets when that is taken. */
function secretCandidates(target: string, { secrets }: BackupDocument): string[] {
  const names = secrets.map(({ name }) => name);

  return [...new Set([...names, ...restoredSecretNames(target, names, names, sha256).values()])];
}

async function storageClasses(client: KubeClient): Promise<StorageClassFacts[]> {
  const profiles = new Map((await listOptional<StorageProfile>(client, STORAGE_PROFILE) ?? []).map((profile) => [profile.metadata.name, abilitiesOf(profile)]));
  const { items } = await client.list<StorageClass>(STORAGE_CLASS);

  return items.filter(({ metadata }) => !metadata.deletionTimestamp).map((each) => storageClassFacts(each, profiles.get(each.metadata.name)))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function abilitiesOf({ status }: StorageProfile): ClaimAbility[] {
  return (status?.claimPropertySets ?? []).flatMap(({ accessModes = [], volumeMode = 'Filesystem' }) => accessModes.map((accessMode) => ({ accessMode, volumeMode })));
}

async function sourceExists(client: KubeClient, { vm, identity }: BackupDocument): Promise<boolean> {
  const source = await client.find(VIRTUAL_MACHINE, { namespace: vm.metadata.namespace, name: vm.metadata.name });

  return source?.metadata.uid === identity.vmUID;
}

async function macAddresses(client: KubeClient): Promise<RestoreFacts['macAddresses']> {
  const { items } = await client.list<VirtualMachine>(VIRTUAL_MACHINE);

  return items.flatMap(({ metadata, spec }) => {
    const written = (spec.template.spec.domain.devices.interfaces ?? []).map(({ macAddress }) => macAddress);
    const addresses = [...written, ...observedAddresses(metadata.annotations?.[ANNOTATION_MAC_ADDRESS])].filter((address): address is string => typeof address === 'string' && address !== '');

    return [...new Set(addresses.map((address) => address.toLowerCase()))].map((address) => ({ address, vm: `${metadata.namespace}/${metadata.name}` }));
  });
}

function observedAddresses(annotation: string | undefined): unknown[] {
  try {
    return Object.values(JSON.parse(annotation ?? '{}') as Record<string, unknown>);
  } catch {
    // A note of Harvester's in another form than we know tells us nothing.
    return [];
  }
}
