import { computed, markRaw, toRaw, type ComputedRef } from 'vue';
import type { VMBackupObject, VMRestoreObject } from '../config/models';

/** Fields that the shell's table reads once per comparison. */
const SORT_KEYS = ['nameSort', 'stateSort', 'stateDisplay', 'groupByLabel'] as const;

type Row = VMBackupObject | VMRestoreObject;

/**
 * The rows of a large list for the shell's table. Sorting ten thousand of the store's reactive models costs seconds,
 * because each of some 130 000 comparisons goes through proxies and getters. So each row is a plain shadow of its
 * model with the sort keys worked out once per version of the object; everything else, its actions too, is the model's.
 * A shadow stays the same object over updates, so that a selection survives them; cells that can change have to take
 * their values out of the row themselves, in a slot.
 */
export function useTableRows<T extends Row>(models: ComputedRef<T[]>): ComputedRef<T[]> {
  const shadows = new WeakMap<object, { version: string | undefined; row: T }>();

  function shadowOf(model: T): T {
    const raw = toRaw(model);
    // Read through the proxy: this is what makes the list follow changes inside its objects.
    const version = `${ model.metadata.resourceVersion } ${ model.metadata.deletionTimestamp }`;
    const known = shadows.get(raw);

    if (known?.version === version) {
      return known.row;
    }
    const row: T = known?.row ?? markRaw(Object.create(raw));

    SORT_KEYS.forEach((key) => Object.defineProperty(row, key, { value: Reflect.get(raw, key), configurable: true }));
    shadows.set(raw, { version, row });

    return row;
  }

  return computed(() => models.value.map(shadowOf));
}
