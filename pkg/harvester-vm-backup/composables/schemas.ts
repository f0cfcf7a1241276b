import { OWN_KINDS } from '../../../server/contract/api.ts';
import { steveType } from '../config/types';

/** What we use of a Steve schema. `collectionMethods` says what this person may do with the kind. */
export interface SchemaLike { id: string; collectionMethods?: string[]; attributes?: { namespaced?: boolean } }

/** Steve names of every kind of ours. */
export const OWN_TYPES: readonly string[] = OWN_KINDS.map(steveType);

/** True when the person may create objects of the kind. */
export function mayCreate(schema: SchemaLike | undefined): boolean {
  return !!schema && (schema.collectionMethods ?? []).some((method) => method.toUpperCase() === 'POST');
}

/** True when the person may list the kind. */
export function mayList(schema: SchemaLike | undefined): boolean {
  return !!schema && (schema.collectionMethods ?? []).some((method) => method.toUpperCase() === 'GET');
}
