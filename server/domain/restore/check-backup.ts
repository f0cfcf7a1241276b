import { pass, specOf, warn, type Check } from './check-context.ts';

/** How consistent the disks are with each other and in themselves. */
export const checkConsistency: Check = ({ document: { consistency } }) => {
  if (consistency.level === 'Stopped') return [pass('consistency', 'The VM was stopped when it was backed up.')];
  if (consistency.level === 'Filesystem') return [pass('consistency', 'The guest filesystems were frozen while every disk was cut. Applications recover as after a sudden stop.')];
  return [warn('consistency', `The backup is as after a power cut. ${consistency.reason}`, 'Expect file system and database recovery at the first start; look at the data before the VM is used.')];
};

/** Volumes of the VM that the backup does not hold. */
export const checkExcluded: Check = ({ document: { excluded } }) => {
  if (excluded.length === 0) return [pass('excluded-volumes', 'The backup has every disk of the VM.')];
  return excluded.map(({ name, reason }) => warn('excluded-volumes', `Volume ${name} is not in the backup: it ${reason}.`, 'Add it by hand after the restore where it is needed.', name));
};

/** State of EFI and TPM that lives outside of the disks. */
export const checkFirmwareState: Check = ({ document }) => {
  const { domain } = specOf(document).template.spec;
  const efi = (domain.firmware?.['bootloader'] as { efi?: { persistent?: boolean } } | undefined)?.efi?.persistent === true;
  const tpm = (domain.devices['tpm'] as { persistent?: boolean } | undefined)?.persistent === true;
  const what = [...(efi ? ['EFI variables'] : []), ...(tpm ? ['TPM secrets'] : [])].join(' and ');

  if (what === '') return [pass('firmware-state', 'The VM keeps no EFI or TPM state.')];
  return [warn('firmware-state', `The VM keeps ${what} in a volume of their own, which the backup does not hold; the restored VM starts with fresh ones.`, tpm ? 'Have recovery keys at hand: disks that the guest sealed to its TPM (BitLocker, LUKS) ask for them.' : 'Set boot entries anew where the guest needs them.')];
};
