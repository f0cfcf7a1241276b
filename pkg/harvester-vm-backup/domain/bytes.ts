const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;
/** One GiB in bytes: the unit in which people give the size of a disk. */
export const GIB = 2 ** 30;

/** Bytes in words: binary units, at most three significant digits before the unit changes (`1.5 GiB`, `640 MiB`, `0 B`). */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;

  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;

  return `${ Number(value.toFixed(digits)) } ${ UNITS[unit] }`;
}
