import type { PlanCheck } from '../../contract/vm-restore.ts';
import { fail, pass, specOf, warn, type Check } from './check-context.ts';

/** The target namespace is there to stay. */
export const checkNamespace: Check = ({ facts: { namespace } }) => [namespace.state === 'Active'
  ? pass('namespace', `Namespace ${namespace.name} exists.`)
  : fail('namespace', `Namespace ${namespace.name} ${namespace.state === 'Missing' ? 'does not exist' : 'is being deleted'}.`, 'Create the namespace, or restore into another one.')];

/** Nobody has the VM's name. */
export const checkVMName: Check = ({ facts, request }) => [facts.vmNameTakenBy === undefined
  ? pass('vm-name', `The VM name ${request.target.name} is free in ${facts.namespace.name}.`)
  : fail('vm-name', `The VM name ${request.target.name} is taken in ${facts.namespace.name} by ${facts.vmNameTakenBy}.`, 'Choose another VM name or namespace.')];

/** The new PVCs’ names are free. They have a hash in them, so only an earlier run or ill will takes one. */
export const checkClaimNames: Check = ({ facts, disks }) => {
  const taken = disks.filter(({ plan }) => facts.claims.includes(plan.claimName));

  if (taken.length === 0) return [pass('claim-names', `${disks.length} new PVC names are free; no existing PVC is touched.`)];
  return taken.map(({ plan }) => fail('claim-names', `PVC ${facts.namespace.name}/${plan.claimName} exists already.`, 'Make a new restore, or remove the PVC when nothing needs it.', plan.name));
};

/** The Secrets get names that nobody has. */
export const checkSecretNames: Check = ({ facts, secretNames }) => {
  const given = [...secretNames.values()];
  const clashes = [...secretNames].filter(([, name], index) => facts.secrets.includes(name) || given.indexOf(name) !== index);
  const renamed = [...secretNames].filter(([from, to]) => from !== to).length;

  if (clashes.length === 0) return [pass('secret-names', `${secretNames.size} Secrets are restored, ${renamed} of them under a new name because theirs is taken.`)];
  return clashes.map(([from, to]) => fail('secret-names', `Secret ${from} can be restored neither under its own name nor as ${to}: both exist in ${facts.namespace.name}.`, `Remove Secret ${facts.namespace.name}/${to} when nothing needs it, or choose another VM name.`, from));
};

/** Every network that the VM hangs on exists; a name without a namespace means the target's. */
export const checkNetworks: Check = (context) => {
  const { document, facts, starts } = context;
  const wanted = (specOf(document).template.spec.networks ?? []).flatMap(({ name, multus }) => (multus ? [{ name, network: multus.networkName.includes('/') ? multus.networkName : `${facts.namespace.name}/${multus.networkName}` }] : []));

  if (wanted.length === 0) return [pass('networks', 'The VM uses no network besides the cluster’s own.')];
  return wanted.map(({ name, network }): PlanCheck => {
    if (facts.networks?.includes(network)) return pass('networks', `Network ${network} exists.`, name);
    const verdict = starts ? fail : warn;
    const why = facts.networks ? `Network ${network} does not exist` : `Network ${network} cannot exist: the cluster has no NetworkAttachmentDefinitions`;

    return verdict('networks', `${why}; the VM would not start.`, starts ? 'Create the network first, or restore with start policy Halted and edit the VM.' : 'Create the network, or edit the VM before it is started.', name);
  });
};

/** Two machines with one MAC address on a network disturb each other, so addresses are kept only where nobody else has them. */
export const checkMacAddresses: Check = ({ document, facts, request }) => {
  const addresses = (specOf(document).template.spec.domain.devices.interfaces ?? []).flatMap(({ name, macAddress }) => (macAddress ? [{ name, address: macAddress.toLowerCase() }] : []));

  if (addresses.length === 0) return [pass('mac-addresses', 'The manifest sets no MAC address.')];
  if (!request.keepMacAddresses) return [pass('mac-addresses', `${addresses.length} network interfaces get new MAC addresses.`)];
  if (facts.sourceVMExists) return [fail('mac-addresses', `The MAC addresses cannot be kept: the backed-up VM ${document.vm.metadata.namespace}/${document.vm.metadata.name} still exists and has them.`, 'Restore with new MAC addresses, or delete the source VM first.')];

  return addresses.map(({ name, address }): PlanCheck => {
    const holder = facts.macAddresses.find((each) => each.address === address);

    return holder
      ? fail('mac-addresses', `The MAC address ${address} is used by VM ${holder.vm}.`, 'Restore with new MAC addresses, or change the other VM.', name)
      : pass('mac-addresses', `The MAC address ${address} is kept; no other VM has it.`, name);
  });
};

/** What the manifest refers to and no backup holds: it has to be in the target namespace already. */
export const checkReferences: Check = ({ document, facts }) => {
  const spec = specOf(document);
  const sameNamespace = facts.namespace.name === document.vm.metadata.namespace;
  const names = new Set<string>();

  for (const { configMap, serviceAccount, sysprep } of spec.template.spec.volumes ?? []) {
    names.add(nameIn(configMap, 'name', 'ConfigMap')).add(nameIn(sysprep?.configMap, 'name', 'ConfigMap')).add(nameIn(serviceAccount, 'serviceAccountName', 'ServiceAccount'));
  }
  for (const matcher of [spec['instancetype'], spec['preference']]) {
    const kind = typeof matcher === 'object' && matcher !== null && 'kind' in matcher ? String(matcher.kind) : '';

    // The kinds with Cluster in front are the same from every namespace.
    if (/^virtualmachine(instancetype|preference)$/i.test(kind)) names.add(nameIn(matcher, 'name', kind));
  }
  names.delete('');
  if (names.size === 0) return [pass('references', 'The manifest needs nothing that is not in the backup.')];
  if (sameNamespace) return [pass('references', `The VM goes on using ${[...names].join(', ')}, which are not part of a backup.`)];
  return [...names].map((name) => warn('references', `The VM refers to ${name}, which is not part of a backup and is looked for in ${facts.namespace.name}.`, 'Make sure that it is there before the VM starts.', name));
};

function nameIn(value: unknown, field: string, kind: string): string {
  const name = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[field] : undefined;

  return typeof name === 'string' && name !== '' ? `${kind} ${name}` : '';
}
