import type { VirtualMachine, VMVolume } from '../../contract/kubernetes.ts';

/** Harvester's note of which SSH keys an access credential Secret holds: JSON, Secret name → key names. */
const ANNOTATION_SSH_KEYS = 'harvesterhci.io/dynamic-ssh-key-names';

type TemplateSpec = VirtualMachine['spec']['template']['spec'];
type Rename = (name: string) => string | undefined;

function renameCloudInit(source: NonNullable<VMVolume['cloudInitNoCloud']>, rename: Rename): void {
  for (const field of ['secretRef', 'networkDataSecretRef'] as const) {
    const name = source[field]?.name;
    const renamed = name === undefined ? undefined : rename(name);

    if (renamed === undefined) delete source[field];
    else source[field] = { name: renamed };
  }
}

/** Renames the Secrets of one volume in place; false when the volume has lost what it is made of. */
function renameInVolume(volume: VMVolume, rename: Rename): boolean {
  if (volume.cloudInitNoCloud) renameCloudInit(volume.cloudInitNoCloud, rename);
  if (volume.cloudInitConfigDrive) renameCloudInit(volume.cloudInitConfigDrive, rename);
  if (volume.sysprep?.secret) {
    const name = rename(volume.sysprep.secret.name);

    if (name === undefined) return false;
    volume.sysprep.secret.name = name;
  }
  if (volume.secret) {
    const name = rename(volume.secret.secretName);

    if (name === undefined) return false;
    volume.secret.secretName = name;
  }
  return true;
}

function renameInSshKeys(annotations: Record<string, string>, rename: Rename): void {
  const text = annotations[ANNOTATION_SSH_KEYS];

  if (text === undefined) return;
  try {
    const entries = Object.entries(JSON.parse(text) as Record<string, unknown>);

    annotations[ANNOTATION_SSH_KEYS] = JSON.stringify(Object.fromEntries(entries.flatMap(([name, keys]) => {
      const renamed = rename(name);

      return renamed === undefined ? [] : [[renamed, keys]];
    })));
  } catch {
    // It is a note of the page only; a broken one says nothing.
    delete annotations[ANNOTATION_SSH_KEYS];
  }
}

/**
 * Renames every Secret that a VM's template refers to, in place. A reference to a Secret without a new name goes, so that a
 * restored VM never hangs on another VM's Secret.
 * @returns names of the volumes that are nothing without their Secret
 */
export function renameSecrets(spec: TemplateSpec, annotations: Record<string, string>, rename: Rename): string[] {
  if (spec.accessCredentials) {
    spec.accessCredentials = spec.accessCredentials.filter((credential) => [credential.sshPublicKey, credential.userPassword].every((method) => {
      const secret = method?.source.secret;

      if (!secret) return true;
      const name = rename(secret.secretName);

      if (name === undefined) return false;
      secret.secretName = name;
      return true;
    }));
  }
  renameInSshKeys(annotations, rename);

  return (spec.volumes ?? []).filter((volume) => !renameInVolume(volume, rename)).map((volume) => volume.name);
}
