import { InvalidArgumentError } from 'commander';
import { ACCESS_MODES, VOLUME_MODES } from '../contract/common.ts';
import type { VolumeMapping } from '../contract/vm-restore.ts';

const SHORT_MODES: Readonly<Record<string, (typeof ACCESS_MODES)[number]>> = { RWO: 'ReadWriteOnce', RWX: 'ReadWriteMany', ROX: 'ReadOnlyMany', RWOP: 'ReadWriteOncePod' };

/**
 * Reads one `--map disk=class[:access mode][:volume mode]`; an empty class keeps the recorded one. Modes may come in any
 * order, the access mode short (`RWO`) or in full. @throws InvalidArgumentError
 */
export function mapping(text: string, before: readonly VolumeMapping[] = []): VolumeMapping[] {
  const [, name = '', rest = ''] = /^([^=]+)=(.*)$/.exec(text) ?? [];
  const [storageClassName = '', ...modes] = rest.split(':');
  const made: VolumeMapping = { name, ...(storageClassName ? { storageClassName } : {}) };

  if (!name) throw new InvalidArgumentError('It must look like disk=class[:RWO|RWX][:Block|Filesystem].');
  if (before.some((each) => each.name === name)) throw new InvalidArgumentError(`Disk "${name}" is mapped twice.`);
  for (const mode of modes) {
    const accessMode = SHORT_MODES[mode] ?? ACCESS_MODES.find((each) => each === mode);
    const volumeMode = VOLUME_MODES.find((each) => each === mode);

    if (accessMode && !made.accessMode) made.accessMode = accessMode;
    else if (volumeMode && !made.volumeMode) made.volumeMode = volumeMode;
    else throw new InvalidArgumentError(`"${mode}" is not one access mode (${Object.keys(SHORT_MODES).join(', ')}) or one volume mode (${VOLUME_MODES.join(', ')}).`);
  }
  return [...before, made];
}

/** Reads a whole number from 1 to 1000. @throws InvalidArgumentError */
export function count(text: string): number {
  const value = Number(text);

  if (!/^\d+$/.test(text) || value < 1 || value > 1000) throw new InvalidArgumentError('It must be a whole number from 1 to 1000.');
  return value;
}

/** Reads an instant. @throws InvalidArgumentError */
export function instant(text: string): Date {
  const value = new Date(text);

  if (!/^\d{4}-\d{2}-\d{2}/.test(text) || Number.isNaN(value.getTime())) throw new InvalidArgumentError('It must be an instant such as 2026-01-31T12:00:00Z.');
  return value;
}
