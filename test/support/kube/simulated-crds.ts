import { builtinTypes } from '../../../server/embedded/api/resources.ts';
import type { JsonObject } from '../../../server/embedded/api/index.ts';

/**
 * CRDs of what a real Harvester brings (KubeVirt, CDI, snapshots, networks, Harvester's own), as the embedded API serves them:
 * the right names, scopes and subresources, but no schema. Whoever needs their validation has to install the real ones.
 */
export function simulatedCrds(): JsonObject[] {
  return builtinTypes().filter(({ custom }) => custom).map((type) => ({
    apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition',
    // Groups below k8s.io are Kubernetes' own, and the API server asks who approved a CRD there.
    metadata: { name: `${type.plural}.${type.group}`, annotations: { 'api-approved.kubernetes.io': 'unapproved, a stand-in for tests' } },
    spec: {
      group: type.group, scope: type.namespaced ? 'Namespaced' : 'Cluster',
      names: { plural: type.plural, singular: type.singular, kind: type.kind, listKind: type.listKind, shortNames: [...type.shortNames] },
      versions: [{
        name: type.version, served: true, storage: true, ...(type.status ? { subresources: { status: {} } } : {}),
        additionalPrinterColumns: type.printerColumns.map(({ name, type: columnType, jsonPath }) => ({ name, type: columnType, jsonPath })),
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      }],
    },
  }));
}
