import { VERSION } from '../api.ts';
import type { KubeObject } from '../kubernetes.ts';
import { KIND_DEFINITIONS, type KindDefinition } from './kinds.ts';
import { structuralSchema } from './schema.ts';

/** A CustomResourceDefinition (apiextensions.k8s.io/v1); only what is needed to address it is typed. */
export interface CustomResourceDefinition extends KubeObject { spec: Record<string, unknown> }

/** The CRDs of every kind of ours, generated from the zod schemas. */
export function customResourceDefinitions(): CustomResourceDefinition[] {
  return KIND_DEFINITIONS.map(definition);
}

function definition({ resource, shortNames, description, spec, status, rules, columns }: KindDefinition): CustomResourceDefinition {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${resource.plural}.${resource.group}` },
    spec: {
      group: resource.group,
      scope: resource.namespaced ? 'Namespaced' : 'Cluster',
      names: { kind: resource.kind, listKind: `${resource.kind}List`, plural: resource.plural, singular: resource.kind.toLowerCase(), shortNames },
      versions: [{
        name: VERSION, served: true, storage: true,
        subresources: { status: {} },
        additionalPrinterColumns: columns,
        schema: {
          openAPIV3Schema: {
            description, type: 'object', required: ['spec'],
            properties: {
              apiVersion: { type: 'string' },
              kind: { type: 'string' },
              metadata: { type: 'object' },
              spec: { ...structuralSchema(spec), ...(rules.length > 0 ? { 'x-kubernetes-validations': rules } : {}) },
              status: structuralSchema(status),
            },
          },
        },
      }],
    },
  };
}
