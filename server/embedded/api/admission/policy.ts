/** A ValidatingAdmissionPolicy with its expressions compiled. */
import type { Environment } from '@marcbachmann/cel-js';
import type { FieldError } from '../status.ts';
import type { JsonObject, KubeObject } from '../types.ts';
import { isObject } from '../object.ts';
import { createCelEnvironment } from '../schema/cel-library.ts';
import { invalidValue, required } from '../status.ts';
import { AUTHORIZER_TYPE, registerAuthorizer } from './authorizer.ts';

/** Evaluates a compiled expression. Throws where the expression fails. */
export type Evaluate = (context: JsonObject) => unknown;

/** `name` and what it is worth; of `variables` and `matchConditions`. */
export interface NamedExpression { name: string; evaluate: Evaluate }

/** One of `spec.validations`. */
export interface Validation {
  source: string;
  evaluate: Evaluate;
  message: string;
  messageExpression: Evaluate | undefined;
  /** Reason of the Status that a denial is answered with. */
  reason: string;
}

/** What {@link compilePolicy} gives. */
export interface CompiledPolicy {
  name: string;
  matchConstraints: JsonObject;
  matchConditions: NamedExpression[];
  variables: NamedExpression[];
  validations: Validation[];
  /** An expression that can't be evaluated denies the request (`Fail`), or counts as true (`Ignore`). */
  failClosed: boolean;
}

function environment(): Environment {
  return createCelEnvironment()
    .registerVariable('object', 'dyn').registerVariable('oldObject', 'dyn').registerVariable('request', 'dyn').registerVariable('namespaceObject', 'dyn').registerVariable('variables', 'dyn');
}

// As in the real server: a message can't ask the authorizer.
const forMessages = environment();
const forRules = registerAuthorizer(environment()).registerVariable('authorizer', AUTHORIZER_TYPE);

class CompileError extends Error {
  readonly field: string;
  readonly expression: string;

  constructor(field: string, expression: string, cause: Error) {
    super(`compilation failed: ${cause.message.split('\n')[0]}`, { cause });
    this.field = field;
    this.expression = expression;
  }
}

function compile(expression: unknown, field: string, from: Environment): Evaluate {
  const text = String(expression ?? '');
  try {
    const parsed = from.parse(text);
    const checked = parsed.check();
    if (!checked.valid) throw checked.error ?? new Error('type check failed');
    return parsed as Evaluate;
  } catch (error) {
    throw new CompileError(field, text, error as Error);
  }
}

function items(spec: JsonObject, field: string): JsonObject[] {
  return Array.isArray(spec[field]) ? spec[field].filter(isObject) : [];
}

function named(spec: JsonObject, field: string): NamedExpression[] {
  return items(spec, field).map(({ name, expression }, index) => ({ name: String(name), evaluate: compile(expression, `spec.${field}[${index}].expression`, forRules) }));
}

/** Compiles a policy. Throws when an expression does not compile. */
export function compilePolicy(policy: KubeObject): CompiledPolicy {
  const spec = isObject(policy.spec) ? policy.spec : {};
  return {
    name: policy.metadata.name,
    matchConstraints: isObject(spec.matchConstraints) ? spec.matchConstraints : {},
    matchConditions: named(spec, 'matchConditions'),
    variables: named(spec, 'variables'),
    validations: items(spec, 'validations').map(({ expression, message, messageExpression, reason }, index) => ({
      source: String(expression ?? '').trim(),
      evaluate: compile(expression, `spec.validations[${index}].expression`, forRules),
      message: typeof message === 'string' ? message.trim() : '',
      messageExpression: typeof messageExpression === 'string' ? compile(messageExpression, `spec.validations[${index}].messageExpression`, forMessages) : undefined,
      reason: typeof reason === 'string' ? reason : 'Invalid',
    })),
    failClosed: spec.failurePolicy !== 'Ignore',
  };
}

/** What is wrong with a policy that somebody writes; also what this server does not know, so that no policy is silently weaker here. */
export function validatePolicy(policy: KubeObject): FieldError[] {
  const spec = isObject(policy.spec) ? policy.spec : {};
  if (spec.paramKind !== undefined) return [invalidValue('spec.paramKind', spec.paramKind, 'this server knows no parameters of policies')];
  const rules = isObject(spec.matchConstraints) ? spec.matchConstraints.resourceRules : undefined;
  if (!Array.isArray(rules) || rules.length === 0) return [required('spec.matchConstraints.resourceRules')];
  if (items(spec, 'validations').length === 0) return [required('spec.validations', 'validations or auditAnnotations must contain at least one item')];
  try {
    compilePolicy(policy);
    return [];
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    return [invalidValue(error.field, error.expression, error.message)];
  }
}

/** What is wrong with a binding, or not known here. */
export function validateBinding(binding: KubeObject): FieldError[] {
  const spec = isObject(binding.spec) ? binding.spec : {};
  if (typeof spec.policyName !== 'string' || spec.policyName === '') return [required('spec.policyName')];
  if (spec.paramRef !== undefined) return [invalidValue('spec.paramRef', spec.paramRef, 'this server knows no parameters of policies')];
  const actions = Array.isArray(spec.validationActions) ? spec.validationActions : [];
  if (actions.length === 0) return [required('spec.validationActions')];
  return actions.every((action) => action === 'Deny') ? [] : [invalidValue('spec.validationActions', actions, 'this server knows the action Deny only')];
}
