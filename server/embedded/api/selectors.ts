/** Label and field selectors: parsing and matching. */
import type { KubeObject } from './types.ts';
import type { ResourceType } from './resource-type.ts';
import { badRequest } from './status.ts';
import { getPath } from './object.ts';
import { labelKeyProblem, labelValueProblem } from './names.ts';

type Operator = 'in' | 'notin' | 'exists' | '!' | 'gt' | 'lt';

/** One term of a label selector. */
export interface LabelRequirement {
  key: string;
  operator: Operator;
  values: readonly string[];
}

/** Decides whether an object is selected. */
export type Matcher = (object: KubeObject) => boolean;

const TOKEN = /\s*(?:(==|!=|=|!|,|\(|\)|>|<)|([^\s=!,()<>]+))/y;

function tokenize(text: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const from = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (!match) {
      if (text.slice(from).trim() === '') break;
      throw selectorError(text, `unexpected ${JSON.stringify(text.slice(from))}`);
    }
    tokens.push(match[1] ?? match[2] ?? '');
  }
  return tokens;
}

function selectorError(text: string, why: string): Error {
  return badRequest(`unable to parse requirement: ${why} in label selector ${JSON.stringify(text)}`);
}

const PUNCTUATION = new Set(['==', '!=', '=', '!', ',', '(', ')', '>', '<']);

/** Parses Kubernetes label selector syntax: `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>5`. Throws a 400 ApiError. */
export function parseLabelSelector(text: string): LabelRequirement[] {
  const tokens = tokenize(text);
  const requirements: LabelRequirement[] = [];
  let position = 0;
  const peek = (): string | undefined => tokens[position];
  const word = (what: string): string => {
    const token = tokens[position++];
    if (token === undefined || PUNCTUATION.has(token)) throw selectorError(text, `expected ${what}, found ${JSON.stringify(token ?? '')}`);
    return token;
  };
  const optionalWord = (): string => {
    const token = peek();
    if (token === undefined || PUNCTUATION.has(token)) return '';
    position++;
    return token;
  };
  const valueSet = (): string[] => {
    if (tokens[position++] !== '(') throw selectorError(text, "expected '('");
    const values = new Set<string>();
    for (;;) {
      values.add(optionalWord());
      const token = tokens[position++];
      if (token === ')') return [...values];
      if (token !== ',') throw selectorError(text, "expected ',' or ')'");
    }
  };
  const term = (): LabelRequirement => {
    if (peek() === '!') {
      position++;
      return { key: word('a key'), operator: '!', values: [] };
    }
    const key = word('a key');
    const token = peek();
    if (token === undefined || token === ',') return { key, operator: 'exists', values: [] };
    position++;
    if (token === '=' || token === '==') return { key, operator: 'in', values: [optionalWord()] };
    if (token === '!=') return { key, operator: 'notin', values: [optionalWord()] };
    if (token === 'in' || token === 'notin') return { key, operator: token, values: valueSet() };
    if (token === '>' || token === '<') {
      const value = word('a number');
      if (!/^-?\d+$/.test(value)) throw selectorError(text, `expected an integer after ${token}, found ${JSON.stringify(value)}`);
      return { key, operator: token === '>' ? 'gt' : 'lt', values: [value] };
    }
    throw selectorError(text, `found ${JSON.stringify(token)}, expected one of: =, !=, ==, in, notin, >, <`);
  };
  while (position < tokens.length) {
    const requirement = term();
    const problem = labelKeyProblem(requirement.key) ?? requirement.values.map((value) => labelValueProblem(value)).find((found) => found !== undefined);
    if (problem) throw selectorError(text, problem);
    requirements.push(requirement);
    if (position < tokens.length && (tokens[position++] !== ',' || position === tokens.length)) throw selectorError(text, "expected ','");
  }
  return requirements;
}

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
