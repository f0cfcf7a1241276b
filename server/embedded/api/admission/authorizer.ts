/** The CEL library `authorizer`: asks RBAC about the person who sends the request. */
import type { Environment } from '@marcbachmann/cel-js';
import type { Decision, RequestAttributes } from '../types.ts';

/** Decides about attributes for one identity. */
export type Ask = (attributes: RequestAttributes) => Decision;

const PACKAGE = 'kubernetes.authorization';
/** What one check costs, and what an expression may cost at most, as in kube-apiserver: two checks, not three. */
const CHECK_COST = 350_000;
const EXPRESSION_LIMIT = 1_000_000;

/** `authorizer` in an expression. Make a new one per evaluation: it counts what the expression costs. */
export class Authorizer {
  readonly #ask: Ask;
  #cost = 0;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /** Begins a new expression. */
  reset(): void {
    this.#cost = 0;
  }

  decide(attributes: RequestAttributes): Decision {
    this.#cost += CHECK_COST;
    if (this.#cost > EXPRESSION_LIMIT) throw new Error('operation cancelled: actual cost limit exceeded');
    return this.#ask(attributes);
  }
}

class GroupCheck {
  readonly authorizer: Authorizer;
  readonly group: string;

  constructor(authorizer: Authorizer, group: string) {
    this.authorizer = authorizer;
    this.group = group;
  }
}

class ResourceCheck {
  readonly authorizer: Authorizer;
  readonly attributes: RequestAttributes;

  constructor(authorizer: Authorizer, attributes: RequestAttributes) {
    this.authorizer = authorizer;
    this.attributes = attributes;
  }

  with(more: Partial<RequestAttributes>): ResourceCheck {
    return new ResourceCheck(this.authorizer, { ...this.attributes, ...more });
  }
}

class AuthorizerDecision {
  readonly decision: Decision;

  constructor(decision: Decision) {
    this.decision = decision;
  }
}

/** An empty text is as if it had not been said. */
function set(field: 'subresource' | 'namespace' | 'name', value: string): Partial<RequestAttributes> {
  return value === '' ? {} : { [field]: value };
}

/** Adds the types and functions of the library, without the variable. */
export function registerAuthorizer(environment: Environment): Environment {
  return environment
    .registerType(`${PACKAGE}.Authorizer`, Authorizer)
    .registerType(`${PACKAGE}.GroupCheck`, GroupCheck)
    .registerType(`${PACKAGE}.ResourceCheck`, ResourceCheck)
    .registerType(`${PACKAGE}.Decision`, AuthorizerDecision)
    .registerFunction(`${PACKAGE}.Authorizer.group(string): ${PACKAGE}.GroupCheck`, (authorizer: Authorizer, group: string) => new GroupCheck(authorizer, group))
    .registerFunction(`${PACKAGE}.GroupCheck.resource(string): ${PACKAGE}.ResourceCheck`,
      ({ authorizer, group }: GroupCheck, resource: string) => new ResourceCheck(authorizer, { verb: '', path: '', group, resource }))
    .registerFunction(`${PACKAGE}.ResourceCheck.subresource(string): ${PACKAGE}.ResourceCheck`, (check: ResourceCheck, subresource: string) => check.with(set('subresource', subresource)))
    .registerFunction(`${PACKAGE}.ResourceCheck.namespace(string): ${PACKAGE}.ResourceCheck`, (check: ResourceCheck, namespace: string) => check.with(set('namespace', namespace)))
    .registerFunction(`${PACKAGE}.ResourceCheck.name(string): ${PACKAGE}.ResourceCheck`, (check: ResourceCheck, name: string) => check.with(set('name', name)))
    .registerFunction(`${PACKAGE}.ResourceCheck.check(string): ${PACKAGE}.Decision`,
      ({ authorizer, attributes }: ResourceCheck, verb: string) => new AuthorizerDecision(authorizer.decide({ ...attributes, verb })))
    .registerFunction(`${PACKAGE}.Decision.allowed(): bool`, ({ decision }: AuthorizerDecision) => decision.allowed)
    .registerFunction(`${PACKAGE}.Decision.reason(): string`, ({ decision }: AuthorizerDecision) => decision.reason);
}

/** The type of the variable `authorizer`. */
export const AUTHORIZER_TYPE = `${PACKAGE}.Authorizer`;
