import type { ResourceType } from '../../contract/api.ts';
import type { AccessMode, KubeObject, VolumeMode } from '../../contract/kubernetes.ts';

/** CDI's knowledge of a storage class, one per class of the same name. */
export const STORAGE_PROFILE: ResourceType = { group: 'cdi.kubevirt.io', version: 'v1beta1', kind: 'StorageProfile', plural: 'storageprofiles', namespaced: false };
/** A network that VMs can be attached to. */
export const NETWORK_ATTACHMENT_DEFINITION: ResourceType = { group: 'k8s.cni.cncf.io', version: 'v1', kind: 'NetworkAttachmentDefinition', plural: 'network-attachment-definitions', namespaced: true };

/** @see STORAGE_PROFILE */
export interface StorageProfile extends KubeObject { status?: { claimPropertySets?: { accessModes?: AccessMode[]; volumeMode?: VolumeMode }[] } }
