import { z } from 'zod';

/** A structural schema node as Kubernetes wants it in a CRD. */
export type StructuralSchema = { [key: string]: unknown };

const DROPPED = new Set(['$schema', 'additionalProperties', 'propertyNames', 'id', '$id']);

/**
 * Makes Kubernetes' structural schema of a zod schema. Kubernetes refuses what zod emits beyond OpenAPI 3.0
 * (`$schema`, `additionalProperties: false`, `propertyNames`) and prunes unknown fields by itself.
 * @see https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
 */
export function structuralSchema(schema: z.ZodType): StructuralSchema {
  return clean(z.toJSONSchema(schema, { io: 'input', target: 'openapi-3.0' })) as StructuralSchema;
}

function clean(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(clean);
  if (node === null || typeof node !== 'object') return node;
  const source = node as Record<string, unknown>;
  const result: Record<string, unknown> = {};

  for (const [key, value] of Object.entries(source)) {
    if (DROPPED.has(key)) continue;
    // Names below `properties` are field names, not keywords: keep every one of them.
    result[key] = key === 'properties' ? cleanProperties(value as Record<string, unknown>) : clean(value);
  }
  // A map (z.record) is the one place where additionalProperties has a meaning for Kubernetes.
  if (typeof source.additionalProperties === 'object' && source.additionalProperties !== null) {
    result.additionalProperties = Object.keys(source.additionalProperties).length === 0 ? { 'x-kubernetes-preserve-unknown-fields': true } : clean(source.additionalProperties);
  }
  if (source.type === 'integer') {
    result.format = 'int64';
    // zod bounds every integer by JavaScript's safe range; that says nothing to a reader of the CRD.
    if (source.maximum === Number.MAX_SAFE_INTEGER) delete result.maximum;
    if (source.minimum === Number.MIN_SAFE_INTEGER) delete result.minimum;
  }
  return result;
}

function cleanProperties(properties: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, clean(value)]));
}
