/** Field by field comparison, and the list of differences that are known and left: `docs/api-differences.md`. */
import { readFile } from 'node:fs/promises';

/** One field in which the answers differ; undefined: the field is not there. */
export interface Difference { scenario: string; step: string; field: string; real: unknown; embedded: unknown }

/** A row of the list. `where` is `scenario / step`, `field` a path; `*` in both stands for anything. */
export interface KnownDifference { where: string; field: string; row: string }

type Found = Pick<Difference, 'field' | 'real' | 'embedded'>;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Every leaf in which two JSON values differ. Of lists of different length, and of an object that only one has, the whole is told. */
export function compare(real: unknown, embedded: unknown, field = ''): Found[] {
  if (Array.isArray(real) && Array.isArray(embedded) && real.length === embedded.length) return real.flatMap((item, index) => compare(item, embedded[index], `${field}[${index}]`));
  if (!isObject(real) || !isObject(embedded)) return JSON.stringify(real) === JSON.stringify(embedded) ? [] : [{ field, real, embedded }];

  return [...new Set([...Object.keys(real), ...Object.keys(embedded)])].flatMap((name) => compare(real[name], embedded[name], field === '' ? name : `${field}.${name}`));
}

/** Compares two comparable answers. Where one is a refusal and the other not, or another one, only that is told. */
export function compareAnswers(real: Record<string, unknown>, embedded: Record<string, unknown>): Found[] {
  return real.status === embedded.status ? compare(real, embedded) : [{ field: 'status', real: summary(real), embedded: summary(embedded) }];
}

function summary({ status, body }: Record<string, unknown>): string {
  const { kind, reason, message } = isObject(body) ? body : {};

  return kind === 'Status' ? `${String(status)} ${String(reason)}: ${String(message)}` : String(status);
}

/** Reads the table's rows: `| call | field | real | embedded | why |`. Code marks around call and field do not count. */
export async function knownDifferences(file: string | URL): Promise<KnownDifference[]> {
  const rows = (await readFile(file, 'utf8')).split('\n').filter((line) => line.startsWith('|')).slice(2);

  return rows.map((row) => {
    const [, where = '', field = '', real = '', embedded = '', why = ''] = row.split(/(?<!\\)\|/).map((cell) => cell.trim());

    if ([where, field, real, embedded, why].includes('')) throw new Error(`docs/api-differences.md: a cell is empty or missing in "${row}"`);
    return { where: where.replaceAll('`', ''), field: field.replaceAll('`', ''), row };
  });
}

/** Whether a row speaks of a difference. */
export function covers({ where, field }: KnownDifference, difference: Difference): boolean {
  return matches(where, `${difference.scenario} / ${difference.step}`) && matches(field, difference.field);
}

function matches(pattern: string, text: string): boolean {
  return new RegExp(`^${pattern.split('*').map((part) => part.replaceAll(/[.[\]()+?^${}|\\]/g, '\\$&')).join('.*')}$`).test(text);
}

/** A difference in words, as it stands in a failure. */
export function describeDifference({ scenario, step, field, real, embedded }: Difference): string {
  return `${scenario} / ${step}: ${field}\n      real:     ${JSON.stringify(real) ?? '(absent)'}\n      embedded: ${JSON.stringify(embedded) ?? '(absent)'}`;
}
