/** The part of JSONPath that printer columns use: `.a.b`, `['a']`, `[0]`, `[*]`, `[?(@.type=="Ready")]`. */
import { isObject } from './object.ts';

type Step = { field: string } | { index: number } | { all: true } | { filter: string[]; value: string };

const STEP = /\.([A-Za-z0-9_$-]+(?:\\\.[A-Za-z0-9_$-]+)*)|\['((?:[^'\\]|\\.)*)'\]|\[(-?\d+)\]|\[(\*)\]|\[\?\(\s*@((?:\.[A-Za-z0-9_-]+)+)\s*==\s*(?:"([^"]*)"|'([^']*)')\s*\)\]/y;

/** Compiles a path; undefined when it uses something that is not supported. */
export function compileJsonPath(path: string): ((value: unknown) => unknown[]) | undefined {
  const text = path.replace(/^\{(.*)\}$/s, '$1').replace(/^\$/, '');
  const steps: Step[] = [];
  STEP.lastIndex = 0;
  while (STEP.lastIndex < text.length) {
    const match = STEP.exec(text);
    if (!match) return undefined;
    const [, dotted, quoted, index, all, filter, doubleQuoted, singleQuoted] = match;
    if (dotted !== undefined) steps.push({ field: dotted.replaceAll('\\.', '.') });
    else if (quoted !== undefined) steps.push({ field: quoted });
    else if (index !== undefined) steps.push({ index: Number(index) });
    else if (all !== undefined) steps.push({ all: true });
    else steps.push({ filter: (filter ?? '').slice(1).split('.'), value: doubleQuoted ?? singleQuoted ?? '' });
  }
  return (value) => steps.reduce<unknown[]>((values, step) => values.flatMap((item) => take(item, step)), [value]);
}

function take(value: unknown, step: Step): unknown[] {
  if ('field' in step) return isObject(value) && Object.hasOwn(value, step.field) ? [value[step.field]] : [];
  if (!Array.isArray(value)) return [];
  if ('all' in step) return value;
  if ('index' in step) return value.slice(step.index, step.index === -1 ? undefined : step.index + 1);
  return value.filter((item) => step.filter.reduce<unknown>((current, field) => (isObject(current) ? current[field] : undefined), item) === step.value);
}
