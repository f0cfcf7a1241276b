import { compareText } from '../domain/report/order.ts';
import { Problem } from './problem.ts';

/** Options of {@link pageOf}, as every list's query has them. */
export interface PageQuery { limit: number; continue?: string | undefined }

/**
 * One page of a list that is sorted. The token names the place of the last object, not its number: objects that come or go in
 * between shift nothing. It also holds what list it is of, so that it can't be used on another.
 * @param list which list this is, filters included
 * @param place the values that the list is sorted by, and enough to tell objects apart
 * @param compare order of two places
 */
export function pageOf<T>(items: readonly T[], query: PageQuery, { list, place, compare }: { list: string; place: (item: T) => readonly string[]; compare: (a: readonly string[], b: readonly string[]) => number }): { items: T[]; continue?: string } {
  const after = query.continue === undefined ? undefined : readToken(query.continue, list);
  const rest = after ? items.filter((item) => compare(place(item), after) > 0) : items;
  const page = rest.slice(0, query.limit);
  const last = page.at(-1);

  return { items: page, ...(last && rest.length > page.length ? { continue: Buffer.from(JSON.stringify([list, ...place(last)])).toString('base64url') } : {}) };
}

/** Order of places whose first value counts down (newest first) and whose others count up. */
export function newestFirstPlaces(a: readonly string[], b: readonly string[]): number {
  return -compareText(a[0] ?? '', b[0] ?? '') || risingPlaces(a.slice(1), b.slice(1));
}

/** Order of places whose values all count up. */
export function risingPlaces(a: readonly string[], b: readonly string[]): number {
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const order = compareText(a[at] ?? '', b[at] ?? '');

    if (order !== 0) return order;
  }
  return 0;
}

function readToken(token: string, list: string): string[] {
  try {
    const place: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));

    if (Array.isArray(place) && place.every((value) => typeof value === 'string') && place[0] === list) return place.slice(1);
  } catch {
    // Told below: it is no token of ours.
  }
  throw new Problem('HVB-HTTP-CONTINUE-INVALID', 'The value of "continue" is not one that this list gave.');
}
