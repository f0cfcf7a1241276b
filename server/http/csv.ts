/** A value in a CSV. */
export type CsvValue = string | number | boolean | undefined;

/** What a spreadsheet takes for the beginning of a formula; full-width forms are normalised to these by some. */
const FORMULA = /^[\s\u200b\ufeff]*[=+\-@\t\r＝＋－＠]/;

/**
 * A CSV after RFC 4180 with a header line. Text that a spreadsheet would run as a formula is made plain text by a leading `'`: names
 * and messages come from whoever may create objects, and the file is opened by somebody who may do more.
 * @see https://owasp.org/www-community/attacks/CSV_Injection
 */
export function csvOf(header: readonly string[], rows: readonly (readonly CsvValue[])[]): string {
  return [header, ...rows].map((row) => `${row.map(field).join(',')}\r\n`).join('');
}

function field(value: CsvValue): string {
  if (value === undefined) return '';
  if (typeof value !== 'string') return String(value);
  const plain = FORMULA.test(value) ? `'${value}` : value;

  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
