/** Label and field selectors: what they match. */
import type { KubeObject } from './types.ts';
import type { ResourceType } from './resource-type.ts';
import { badRequest } from './status.ts';
import { getPath } from './object.ts';
import { parseLabelSelector, type LabelRequirement, type Operator } from './label-selector.ts';

/** Decides whether an object is selected. */
export type Matcher = (object: KubeObject) => boolean;

/** Whether labels satisfy every requirement; `!=` and `notin` also accept an absent label. */
export function matchesLabels(requirements: readonly LabelRequirement[], labels: Readonly<Record<string, string>> | undefined): boolean {
  return requirements.every(({ key, operator, values }) => {
    const value = labels && Object.hasOwn(labels, key) ? labels[key] : undefined;
    switch (operator) {
      case 'exists': return value !== undefined;
      case '!': return value === undefined;
      case 'in': return value !== undefined && values.includes(value);
      case 'notin': return value === undefined || !values.includes(value);
      default: {
        if (value === undefined || !/^-?\d+$/.test(value)) return false;
        const [left, right] = [BigInt(value), BigInt(values[0] ?? '0')];
        return operator === 'gt' ? left > right : left < right;
      }
    }
  });
}

/** One term of a field selector. */
export interface FieldRequirement {
  field: string;
  equal: boolean;
  value: string;
}

/** Parses `metadata.name=x,status.phase!=y`; `\\`, `\,` and `\=` escape. Throws a 400 ApiError. */
export function parseFieldSelector(text: string): FieldRequirement[] {
  return text.split(/(?<!\\),/).filter((term) => term !== '').map((term) => {
    const match = /^((?:\\.|[^=!\\])*)(==|!=|=)(.*)$/s.exec(term);
    if (!match) throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`);
    return { field: match[1] ?? '', equal: match[2] !== '!=', value: (match[3] ?? '').replace(/\\(.)/gs, '$1') };
  });
}

function fieldValue(value: unknown): string {
  return value === undefined || value === null ? '' : String(value);
}

/** Matcher for both selectors of a request on a type. Throws a 400 ApiError for syntax and for fields that can't be selected. */
export function compileMatcher(type: ResourceType, labelSelector: string, fieldSelector: string): Matcher | undefined {
  const labels = parseLabelSelector(labelSelector);
  const fields = parseFieldSelector(fieldSelector).map((requirement) => {
    const path = requirement.field === 'metadata.name' || requirement.field === 'metadata.namespace'
      ? requirement.field.split('.') : type.selectableFields[requirement.field];
    if (!path && !type.custom && Object.keys(type.selectableFields).length === 0) throw badRequest(`${JSON.stringify(requirement.field)} is not a known field selector: only "metadata.name", "metadata.namespace"`);
    if (!path) throw badRequest(`field label not supported: ${requirement.field}`);
    return { ...requirement, path };
  });
  if (labels.length === 0 && fields.length === 0) return undefined;
  return (object) => matchesLabels(labels, object.metadata.labels)
    && fields.every(({ path, equal, value }) => (fieldValue(getPath(object, path)) === value) === equal);
}

/** Whether labels match a `LabelSelector` object (matchLabels and matchExpressions). */
export function matchesLabelSelector(selector: { matchLabels?: Record<string, string>; matchExpressions?: Array<{ key: string; operator: string; values?: string[] }> },
  labels: Readonly<Record<string, string>> | undefined): boolean {
  const operators: Record<string, Operator> = { In: 'in', NotIn: 'notin', Exists: 'exists', DoesNotExist: '!' };
  return matchesLabels([
    ...Object.entries(selector.matchLabels ?? {}).map(([key, value]): LabelRequirement => ({ key, operator: 'in', values: [value] })),
    ...(selector.matchExpressions ?? []).map(({ key, operator, values }): LabelRequirement => ({ key, operator: operators[operator] ?? 'exists', values: values ?? [] })),
  ], labels);
}
