/** Objects as `meta.k8s.io/v1` Table and PartialObjectMetadata, by what the Accept header asks for. */
import type { JsonObject, KubeObject } from './types.ts';
import type { PrinterColumn, ResourceType } from './resource-type.ts';
import { badRequest } from './status.ts';
import { compileJsonPath } from './jsonpath.ts';

/** How the client wants objects. */
export type Presentation = 'object' | 'table' | 'partial';

/** Reads the first JSON media type of an Accept header. */
export function presentationOf(accept: string): Presentation {
  for (const part of accept.split(',')) {
    const parameters = part.split(';').map((text) => text.trim());
    if (parameters[0] !== 'application/json' && parameters[0] !== '*/*') continue;
    if (parameters.includes('as=Table')) return 'table';
    return parameters.includes('as=PartialObjectMetadata') || parameters.includes('as=PartialObjectMetadataList') ? 'partial' : 'object';
  }
  return 'object';
}

const NAME_COLUMN = { name: 'Name', type: 'string', format: 'name', description: 'Name must be unique within a namespace.', priority: 0 };

function cell(column: PrinterColumn, object: KubeObject, now: number): unknown {
  const [value] = compileJsonPath(column.jsonPath)?.(object) ?? [];
  if (value === undefined || value === null) return null;
  if (column.type === 'date') return typeof value === 'string' ? duration(now - Date.parse(value)) : '<invalid>';
  if (column.type === 'string') return typeof value === 'string' ? value : JSON.stringify(value);
  return value;
}

/** Age as kubectl prints it. `milliseconds` may be negative by clock differences. */
export function duration(milliseconds: number): string {
  if (Number.isNaN(milliseconds)) return '<unknown>';
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return seconds % 60 === 0 ? `${minutes}m` : `${minutes}m${seconds % 60}s`;
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return minutes % 60 === 0 ? `${hours}h` : `${hours}h${minutes % 60}m`;
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (days < 8) return hours % 24 === 0 ? `${days}d` : `${days}d${hours % 24}h`;
  if (days < 730) return `${days}d`;
  const years = Math.floor(days / 365);
  return years < 8 && days % 365 > 0 ? `${years}y${days % 365}d` : `${years}y`;
}

/** The metadata-only form of an object. */
export function partialObject(object: KubeObject): JsonObject {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata };
}

/** Reads `includeObject`, Metadata when it is absent. Throws 400 for others than the three. */
export function includeObject(query: URLSearchParams): string {
  const text = query.get('includeObject') || 'Metadata';
  if (!['Metadata', 'Object', 'None'].includes(text)) throw badRequest(`Unable to convert to Table as requested: includeObject: Invalid value: ${JSON.stringify(text)}: must be 'Metadata', 'Object', 'None', or empty`);
  return text;
}

/** A Table of objects; `now` in milliseconds. `included` as {@link includeObject} gives it. */
export function toTable(type: ResourceType, objects: readonly KubeObject[], metadata: JsonObject, included: string, now: number): JsonObject {
  return {
    kind: 'Table', apiVersion: 'meta.k8s.io/v1', metadata,
    columnDefinitions: [NAME_COLUMN, ...type.printerColumns.map((column) => ({ name: column.name, type: type.custom ? column.type : 'string', format: column.format ?? '', description: column.description ?? '', priority: column.priority ?? 0 }))],
    rows: objects.map((object) => ({
      cells: [object.metadata.name, ...type.printerColumns.map((column) => cell(column, object, now))],
      object: included === 'None' ? null : included === 'Object' ? object : partialObject(object),
    })),
  };
}
