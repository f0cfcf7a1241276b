/** ValidatingAdmissionPolicies: what is asked between validation and storing. */
import type { Core } from '../core.ts';
import type { Rbac } from '../rbac.ts';
import type { ResourceType } from '../resource-type.ts';
import type { RequestInfo } from '../routing.ts';
import type { Identity, JsonObject, KubeObject } from '../types.ts';
import type { CompiledPolicy } from './policy.ts';
import type { Subject } from './match.ts';
import { isObject } from '../object.ts';
import { ApiError, forbidden } from '../status.ts';
import { evaluatePolicy, plainCel } from './evaluate.ts';
import { covers } from './match.ts';
import { compilePolicy } from './policy.ts';

const GROUP = 'admissionregistration.k8s.io';
const POLICIES = `${GROUP}/validatingadmissionpolicies`;
const BINDINGS = `${GROUP}/validatingadmissionpolicybindings`;
/** HTTP codes of the reasons that a validation may name. */
const CODES: Readonly<Record<string, number>> = { Unauthorized: 401, Forbidden: 403, Invalid: 422, RequestEntityTooLarge: 413 };

/** A change of an object, before it is stored. */
export interface Change {
  operation: Subject['operation'];
  object?: KubeObject;
  oldObject?: KubeObject;
  dryRun: boolean;
}

/** Throws 403 or 422 when a policy denies the change. */
export type Admit = (change: Change) => void;

interface Bound { binding: string; matchResources: JsonObject; policy: CompiledPolicy }

/** The policies that are bound; compiled again on the first request after one changed. */
export class Admission {
  readonly #core: Core;
  readonly #rbac: Rbac;
  #bound: Bound[] | undefined;

  constructor(core: Core, rbac: Rbac) {
    this.#core = core;
    this.#rbac = rbac;
    for (const resource of [POLICIES, BINDINGS]) core.store.subscribe(resource, () => { this.#bound = undefined; });
  }

  /** What a request has to ask before it changes an object. */
  forRequest(identity: Identity, info: RequestInfo, type: ResourceType): Admit {
    return (change) => this.#admit(identity, info, type, change);
  }

  #admit(identity: Identity, info: RequestInfo, type: ResourceType, change: Change): void {
    // A policy can't keep anybody from changing policies.
    if (type.group === GROUP) return;
    this.#bound ??= this.#compile();
    const subject = this.#subject(info, type, change);
    const matching = this.#bound.filter(({ policy, matchResources }) => covers(policy.matchConstraints, subject) && covers(matchResources, subject));
    if (matching.length === 0) return;
    const input = inputOf(identity, subject, type, change.dryRun);
    for (const { policy, binding } of matching) {
      const denial = evaluatePolicy(policy, input, (attributes) => this.#rbac.authorize(identity, attributes));
      if (!denial) continue;
      const message = `ValidatingAdmissionPolicy '${policy.name}' with binding '${binding}' denied request: ${denial.message}`;
      const error = forbidden({ group: type.group, name: type.plural }, subject.name, message, [{ reason: '', message }]);
      throw new ApiError(CODES[denial.reason] ?? 422, denial.reason, error.message, error.details);
    }
  }

  #subject({ subresource = '' }: RequestInfo, type: ResourceType, { operation, object, oldObject }: Change): Subject {
    const { name = '', namespace } = (object ?? oldObject)?.metadata ?? {};
    return {
      operation, group: type.group, version: type.version, resource: type.plural, subresource, name, namespaced: type.namespaced, object, oldObject,
      namespaceObject: namespace === undefined ? undefined : this.#core.store.get('/namespaces', namespace),
    };
  }

  #compile(): Bound[] {
    const policies = new Map(this.#core.store.list(POLICIES).map((policy) => [policy.metadata.name, compilePolicy(policy)]));
    return this.#core.store.list(BINDINGS).flatMap((binding) => {
      const spec = isObject(binding.spec) ? binding.spec : {};
      const policy = policies.get(String(spec.policyName));
      return policy ? [{ binding: binding.metadata.name, matchResources: isObject(spec.matchResources) ? spec.matchResources : {}, policy }] : [];
    });
  }
}

/** The variables that every expression sees. */
function inputOf({ user, groups }: Identity, subject: Subject, type: ResourceType, dryRun: boolean): JsonObject {
  const { object, oldObject, namespaceObject, operation, group, version, resource, subresource, name } = subject;
  const { namespace } = (object ?? oldObject)?.metadata ?? {};
  const kind = { group, version, kind: type.kind };
  const request = {
    kind, resource: { group, version, resource }, requestKind: kind, requestResource: { group, version, resource }, operation, dryRun, name,
    userInfo: { username: user, groups: [...groups] },
    ...(namespace === undefined ? {} : { namespace }), ...(subresource === '' ? {} : { subResource: subresource, requestSubResource: subresource }),
  };
  return { object: plainCel(object), oldObject: plainCel(oldObject), request: plainCel(request), namespaceObject: plainCel(namespaceObject) };
}
