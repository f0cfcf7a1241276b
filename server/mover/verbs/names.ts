/** Name of the file that holds a volume's bytes in its snapshot. */
export function rawFile(volume: string): string {
  return `${volume}.raw`;
}

/** Name of the file that holds a volume's digests, in their own snapshot and in the document's. */
export function digestsFile(volume: string): string {
  return `${volume}.digests`;
}

/** Name of the backup document in its snapshot. */
export const DOCUMENT = 'backup.json';
