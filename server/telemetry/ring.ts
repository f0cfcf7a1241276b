/** The last lines that were written, for the support bundle. */
export interface LineRing {
  write: (line: string) => void;
  /** Oldest first. */
  lines: () => string[];
}

/** A ring that forgets its oldest lines when they hold more than `maxChars` together. A longer line is not kept at all. */
export function createLineRing(maxChars: number): LineRing {
  let lines: string[] = [];
  let first = 0;
  let size = 0;

  return {
    write(line) {
      if (line.length > maxChars) return;
      lines.push(line);
      size += line.length;
      while (size > maxChars) size -= (lines[first++] as string).length;
      // Moving the rest down at every line would cost more than the memory of those that were forgotten.
      if (first > lines.length / 2) {
        lines = lines.slice(first);
        first = 0;
      }
    },
    lines: () => lines.slice(first),
  };
}
