/** What the server knows about a resource type in one version. */
import type { JsonObject, KubeObject } from './types.ts';
import type { FieldError } from './status.ts';

/** One column of a Table answer. */
export interface PrinterColumn {
  name: string;
  type: string;
  format?: string;
  description?: string;
  priority?: number;
  jsonPath: string;
}

/** Rules of built-in types that no schema states. */
export interface TypeStrategy {
  /** Defaults and server-set fields of a new object; changes `object` in place. */
  prepareCreate?: (object: KubeObject, context: StrategyContext) => void;
  /** The same for a changed object. */
  prepareUpdate?: (object: KubeObject, old: KubeObject) => void;
  /** The same for a changed status; `now` as times are written. */
  prepareStatus?: (object: KubeObject, old: KubeObject, now: string) => void;
  validate?: (object: KubeObject) => FieldError[];
  validateUpdate?: (object: KubeObject, old: KubeObject) => FieldError[];
}

/** What strategies may use. */
export interface StrategyContext {
  storageProtection: boolean;
}

/** Validation, pruning and defaulting of a custom type. */
export interface TypeSchema {
  /** Removes unknown fields, returns the pruned copy. */
  prune(object: KubeObject): KubeObject;
  /** Paths of the fields that `prune` would remove. */
  unknownFields(object: KubeObject): string[];
  /** Fills defaults in place. */
  applyDefaults(object: KubeObject): void;
  validate(object: KubeObject, old: KubeObject | undefined): FieldError[];
  /** The raw OpenAPI v3 schema, for merge keys and for /openapi. */
  openApi: JsonObject;
}

/** A served resource type. */
export interface ResourceType {
  group: string;
  version: string;
  /** The version in which objects are stored; they are served in any version by renaming. */
  storageVersion: string;
  kind: string;
  listKind: string;
  plural: string;
  singular: string;
  shortNames: readonly string[];
  categories: readonly string[];
  namespaced: boolean;
  /** Has a status subresource: main writes ignore status, status writes ignore the rest. */
  status: boolean;
  /** `status: false` types whose status no client can set on create either are not told apart; see docs. */
  generation: boolean;
  /** A custom resource: strategic merge patch is refused. */
  custom: boolean;
  /** A PUT must name the version that it replaces. */
  versionRequired: boolean;
  /** Answers a delete with the deleted object, not with a Status. */
  returnsDeleted: boolean;
  /** A delete without propagationPolicy orphans dependents (batch/v1 jobs). */
  orphanByDefault: boolean;
  /** Field selectors beside metadata.name and metadata.namespace. */
  selectableFields: Readonly<Record<string, readonly string[]>>;
  printerColumns: readonly PrinterColumn[];
  strategy: TypeStrategy;
  schema?: TypeSchema;
}

/** Key under which all versions of a type are stored: `group/plural`. */
export function storageKey(type: { group: string; plural: string }): string {
  return `${type.group}/${type.plural}`;
}
