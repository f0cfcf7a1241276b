/** Defaults and rules of built-in types, as far as clients of this project observe them. Keyed by `group/plural`. */
import type { TypeStrategy } from '../resource-type.ts';
import type { JsonObject, KubeObject } from '../types.ts';
import type { FieldError } from '../status.ts';
import { invalidValue, required } from '../status.ts';
import { isObject } from '../object.ts';
import { secretStrategy, configMapStrategy } from './config.ts';
import { jobStrategy, podStrategy } from './workloads.ts';
import { claimStrategy, volumeStrategy } from './volumes.ts';
import { crdStrategy } from '../crd-strategy.ts';
import { validateBinding, validatePolicy } from '../admission/policy.ts';
import { eventStrategy, leaseStrategy } from './records.ts';

const FINALIZER = 'kubernetes';

const namespaceStrategy: TypeStrategy = {
  prepareCreate(namespace) {
    namespace.metadata.labels = { ...namespace.metadata.labels, 'kubernetes.io/metadata.name': namespace.metadata.name };
    namespace.spec = { finalizers: [FINALIZER] };
    namespace.status = { phase: 'Active' };
  },
  prepareUpdate(namespace, old) {
    namespace.metadata.labels = { ...namespace.metadata.labels, 'kubernetes.io/metadata.name': namespace.metadata.name };
    // spec.finalizers change only through the finalize subresource.
    namespace.spec = old.spec;
  },
};

function rulesOf(object: KubeObject): JsonObject[] {
  return Array.isArray(object.rules) ? object.rules.filter(isObject) : [];
}

function validateRules(object: KubeObject): FieldError[] {
  return rulesOf(object).flatMap((rule, index) => {
    const at = `rules[${index}]`;
    const list = (field: string): unknown[] => (Array.isArray(rule[field]) ? rule[field] as unknown[] : []);
    if (list('verbs').length === 0) return [required(`${at}.verbs`, 'verbs must contain at least one value')];
    if (list('nonResourceURLs').length > 0) return [];
    if (list('apiGroups').length === 0) return [required(`${at}.apiGroups`, 'resource rules must supply at least one api group')];
    return list('resources').length === 0 ? [required(`${at}.resources`, 'resource rules must supply at least one resource')] : [];
  });
}

const roleStrategy: TypeStrategy = { validate: validateRules };

const bindingStrategy: TypeStrategy = {
  prepareCreate(binding) {
    const subjects = Array.isArray(binding.subjects) ? binding.subjects.filter(isObject) : [];
    for (const subject of subjects) {
      if (subject.kind !== 'ServiceAccount') subject.apiGroup ??= 'rbac.authorization.k8s.io';
    }
    if (isObject(binding.roleRef)) binding.roleRef.apiGroup ??= 'rbac.authorization.k8s.io';
  },
  validate(binding) {
    if (!isObject(binding.roleRef) || !binding.roleRef.name) return [required('roleRef.name')];
    return [];
  },
  validateUpdate(binding, old) {
    return JSON.stringify(binding.roleRef) === JSON.stringify(old.roleRef) ? [] : [invalidValue('roleRef', binding.roleRef, 'cannot change roleRef')];
  },
};

const storageClassStrategy: TypeStrategy = {
  prepareCreate(storageClass) {
    storageClass.reclaimPolicy ??= 'Delete';
    storageClass.volumeBindingMode ??= 'Immediate';
  },
  validate: (storageClass) => (storageClass.provisioner ? [] : [required('provisioner')]),
  validateUpdate(storageClass, old) {
    const errors: FieldError[] = [];
    for (const field of ['provisioner', 'parameters', 'reclaimPolicy', 'volumeBindingMode'] as const) {
      if (JSON.stringify(storageClass[field]) !== JSON.stringify(old[field])) {
        errors.push({ field, reason: 'FieldValueForbidden', text: `Forbidden: updates to ${field} are forbidden.` });
      }
    }
    return errors;
  },
};

/** Strategy per stored type; types that are not here have none. */
export const strategies: Readonly<Record<string, TypeStrategy>> = {
  '/namespaces': namespaceStrategy,
  '/secrets': secretStrategy,
  '/configmaps': configMapStrategy,
  '/pods': podStrategy,
  '/persistentvolumes': volumeStrategy,
  '/persistentvolumeclaims': claimStrategy,
  '/events': eventStrategy,
  'coordination.k8s.io/leases': leaseStrategy,
  'batch/jobs': jobStrategy,
  'storage.k8s.io/storageclasses': storageClassStrategy,
  'rbac.authorization.k8s.io/roles': roleStrategy,
  'rbac.authorization.k8s.io/clusterroles': roleStrategy,
  'rbac.authorization.k8s.io/rolebindings': bindingStrategy,
  'rbac.authorization.k8s.io/clusterrolebindings': bindingStrategy,
  'admissionregistration.k8s.io/validatingadmissionpolicies': { validate: validatePolicy },
  'admissionregistration.k8s.io/validatingadmissionpolicybindings': { validate: validateBinding },
  'apiextensions.k8s.io/customresourcedefinitions': crdStrategy,
};
