/** Field ownership of writes that are no server-side apply. */
import type { KubeObject, ManagedFieldsEntry } from '../types.ts';
import type { ResourceType } from '../resource-type.ts';
import { changedPaths, fromManaged, toManaged } from './fields.ts';

/** In the order in which the API shows them: appliers first, then by age and name. */
export function sortManaged(entries: readonly ManagedFieldsEntry[]): ManagedFieldsEntry[] {
  const key = ({ operation, time, manager, apiVersion, subresource }: ManagedFieldsEntry): string => [operation, time, manager, apiVersion, subresource ?? ''].join('\u0000');
  return [...entries].sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
}

/** Who writes and through which subresource. */
export interface Writer {
  manager: string;
  subresource: '' | 'status' | 'finalize';
}

/**
 * Moves ownership of the fields that differ between `old` and `next` to the writer, in `next.metadata.managedFields`.
 * Only objects that were applied once have managedFields; others are left without, and the first apply attributes them as a whole.
 */
export function trackUpdate(type: ResourceType, old: KubeObject, next: KubeObject, writer: Writer, time: string): void {
  const entries = old.metadata.managedFields;
  if (!entries) {
    if (next.metadata.managedFields) {
      next.metadata = { ...next.metadata };
      delete next.metadata.managedFields;
    }
    return;
  }
  const changed = changedPaths(type, old, next);
  next.metadata = { ...next.metadata, managedFields: entries };
  if (changed.set.size === 0 && changed.removed.size === 0) return;
  const isWriter = (entry: (typeof entries)[number]): boolean =>
    entry.manager === writer.manager && entry.operation === 'Update' && (entry.subresource ?? '') === writer.subresource;
  const kept = entries.flatMap((entry) => {
    const own = isWriter(entry);
    const paths = fromManaged(entry.fieldsV1);
    let touched = false;
    for (const path of [...paths]) {
      if (changed.removed.has(path) || (!own && changed.set.has(path))) touched = paths.delete(path) || touched;
    }
    if (own) for (const path of changed.set) paths.add(path);
    if (paths.size === 0) return [];
    return [{ ...entry, fieldsV1: toManaged(paths), ...(own || touched ? { time } : {}) }];
  });
  if (changed.set.size > 0 && !entries.some(isWriter)) {
    kept.push({
      manager: writer.manager, operation: 'Update', apiVersion: next.apiVersion, time, fieldsType: 'FieldsV1', fieldsV1: toManaged(changed.set),
      ...(writer.subresource ? { subresource: writer.subresource } : {}),
    });
  }
  next.metadata.managedFields = sortManaged(kept);
}
