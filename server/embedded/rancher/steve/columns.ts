import type { KubeObject, ResourceType } from '../../api/index.ts';
import { jsonPath } from './json-path.ts';

/** One column of a schema; `field` is where its value stands in a resource. */
export interface SteveColumn {
  name: string;
  field: string;
  type: string;
  format: string;
  description: string;
  priority: number;
}

/** Columns as the shell's generic lists, its sorting and its filters know them. Kubernetes always has Name first. */
export function columnsOf(type: ResourceType): SteveColumn[] {
  const name: SteveColumn = { name: 'Name', field: '$.metadata.fields[0]', type: 'string', format: 'name', description: 'Name', priority: 0 };

  return [name, ...type.printerColumns.map((column, index) => ({
    name: column.name,
    field: `$.metadata.fields[${index + 1}]`,
    type: column.type,
    format: column.format ?? '',
    description: column.description ?? '',
    priority: column.priority ?? 0,
  }))];
}

/** The values of {@link columnsOf}, as `metadata.fields` has them; dates stay instants so that the browser can count on. */
export function fieldsOf(type: ResourceType, object: KubeObject): unknown[] {
  return [object.metadata.name, ...type.printerColumns.map((column) => jsonPath(object, column.jsonPath)[0] ?? null)];
}
