/** One column: its heading, and what stands in it for an item. */
export interface Column<T> { heading: string; value: (item: T) => string | number | undefined }

const GAP = '  ';
/** Shown for what is not there, so that a column can still be cut out by its number. */
const NOTHING = '-';

/**
 * A table as kubectl prints one: columns as wide as their longest value, never cut (a name that is cut can't be pasted),
 * nothing behind the last column, one line per item whatever a value holds.
 */
export function formatTable<T>(columns: readonly Column<T>[], items: readonly T[]): string {
  const rows = [columns.map(({ heading }) => heading), ...items.map((item) => columns.map(({ value }) => oneLine(value(item))))];
  const widths = columns.map((_column, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)));

  return rows.map((row) => `${row.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join(GAP).trimEnd()}\n`).join('');
}

function oneLine(value: string | number | undefined): string {
  const text = String(value ?? '').replace(/\s+/g, ' ').trim();

  return text === '' ? NOTHING : text;
}
