/** Reviews: questions to RBAC and to the authenticator; nothing is stored. */
import type { Identity, JsonObject, RequestAttributes } from './types.ts';
import { completeIdentity, type Rbac } from './rbac.ts';
import { badRequest, invalid, invalidValue } from './status.ts';
import { isObject } from './object.ts';

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function attributesOf(spec: JsonObject): RequestAttributes {
  const resource = spec.resourceAttributes;
  if (isObject(resource)) {
    return {
      path: '', verb: text(resource.verb), group: text(resource.group), resource: text(resource.resource),
      ...(resource.subresource ? { subresource: text(resource.subresource) } : {}),
      ...(resource.namespace ? { namespace: text(resource.namespace) } : {}),
      ...(resource.name ? { name: text(resource.name) } : {}),
    };
  }
  const url = spec.nonResourceAttributes;
  if (!isObject(url)) throw invalid(REVIEW, '', [invalidValue('spec.resourceAttributes', 'null', 'exactly one of nonResourceAttributes or resourceAttributes must be specified')]);
  return { path: text(url.path), verb: text(url.verb) };
}

/** How the real server names reviews in errors: without their kind. */
const REVIEW = { group: 'authorization.k8s.io', name: '' };

/** A spec without empty texts, as it is answered. */
function shown(spec: JsonObject): JsonObject {
  const attributes = spec.resourceAttributes;
  return isObject(attributes) ? { ...spec, resourceAttributes: Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== '')) } : spec;
}

/** True for the reviews that {@link review} answers. */
export function isReview(group: string, version: string, resource: string): boolean {
  if (version !== 'v1') return false;
  return group === 'authentication.k8s.io' ? resource === 'selfsubjectreviews' : group === 'authorization.k8s.io' && (resource === 'selfsubjectaccessreviews' || resource === 'subjectaccessreviews');
}

/** Answers a review; undefined when `resource` is none. */
export function review(rbac: Rbac, resource: string, body: unknown, caller: Identity): JsonObject | undefined {
  if (resource === 'selfsubjectreviews') {
    const { user: username, groups } = completeIdentity(caller);
    // Who asks is all that is asked; what else the body has is not looked at.
    return { ...(isObject(body) ? body : {}), kind: 'SelfSubjectReview', apiVersion: 'authentication.k8s.io/v1', metadata: isObject(body) && isObject(body.metadata) ? body.metadata : {}, status: { userInfo: { username, groups } } };
  }
  if (resource !== 'selfsubjectaccessreviews' && resource !== 'subjectaccessreviews') return undefined;
  if (!isObject(body) || !isObject(body.spec)) throw badRequest('spec: Required value');
  const { spec } = body;
  const groups = Array.isArray(spec.groups) ? spec.groups.filter((group) => typeof group === 'string') : [];
  if (resource === 'subjectaccessreviews' && !spec.user && groups.length === 0) throw invalid(REVIEW, '', [invalidValue('spec.user', '', 'at least one of user or group must be specified')]);
  const subject: Identity = resource === 'selfsubjectaccessreviews' ? caller : { user: text(spec.user), groups };
  const decision = rbac.authorize(subject, attributesOf(spec));
  return { ...body, metadata: isObject(body.metadata) ? body.metadata : {}, spec: shown(spec), status: { allowed: decision.allowed, ...(decision.allowed ? { reason: decision.reason } : {}) } };
}
