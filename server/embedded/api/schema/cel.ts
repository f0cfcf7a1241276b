/** `x-kubernetes-validations`: CEL rules of a schema, compiled once per CRD. */
import type { JsonObject } from '../types.ts';
import type { FieldError } from '../status.ts';
import { isObject } from '../object.ts';
import { createCelEnvironment } from './cel-library.ts';
import { toCel } from './cel-values.ts';

const environment = createCelEnvironment().registerVariable('self', 'dyn').registerVariable('oldSelf', 'dyn');

/** A rule that does not compile, and where it stands. */
export class RuleError extends Error {
  readonly field: string;

  constructor(field: string, message: string, cause: unknown) {
    super(message, { cause });
    this.field = field;
  }
}

type Evaluate = (context: JsonObject) => unknown;

interface Rule {
  source: string;
  evaluate: Evaluate;
  /** Mentions oldSelf: evaluated on updates only, unless optionalOldSelf. */
  transition: boolean;
  message: string;
  messageExpression: Evaluate | undefined;
  reason: string;
  fieldPath: string;
}

/** Rules of one schema node and of what is below it; only nodes that lead to rules are kept. */
interface Node {
  schema: JsonObject;
  rules: Rule[];
  properties: Map<string, Node>;
  additional: Node | undefined;
  items: Node | undefined;
}

function compileRule(source: JsonObject, at: string): Rule {
  const text = String(source.rule);
  const compile = (expression: string, field: string): Evaluate => {
    try {
      const parsed = environment.parse(expression);
      const checked = parsed.check();
      if (!checked.valid) throw checked.error ?? new Error('type check failed');
      return parsed as Evaluate;
    } catch (error) {
      throw new RuleError(`${at}.${field}`, `the CEL expression ${JSON.stringify(expression)} does not compile: ${(error as Error).message}`, error);
    }
  };
  return {
    source: text, evaluate: compile(text, 'rule'), transition: /\boldSelf\b/.test(text) && source.optionalOldSelf !== true,
    message: typeof source.message === 'string' ? source.message : `failed rule: ${text.trim()}`,
    messageExpression: typeof source.messageExpression === 'string' ? compile(source.messageExpression, 'messageExpression') : undefined,
    reason: typeof source.reason === 'string' ? source.reason : 'FieldValueInvalid',
    fieldPath: typeof source.fieldPath === 'string' ? source.fieldPath : '',
  };
}

/** Compiles all rules under a schema; undefined when there are none. Throws when one does not compile. */
export function compileRules(schema: JsonObject, at = 'openAPIV3Schema'): Node | undefined {
  const rules = (Array.isArray(schema['x-kubernetes-validations']) ? schema['x-kubernetes-validations'] : []).filter(isObject).map((rule, index) => compileRule(rule, `${at}.x-kubernetes-validations[${index}]`));
  const properties = new Map<string, Node>();
  for (const [field, child] of Object.entries(isObject(schema.properties) ? schema.properties : {})) {
    const node = isObject(child) ? compileRules(child, `${at}.properties[${field}]`) : undefined;
    if (node) properties.set(field, node);
  }
  const additional = isObject(schema.additionalProperties) ? compileRules(schema.additionalProperties, `${at}.additionalProperties`) : undefined;
  const items = isObject(schema.items) ? compileRules(schema.items, `${at}.items`) : undefined;
  if (rules.length === 0 && properties.size === 0 && !additional && !items) return undefined;
  return { schema, rules, properties, additional, items };
}

function typeName(schema: JsonObject, value: unknown): string {
  if (typeof schema.type === 'string') return schema.type;
  return typeof value;
}

function evaluateRule(rule: Rule, schema: JsonObject, value: unknown, old: unknown, at: string): FieldError[] {
  if (rule.transition && old === undefined) return [];
  const context: JsonObject = { self: toCel(schema, value), oldSelf: old === undefined ? null : toCel(schema, old) };
  const report = (text: string): FieldError[] =>
    [{ field: (at + rule.fieldPath).replace(/^\./, '') || '<nil>', reason: rule.reason, text: rule.reason === 'FieldValueRequired' ? `Required value: ${text}` : rule.reason === 'FieldValueForbidden' ? `Forbidden: ${text}` : `Invalid value: ${JSON.stringify(typeName(schema, value))}: ${text}` }];
  let result: unknown;
  try {
    result = rule.evaluate(context);
  } catch (error) {
    return report(`rule error: ${(error as Error).message.split('\n')[0]}: evaluating rule: ${rule.source.trim()}`);
  }
  if (result === true) return [];
  return report(explain(rule, context));
}

function explain(rule: Rule, context: JsonObject): string {
  try {
    const text: unknown = rule.messageExpression?.(context);
    if (typeof text === 'string' && text.trim() !== '') return text;
  } catch { /* as in the real server, the plain message is used */ }
  return rule.message;
}

/** The item of the old list that an item corresponds to: only lists of type map correlate. */
function oldItem(schema: JsonObject, item: unknown, old: unknown): unknown {
  const keys = schema['x-kubernetes-list-map-keys'];
  if (schema['x-kubernetes-list-type'] !== 'map' || !Array.isArray(keys) || !Array.isArray(old) || !isObject(item)) return undefined;
  return old.find((candidate) => isObject(candidate) && keys.every((key) => candidate[String(key)] === item[String(key)]));
}

/** Errors of all rules for a value that is valid by its schema; `old` is the stored value on an update. */
export function evaluateRules(node: Node | undefined, value: unknown, old: unknown, at = ''): FieldError[] {
  if (!node || value === undefined || value === null) return [];
  const errors = node.rules.flatMap((rule) => evaluateRule(rule, node.schema, value, old, at));
  if (Array.isArray(value)) {
    value.forEach((item, index) => errors.push(...evaluateRules(node.items, item, oldItem(node.schema, item, old), `${at}[${index}]`)));
  } else if (isObject(value)) {
    for (const field of Object.keys(value)) {
      const before = isObject(old) ? old[field] : undefined;
      errors.push(...evaluateRules(node.properties.get(field) ?? node.additional, value[field], before, at === '' ? field : `${at}.${field}`));
    }
  }
  return errors;
}
