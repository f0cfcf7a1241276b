import type { ResourceType } from '../contract/api.ts';
import type { KubeClient } from '../kube/client.ts';

const SUBRESOURCES: ResourceType = { group: 'subresources.kubevirt.io', version: 'v1', kind: 'VirtualMachineInstance', plural: 'virtualmachineinstances', namespaced: true };

/** Freezes and thaws the filesystems of one running guest, through KubeVirt and its guest agent. */
export interface GuestFreezer {
  /** @param deadlineSeconds whole seconds, at least 1, after which KubeVirt thaws by itself (0 would never thaw) */
  freeze(namespace: string, name: string, deadlineSeconds: number): Promise<void>;
  /** Thawing a guest that is not frozen is success. */
  thaw(namespace: string, name: string): Promise<void>;
}

/** The freezer that calls KubeVirt's subresources. @see https://kubevirt.io/api-reference/ */
export function kubevirtFreezer(client: KubeClient): GuestFreezer {
  return {
    async freeze(namespace, name, deadlineSeconds) {
      if (!Number.isInteger(deadlineSeconds) || deadlineSeconds < 1) throw new RangeError(`the freeze deadline must be at least 1 second, not ${deadlineSeconds}`);
      await client.putSubresource(SUBRESOURCES, { namespace, name }, 'freeze', { unfreezeTimeout: `${deadlineSeconds}s` });
    },
    async thaw(namespace, name) {
      await client.putSubresource(SUBRESOURCES, { namespace, name }, 'unfreeze', {});
    },
  };
}
