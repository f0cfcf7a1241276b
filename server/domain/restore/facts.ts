import type { StorageClassFacts } from './abilities.ts';

/** Everything that the plan depends on besides the backup document and the request. Collected from the cluster; plain data. */
export interface RestoreFacts {
  restoreUID: string;
  /** The target namespace; `Terminating` when it is being deleted. */
  namespace: { name: string; state: 'Active' | 'Terminating' | 'Missing' };
  /** What holds the VM's name in the target namespace, in words; absent when it is free. */
  vmNameTakenBy?: string;
  /** Names of PVCs in the target namespace. */
  claims: string[];
  /** Names of Secrets in the target namespace. */
  secrets: string[];
  storageClasses: StorageClassFacts[];
  /** `namespace/name` of every NetworkAttachmentDefinition; absent when the cluster has no such kind. */
  networks?: string[];
  /** The backed-up VM still exists, by UID. */
  sourceVMExists: boolean;
  /** MAC addresses of the cluster's VMs, in lower case, each with a VM as `namespace/name`. */
  macAddresses: { address: string; vm: string }[];
  backup: { uid: string; documentID: string };
}
