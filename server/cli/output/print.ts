import { dump } from 'js-yaml';
import { formatTable, type Column } from './table.ts';

/** Forms of what goes to stdout. */
export const FORMATS = ['table', 'json', 'yaml'] as const;
export type Format = (typeof FORMATS)[number];

/** Any value as JSON or YAML, with a newline at its end. */
export function formatData(format: Exclude<Format, 'table'>, value: unknown): string {
  return format === 'json' ? `${JSON.stringify(value, undefined, 2)}\n` : dump(value, { noRefs: true, lineWidth: -1 });
}

/** Items as a table, or `value` (the items themselves, unless given) as data. */
export function formatItems<T>(format: Format, columns: readonly Column<T>[], items: readonly T[], value: unknown = items): string {
  return format === 'table' ? formatTable(columns, items) : formatData(format, value);
}
