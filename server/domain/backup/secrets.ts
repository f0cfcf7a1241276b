import type { VirtualMachine } from '../../contract/kubernetes.ts';

/** Names of every Secret (same namespace) that a VM refers to: access credentials, cloud-init in both flavours, sysprep, secret volumes. Sorted, each once. */
export function secretsOf(vm: Pick<VirtualMachine, 'spec'>): string[] {
  const { accessCredentials = [], volumes = [] } = vm.spec.template.spec;
  const names = new Set<string | undefined>();

  for (const credential of accessCredentials) {
    names.add(credential.sshPublicKey?.source.secret?.secretName);
    names.add(credential.userPassword?.source.secret?.secretName);
  }
  for (const volume of volumes) {
    for (const cloudInit of [volume.cloudInitNoCloud, volume.cloudInitConfigDrive]) {
      names.add(cloudInit?.secretRef?.name);
      names.add(cloudInit?.networkDataSecretRef?.name);
    }
    names.add(volume.sysprep?.secret?.name);
    names.add(volume.secret?.secretName);
  }
  return [...names].filter((name): name is string => name !== undefined && name !== '').sort();
}
