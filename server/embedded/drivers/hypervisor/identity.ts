import { createHash } from 'node:crypto';
import type { VirtualMachine } from '../../../contract/kubernetes.ts';

/** KubeVirt's name space for the firmware UUIDs that it derives from VM names. */
const FIRMWARE_NAMESPACE = '6a1a24a1-4061-4607-8bf4-a3963d0c5895';
/** Harvester's record of the MAC addresses seen in a VM: JSON, interface to address. */
const MAC_ANNOTATION = 'harvesterhci.io/mac-address';
/** Harvester's record of the last run strategy that was not Halted. */
export const RUN_STRATEGY_ANNOTATION = 'harvesterhci.io/vmRunStrategy';

/** The firmware UUID that KubeVirt gives a VM of that name: version 5, from the name alone. */
export function firmwareUUID(name: string): string {
  const hash = createHash('sha1').update(Buffer.from(FIRMWARE_NAMESPACE.replaceAll('-', ''), 'hex')).update(name).digest().subarray(0, 16);

  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x50;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;

  return hash.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** A locally administered MAC address, the same for the same seed. */
export function macAddress(seed: string): string {
  const hash = createHash('sha256').update(seed).digest();

  hash[0] = ((hash[0] ?? 0) & 0xfc) | 0x02;

  return [...hash.subarray(0, 6)].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/**
 * The VM with what KubeVirt and Harvester write into every VM: a firmware UUID, MAC addresses in blank interfaces (unless Harvester has
 * recorded one), and the last run strategy. The same object when there is nothing to write.
 */
export function completeIdentity(vm: VirtualMachine): VirtualMachine {
  const { domain } = vm.spec.template.spec;
  const recorded = JSON.parse(vm.metadata.annotations?.[MAC_ANNOTATION] ?? '{}') as Record<string, string>;
  const interfaces = domain.devices.interfaces?.map((each) => (each.macAddress || recorded[each.name] ? each : { ...each, macAddress: macAddress(`${vm.metadata.uid} ${each.name}`) }));
  const strategy = vm.spec.runStrategy;
  const annotations = strategy && strategy !== 'Halted' ? { ...vm.metadata.annotations, [RUN_STRATEGY_ANNOTATION]: strategy } : vm.metadata.annotations;
  const complete = domain.firmware?.uuid && (interfaces ?? []).every((each, index) => each === domain.devices.interfaces?.[index])
    && annotations?.[RUN_STRATEGY_ANNOTATION] === vm.metadata.annotations?.[RUN_STRATEGY_ANNOTATION];

  if (complete) {
    return vm;
  }
  const devices = { ...domain.devices, ...(interfaces ? { interfaces } : {}) };
  const firmware = { ...domain.firmware, uuid: domain.firmware?.uuid ?? firmwareUUID(vm.metadata.name) };

  return {
    ...vm, metadata: { ...vm.metadata, ...(annotations ? { annotations } : {}) },
    spec: { ...vm.spec, template: { ...vm.spec.template, spec: { ...vm.spec.template.spec, domain: { ...domain, devices, firmware } } } },
  };
}
