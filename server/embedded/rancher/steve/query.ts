import type { SteveResource } from './types.ts';
import { jsonPath } from './json-path.ts';

/** One `filter=` parameter: alternatives, of which one must hold. */
type Filter = Term[];

interface Term {
  path: string;
  operator: '=' | '!=' | '~' | '!~' | '<' | '>' | 'in' | 'notin' | 'exists' | 'absent';
  values: string[];
}

/** What a list request asks for beside the type. */
export interface ListQuery {
  filters: Filter[];
  /** Fields in order of weight. */
  sort: { path: string; descending: boolean }[];
  /** From 1. */
  page: number;
  /** 0: everything. */
  pageSize: number;
  /** Names of projects (`<cluster>:p-x` or `p-x`) and namespaces of which an object must be in one. */
  projectsOrNamespaces: { names: string[]; exclude: boolean }[];
  labelSelector: string;
  fieldSelector: string;
  exclude: string[];
}

const OPERATOR = /^(.*?)\s*(!=|!~|==|=|~|\s+NOTIN\s+|\s+IN\s+|\s+notin\s+|\s+in\s+|<|>)\s*(.*)$/s;

/** A field name of a query (`metadata.labels[a/b]`, `metadata.fields[2]`, `spec.x`) as a JSON path. */
function pathOf(field: string): string {
  const path = field.trim().replace(/\[([^\]]*)\]/g, (_match, key: string) => (/^\d+$|^\*$/.test(key) ? `[${key}]` : `['${key.replaceAll('"', '')}']`));

  return path.startsWith('.') || path.startsWith('$') ? path : `.${path}`;
}

/** Splits at commas that are not in parentheses or quotes. */
function splitAlternatives(text: string): string[] {
  return text.match(/(?:\([^)]*\)|"[^"]*"|[^,])+/g) ?? [];
}

const unquote = (text: string): string => text.trim().replace(/^"(.*)"$/s, '$1').replace(/^'(.*)'$/s, '$1');

function parseTerm(text: string): Term {
  const match = OPERATOR.exec(text);

  if (!match) {
    return text.startsWith('!')
      ? { path: pathOf(text.slice(1)), operator: 'absent', values: [] }
      : { path: pathOf(text), operator: 'exists', values: [] };
  }
  const [, field = '', rawOperator = '', value = ''] = match;
  const operator = rawOperator.trim().toLowerCase();

  if (operator === 'in' || operator === 'notin') {
    const values = value.trim().replace(/^\(|\)$/g, '').split(',').map(unquote);

    return { path: pathOf(field), operator, values };
  }

  return { path: pathOf(field), operator: (operator === '==' ? '=' : operator) as Term['operator'], values: [unquote(value)] };
}

/** Reads the query of a Steve list, as Rancher's server-side pagination sends it. */
export function parseListQuery(query: URLSearchParams): ListQuery {
  const positive = (name: string, fallback: number): number => {
    const value = Number.parseInt(query.get(name) ?? '', 10);

    return Number.isFinite(value) && value > 0 ? value : fallback;
  };
  const scoped = (name: string, exclude: boolean) => query.getAll(name).map((value) => ({ names: value.split(',').filter(Boolean), exclude }));

  return {
    filters: query.getAll('filter').filter(Boolean).map((text) => splitAlternatives(text).map(parseTerm)),
    sort: (query.get('sort') ?? '').split(',').filter(Boolean).map((field) => ({ path: pathOf(field.replace(/^-/, '')), descending: field.startsWith('-') })),
    page: positive('page', 1),
    pageSize: positive('pagesize', positive('limit', 0)),
    projectsOrNamespaces: [...scoped('projectsornamespaces', false), ...scoped('projectsornamespaces!', true)],
    labelSelector: query.get('labelSelector') ?? '',
    fieldSelector: query.get('fieldSelector') ?? '',
    exclude: query.getAll('exclude'),
  };
}

/** Text of the values at a path; `id` and dates included. */
function textsAt(resource: SteveResource, path: string): string[] {
  return jsonPath(resource, path).flatMap((value) => (Array.isArray(value) ? value.map(String) : [typeof value === 'object' ? JSON.stringify(value) : String(value)]));
}

function holds(resource: SteveResource, term: Term): boolean {
  const texts = textsAt(resource, term.path);
  const [value = ''] = term.values;

  switch (term.operator) {
    case 'exists': return texts.length > 0;
    case 'absent': return texts.length === 0;
    case '=': return value === '' ? texts.length === 0 || texts.includes('') : texts.includes(value);
    case '!=': return !texts.includes(value);
    case '~': return texts.some((text) => text.toLowerCase().includes(value.toLowerCase()));
    case '!~': return !texts.some((text) => text.toLowerCase().includes(value.toLowerCase()));
    case 'in': return texts.some((text) => term.values.includes(text));
    case 'notin': return !texts.some((text) => term.values.includes(text));
    case '<': return texts.some((text) => Number(text) < Number(value));
    case '>': return texts.some((text) => Number(text) > Number(value));
  }
}

/** Whether a resource satisfies every filter of a query. */
export function matchesFilters(resource: SteveResource, filters: readonly Filter[]): boolean {
  return filters.every((terms) => terms.some((term) => holds(resource, term)));
}

function compareValues(a: unknown, b: unknown): number {
  if (a === b) return 0;
  if (a === undefined || a === null) return -1;
  if (b === undefined || b === null) return 1;
  if (typeof a === 'number' && typeof b === 'number') return a - b;

  return String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0;
}

/** Sorts in place as the query says, by id where that leaves a tie, so that pages don't overlap. */
export function sortResources(resources: SteveResource[], sort: ListQuery['sort']): SteveResource[] {
  const keyed = resources.map((resource) => ({ resource, keys: sort.map(({ path }) => jsonPath(resource, path)[0]) }));

  keyed.sort((a, b) => {
    for (const [index, { descending }] of sort.entries()) {
      const order = compareValues(a.keys[index], b.keys[index]);
      if (order !== 0) return descending ? -order : order;
    }

    return compareValues(a.resource.id, b.resource.id);
  });

  return keyed.map(({ resource }) => resource);
}

/** One page, and how many pages there are; everything with page size 0. */
export function pageOf<T>(items: readonly T[], page: number, pageSize: number): { items: T[]; pages: number } {
  if (pageSize === 0) return { items: [...items], pages: 1 };

  return { items: items.slice((page - 1) * pageSize, page * pageSize), pages: Math.max(1, Math.ceil(items.length / pageSize)) };
}
