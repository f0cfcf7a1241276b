import type { AccessMode, StorageClass, VolumeMode } from '../../contract/kubernetes.ts';

/** One way in which a class can give a volume. */
export interface ClaimAbility { volumeMode: VolumeMode; accessMode: AccessMode }

/** What the planner knows of a storage class. */
export interface StorageClassFacts {
  name: string;
  provisioner: string;
  bindingMode: 'Immediate' | 'WaitForFirstConsumer';
  /** Nodes that its volumes are confined to; absent when they are not. */
  nodes?: string[];
  /** From the class's StorageProfile, when the cluster has one. */
  profile?: ClaimAbility[];
  /** Longhorn v1: volumes that two nodes may attach at once, for live migration. */
  migratable?: boolean;
  /** Image that a new volume of this class starts with, instead of zeros. */
  image?: string;
}

/** Abilities of a class and how they are known. */
export interface Abilities { source: 'profile' | 'driver' | 'unknown'; list: ClaimAbility[] }

const can = (volumeMode: VolumeMode, ...modes: AccessMode[]): ClaimAbility[] => modes.map((accessMode) => ({ volumeMode, accessMode }));

/** What drivers can do where no StorageProfile says it. The first is what a VM disk is best served by. */
const BY_DRIVER: readonly { driver: RegExp; abilities: (facts: StorageClassFacts) => ClaimAbility[] }[] = [
  {
    driver: /^driver\.longhorn\.io$/,
    abilities: ({ migratable }) => [...(migratable ? can('Block', 'ReadWriteMany') : []), ...can('Block', 'ReadWriteOnce'), ...can('Filesystem', 'ReadWriteOnce', 'ReadWriteMany')],
  },
  { driver: /^lvm\.driver\.harvesterhci\.io$/, abilities: () => [...can('Block', 'ReadWriteOnce'), ...can('Filesystem', 'ReadWriteOnce')] },
  { driver: /^nfs\.csi\.k8s\.io$/, abilities: () => can('Filesystem', 'ReadWriteMany', 'ReadWriteOnce') },
  { driver: /(^|\.)rbd\.csi\.ceph\.com$/, abilities: () => [...can('Block', 'ReadWriteMany', 'ReadWriteOnce'), ...can('Filesystem', 'ReadWriteOnce')] },
  { driver: /^topolvm\.(io|cybozu\.com)$/, abilities: () => [...can('Block', 'ReadWriteOnce'), ...can('Filesystem', 'ReadWriteOnce')] },
];

/** What volumes of a class can be: from its StorageProfile, else from what is known of its driver, else unknown. */
export function abilitiesOf(facts: StorageClassFacts): Abilities {
  if (facts.profile && facts.profile.length > 0) return { source: 'profile', list: facts.profile };
  const known = BY_DRIVER.find(({ driver }) => driver.test(facts.provisioner));

  return known ? { source: 'driver', list: known.abilities(facts) } : { source: 'unknown', list: [] };
}

/** Facts of a StorageClass. `profile` comes from the StorageProfile of the same name. */
export function storageClassFacts(storageClass: StorageClass, profile: ClaimAbility[] | undefined): StorageClassFacts {
  const { provisioner, parameters = {}, volumeBindingMode = 'Immediate', allowedTopologies = [] } = storageClass;
  const nodes = allowedTopologies.flatMap(({ matchLabelExpressions = [] }) => matchLabelExpressions.flatMap(({ key, values }) => (/(^|[./])(hostname|node)$/.test(key) ? values : [])));

  return {
    name: storageClass.metadata.name, provisioner, bindingMode: volumeBindingMode,
    ...(nodes.length > 0 ? { nodes: [...new Set(nodes)].sort() } : {}),
    ...(profile && profile.length > 0 ? { profile } : {}),
    ...(parameters['migratable'] === 'true' ? { migratable: true } : {}),
    ...(parameters['backingImage'] ? { image: parameters['backingImage'] } : {}),
  };
}
