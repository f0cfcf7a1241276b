import type { BackupDocument } from '../../contract/backup-document.ts';
import { LABEL_RESTORED_BY } from '../../contract/names.ts';
import type { RunStrategy, VirtualMachine, VMVolume } from '../../contract/kubernetes.ts';
import type { PlanVolume } from '../../contract/vm-restore.ts';
import { ANNOTATION_CLAIM_TEMPLATES, rebuildClaimTemplates } from './claim-templates.ts';
import { restoredAnnotations, restoredLabels } from './metadata.ts';
import { ANNOTATION_RUN_STRATEGY } from './run-strategy.ts';
import { renameSecrets } from './secret-references.ts';

/** What decides how the manifest changes. */
export interface SanitiseOptions {
  restoreUID: string;
  target: { namespace: string; name: string };
  volumes: readonly PlanVolume[];
  /** New name of each Secret of the backup. */
  secretNames: ReadonlyMap<string, string>;
  keepMacAddresses: boolean;
  /** Strategy with which Harvester is to resume the VM; it is created Halted whatever it is. */
  resume: RunStrategy;
}

/** The restored VM, halted, and what a person should know of how it differs from the backed-up one. */
export interface SanitisedVM { vm: VirtualMachine; changes: string[] }

/** Sources that are a PVC or a node's file of the source VM, which no backup holds. A copy that kept them would share them. */
const LEFT_BEHIND = ['ephemeral', 'hostDisk', 'memoryDump'];

/** A VM under its old name in its old namespace is the same VM again; anything else is another VM, which must not share its identity. */
export function isSameVM(vm: BackupDocument['vm'], target: { namespace: string; name: string }): boolean {
  return vm.metadata.namespace === target.namespace && vm.metadata.name === target.name;
}

/** Turns the backed-up manifest into the one that is created. Deterministic, and never touches its input. */
export function sanitiseVM(source: BackupDocument['vm'], options: SanitiseOptions): SanitisedVM {
  const { target, resume, restoreUID } = options;
  const changes: string[] = [];
  const spec = structuredClone(source.spec) as VirtualMachine['spec'];

  spec.template.metadata = { ...spec.template.metadata, labels: restoredLabels(spec.template.metadata?.labels, source.metadata.name, target.name), annotations: restoredAnnotations(spec.template.metadata?.annotations) };
  delete spec.template.metadata.name;
  delete spec.template.metadata.namespace;
  dropSourceOnlyFields(spec, changes);
  replaceSecrets(spec, options, changes);
  replaceVolumes(spec, options, changes);
  replaceIdentity(spec, source, options, changes);

  return { changes, vm: { apiVersion: source.apiVersion, kind: source.kind, metadata: { ...target, labels: vmLabels(source, target.name, restoreUID), annotations: vmAnnotations(source, options, resume) }, spec: { ...spec, runStrategy: 'Halted' } } };
}

const vmLabels = (source: BackupDocument['vm'], name: string, restoreUID: string): Record<string, string> => ({ ...restoredLabels(source.metadata.labels, source.metadata.name, name), [LABEL_RESTORED_BY]: restoreUID });

function vmAnnotations(source: BackupDocument['vm'], { volumes }: SanitiseOptions, resume: RunStrategy): Record<string, string> {
  const annotations = { ...restoredAnnotations(source.metadata.annotations), [ANNOTATION_RUN_STRATEGY]: resume };
  const templates = source.metadata.annotations?.[ANNOTATION_CLAIM_TEMPLATES];

  if (templates === undefined) return annotations;
  return { ...annotations, [ANNOTATION_CLAIM_TEMPLATES]: rebuildClaimTemplates(templates, volumes, sourceClaims(source.spec as VirtualMachine['spec'])) };
}

const claimOf = (volume: VMVolume): string | undefined => volume.persistentVolumeClaim?.claimName ?? volume.dataVolume?.name;

function sourceClaims(spec: VirtualMachine['spec']): Map<string, string> {
  return new Map((spec.template.spec.volumes ?? []).flatMap((volume) => {
    const claim = claimOf(volume);

    return claim === undefined ? [] : [[volume.name, claim] as const];
  }));
}

function dropSourceOnlyFields(spec: VirtualMachine['spec'], changes: string[]): void {
  if ((spec.dataVolumeTemplates ?? []).length > 0) changes.push('DataVolume templates are left out: the restored PVCs take their place.');
  delete spec.dataVolumeTemplates;
  delete spec['updateVolumesStrategy'];
  delete spec.running;
  for (const field of ['instancetype', 'preference']) {
    const matcher = spec[field];

    // A revision belongs to the source VM; without it KubeVirt takes the current one.
    if (typeof matcher === 'object' && matcher !== null && 'revisionName' in matcher) {
      delete matcher.revisionName;
      changes.push(`The ${field} is taken as it is now, not in the revision that the source VM was pinned to.`);
    }
  }
}

function replaceSecrets(spec: VirtualMachine['spec'], { secretNames }: SanitiseOptions, changes: string[]): void {
  const template = spec.template.spec;
  const lost = renameSecrets(template, spec.template.metadata?.annotations ?? {}, (name) => secretNames.get(name));

  for (const [from, to] of secretNames) {
    if (from !== to) changes.push(`Secret ${from} becomes ${to}.`);
  }
  dropVolumes(spec, lost, changes, 'its Secret is not in the backup');
}

function replaceVolumes(spec: VirtualMachine['spec'], { volumes }: SanitiseOptions, changes: string[]): void {
  const template = spec.template.spec;
  const planned = new Map(volumes.map((volume) => [volume.name, volume]));
  const missing: string[] = [];

  template.volumes = template.volumes?.map((volume): VMVolume => {
    const to = planned.get(volume.name);

    if (claimOf(volume) === undefined || !to) {
      if (claimOf(volume) !== undefined || LEFT_BEHIND.some((field) => field in volume)) missing.push(volume.name);
      return volume;
    }
    const hotpluggable = volume.persistentVolumeClaim?.hotpluggable ?? volume.dataVolume?.hotpluggable;

    changes.push(describeDisk(to));
    return { name: volume.name, persistentVolumeClaim: { claimName: to.claimName, ...(hotpluggable === undefined ? {} : { hotpluggable }) } };
  });
  dropVolumes(spec, missing, changes, 'the backup has no data of it');
}

function describeDisk({ name, claimName, storageClassName, sourceStorageClassName, volumeMode, accessMode }: PlanVolume): string {
  const moved = storageClassName === sourceStorageClassName ? `on ${storageClassName}` : `from ${sourceStorageClassName} to ${storageClassName}`;

  return `Disk ${name} becomes PVC ${claimName}, ${moved} (${volumeMode}, ${accessMode}).`;
}

function dropVolumes(spec: VirtualMachine['spec'], names: readonly string[], changes: string[], why: string): void {
  const template = spec.template.spec;
  const { devices } = template.domain;
  const stays = ({ name }: { name: string }): boolean => !names.includes(name);

  if (names.length === 0) return;
  template.volumes = template.volumes?.filter(stays);
  if (devices.disks) devices.disks = devices.disks.filter(stays);
  if (Array.isArray(devices['filesystems'])) devices['filesystems'] = (devices['filesystems'] as { name: string }[]).filter(stays);
  changes.push(...names.map((name) => `Volume ${name} is left out: ${why}.`));
}

function replaceIdentity(spec: VirtualMachine['spec'], source: BackupDocument['vm'], { target, keepMacAddresses }: SanitiseOptions, changes: string[]): void {
  const template = spec.template.spec;
  const interfaces = template.domain.devices.interfaces ?? [];
  const withAddress = interfaces.filter(({ macAddress }) => macAddress);

  if (withAddress.length > 0) {
    const names = withAddress.map(({ name }) => name).join(', ');

    changes.push(keepMacAddresses ? `MAC addresses are kept (${names}).` : `New MAC addresses are given (${names}).`);
  }
  if (!keepMacAddresses) for (const each of interfaces) delete each.macAddress;
  if (isSameVM(source, target)) return;
  const { firmware } = template.domain;

  if (firmware && (firmware.uuid || firmware.serial)) {
    delete firmware.uuid;
    delete firmware.serial;
    changes.push('A new firmware UUID is given, so that guest and network see another machine.');
  }
  if (template.hostname !== undefined && template.hostname !== hostnameFor(target.name)) {
    changes.push(`The hostname ${template.hostname} becomes ${hostnameFor(target.name)}.`);
    template.hostname = hostnameFor(target.name);
  }
}

/** A hostname is one DNS label; a VM's name may have dots and 253 characters. */
function hostnameFor(name: string): string {
  return name.replaceAll('.', '-').slice(0, 63).replace(/-+$/, '');
}
