/** Evaluates one compiled policy over one request. */
import type { JsonObject } from '../types.ts';
import type { Ask } from './authorizer.ts';
import type { CompiledPolicy, Evaluate, NamedExpression, Validation } from './policy.ts';
import { isObject } from '../object.ts';
import { Authorizer } from './authorizer.ts';

/** Longest text that a message expression may give, in bytes. */
const MAX_MESSAGE = 5 * 1024;

/** A request that is not let through. */
export interface Denial { message: string; reason: string }

/** JSON values as CEL sees them here: integers as int, fields under their own names (rules of CRDs see them escaped). */
export function plainCel(value: unknown): unknown {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(plainCel);
  if (!isObject(value)) return value ?? null;
  // No prototype: `has(object.constructor)` must be false.
  const result = Object.create(null) as JsonObject;
  for (const [field, child] of Object.entries(value)) result[field] = plainCel(child);
  return result;
}

/** The input with `variables`: each is worked out when it is first asked for, and once. */
function withVariables(variables: readonly NamedExpression[], input: JsonObject): JsonObject {
  const result = Object.create(null) as JsonObject;
  const context = { ...input, variables: result };
  for (const { name, evaluate } of variables) {
    Object.defineProperty(result, name, {
      enumerable: true, configurable: true,
      get() {
        const value = evaluate(context);
        Object.defineProperty(result, name, { enumerable: true, value });
        return value;
      },
    });
  }
  return context;
}

function reasonOf(error: unknown): string {
  return (error as Error).message.split('\n')[0] ?? '';
}

/** The first denial of a policy; undefined when it lets the request through. `input` has `object`, `oldObject`, `request`, `namespaceObject`. */
export function evaluatePolicy(policy: CompiledPolicy, input: JsonObject, ask: Ask): Denial | undefined {
  const authorizer = new Authorizer(ask);
  const context = withVariables(policy.variables, { ...input, authorizer });
  const run = (evaluate: Evaluate): unknown => {
    authorizer.reset();
    return evaluate(context);
  };
  const broken = (what: string, error: unknown): Denial | undefined => (policy.failClosed ? { reason: 'Invalid', message: `${what} resulted in error: ${reasonOf(error)}` } : undefined);

  for (const { name, evaluate } of policy.matchConditions) {
    try {
      if (run(evaluate) !== true) return undefined;
    } catch (error) {
      return broken(`match condition '${name}'`, error);
    }
  }
  for (const validation of policy.validations) {
    try {
      if (run(validation.evaluate) === true) continue;
    } catch (error) {
      const denial = broken(`expression '${validation.source}'`, error);
      if (denial) return denial;
      continue;
    }
    return { reason: validation.reason, message: messageOf(validation, policy.variables, input) };
  }
  return undefined;
}

/** As in the real server: a message can't ask the authorizer, and one that fails, has line breaks or is too long gives way to the fixed one. */
function messageOf({ messageExpression, message, source }: Validation, variables: readonly NamedExpression[], input: JsonObject): string {
  const fixed = message === '' ? `failed expression: ${source}` : message;
  try {
    const text: unknown = messageExpression?.(withVariables(variables, input));
    if (typeof text !== 'string') return fixed;
    const trimmed = text.trim();
    return trimmed === '' || trimmed.includes('\n') || Buffer.byteLength(trimmed) > MAX_MESSAGE ? fixed : trimmed;
  } catch {
    return fixed;
  }
}
