/** Values under the JSON paths that printer columns use: fields, `[n]`, `[*]` and `[?(@.field=="value")]`. */

type Step = { field: string } | { index: number } | { all: true } | { field: string; equals: string };

const STEP = /\.([\w-]+)|\['([^']*)'\]|\[(\d+)\]|\[(\*)\]|\[\?\(@\.([\w.]+)==["']([^"']*)["']\)\]/y;

function parse(path: string): Step[] {
  const text = path.replace(/\\\./g, '\u0000').replace(/^\{|\}$/g, '').replace(/^\$/, '');
  const steps: Step[] = [];
  STEP.lastIndex = 0;

  while (STEP.lastIndex < text.length) {
    const match = STEP.exec(text);

    if (!match) return [];
    const [, field, quoted, index, all, filterField, filterValue] = match;
    if (filterField !== undefined) steps.push({ field: filterField, equals: filterValue ?? '' });
    else if (all) steps.push({ all: true });
    else if (index !== undefined) steps.push({ index: Number(index) });
    else steps.push({ field: (field ?? quoted ?? '').replaceAll('\u0000', '.') });
  }

  return steps;
}

function child(value: unknown, field: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, field) ? (value as Record<string, unknown>)[field] : undefined;
}

function apply(values: unknown[], step: Step): unknown[] {
  return values.flatMap((value) => {
    if ('equals' in step) return Array.isArray(value) ? (value as unknown[]).filter((item) => String(child(item, step.field)) === step.equals) : [];
    if ('field' in step) return [child(value, step.field)];
    if (!Array.isArray(value)) return [];

    return 'index' in step ? [value[step.index] as unknown] : (value as unknown[]);
  }).filter((value) => value !== undefined && value !== null);
}

const parsed = new Map<string, Step[]>();

/** All values at a JSON path; empty where there is none or the path is of a form that columns don't use. */
export function jsonPath(object: unknown, path: string): unknown[] {
  let steps = parsed.get(path);

  if (!steps) {
    steps = parse(path);
    parsed.set(path, steps);
  }

  return steps.length === 0 ? [] : steps.reduce<unknown[]>(apply, [object]);
}
