import { BACKUP_ENGINE, BACKUP_REPOSITORY, GROUP, PVC, SECRET, STORAGE_CLASS, VIRTUAL_MACHINE, VM_BACKUP, VM_RESTORE, NAMESPACE, type ResourceType } from '../../../server/contract/api.ts';

/** Name of our own product in the shell: first part of its URLs. */
export const PRODUCT = 'harvester-vm-backup';
/** Name of Harvester's product in the shell, which the Harvester UI extension registers. */
export const HARVESTER = 'harvester';

/** Steve's name of a kind: the API group, a dot, the kind in lower case; bare for the core group. */
export function steveType({ group, kind }: ResourceType): string {
  return `${ group ? `${ group }.` : '' }${ kind.toLowerCase() }`;
}

/** Steve names of every kind that the pages read or write. */
export const TYPE = {
  vmBackup:     steveType(VM_BACKUP),
  vmRestore:    steveType(VM_RESTORE),
  repository:   steveType(BACKUP_REPOSITORY),
  engine:       steveType(BACKUP_ENGINE),
  vm:           steveType(VIRTUAL_MACHINE),
  storageClass: steveType(STORAGE_CLASS),
  pvc:          steveType(PVC),
  secret:       steveType(SECRET),
  namespace:    steveType(NAMESPACE),
  /** CDI's description of what a storage class can do; not in every cluster. */
  storageProfile: 'cdi.kubevirt.io.storageprofile',
} as const;

/** True for the Steve name of one of our own kinds. */
export function isOwnType(type: string): boolean {
  return type.startsWith(`${ GROUP }.`);
}
