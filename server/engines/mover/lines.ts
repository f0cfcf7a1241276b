import { lineSchema, type MoverLine } from '../../contract/mover-protocol.ts';

/** One line of a mover's output; undefined for anything that is not in the protocol. */
export function parseLine(text: string): MoverLine | undefined {
  try {
    return lineSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Every line of a log that is in the protocol; engines' own chatter is passed over. */
export function parseLog(log: string): MoverLine[] {
  return log.split('\n').flatMap((line) => parseLine(line) ?? []);
}

/** The last progress in a log. */
export function lastProgress(log: string): Extract<MoverLine, { type: 'progress' }> | undefined {
  return parseLog(log).findLast((line) => line.type === 'progress');
}

/**
 * Puts the parts of a sealed document together. Undefined when one is missing (a node may cut long logs off).
 * Parts that came twice count once.
 */
export function gatherSealed(log: string): Buffer | undefined {
  const parts = new Map<number, Buffer>();
  let count: number | undefined;

  for (const line of parseLog(log)) {
    if (line.type === 'sealed') {
      parts.set(line.index, Buffer.from(line.data, 'base64'));
      count = line.count;
    }
  }
  if (count === undefined) {
    return undefined;
  }
  const ordered = Array.from({ length: count }, (_unused, index) => parts.get(index));

  return ordered.includes(undefined) ? undefined : Buffer.concat(ordered as Buffer[]);
}

/** The last lines of a log for an expert's eyes, without ciphertext. */
export function logExcerpt(log: string, lines = 15): string {
  return log.split('\n').filter((line) => line.trim() !== '' && !line.includes('"sealed"')).slice(-lines).join('\n');
}
