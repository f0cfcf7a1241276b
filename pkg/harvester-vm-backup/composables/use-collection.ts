import { computed, onMounted, ref, type ComputedRef, type Ref } from 'vue';
import { isOwnType } from '../config/types';
import { OWN_TYPES, mayCreate, mayList, type SchemaLike } from './schemas';
import { usePlace } from './use-place';

/** `absent`: nobody has installed the server. `forbidden`: it is there, but this person may not list the kind. */
export type CollectionState = 'loading' | 'ready' | 'failed' | 'absent' | 'forbidden';

/** All objects of one kind, kept up to date by the store's watch. */
export interface Collection<T> {
  rows: ComputedRef<T[]>;
  state: ComputedRef<CollectionState>;
  schema: ComputedRef<SchemaLike | undefined>;
  canCreate: ComputedRef<boolean>;
  error: Ref<unknown>;
  reload: () => Promise<void>;
}

/**
 * Loads all objects of a kind and watches them.
 * @param type Steve's name of the kind
 */
export function useCollection<T>(type: string): Collection<T> {
  const { store, inStore } = usePlace();
  const loaded = ref(false);
  const error = ref<unknown>();

  const schemaFor = (id: string): SchemaLike | undefined => store.getters[`${ inStore.value }/schemaFor`](id);
  const schema = computed(() => schemaFor(type));
  const rows = computed<T[]>(() => (loaded.value ? store.getters[`${ inStore.value }/all`](type) : []));
  const state = computed<CollectionState>(() => {
    if (!mayList(schema.value)) {
      // Steve tells nobody of kinds that they may not see, so what is installed shows in what else of ours is there.
      return isOwnType(type) && !OWN_TYPES.some(schemaFor) ? 'absent' : 'forbidden';
    }
    if (error.value) {
      return statusOf(error.value) === 403 ? 'forbidden' : 'failed';
    }

    return loaded.value ? 'ready' : 'loading';
  });

  async function reload(): Promise<void> {
    error.value = undefined;
    if (!mayList(schema.value)) {
      return;
    }
    try {
      await store.dispatch(`${ inStore.value }/findAll`, { type });
      loaded.value = true;
    } catch (reason) {
      error.value = reason;
    }
  }

  onMounted(reload);

  return {
    rows, state, schema, error, reload, canCreate: computed(() => mayCreate(schema.value))
  };
}

function statusOf(reason: unknown): number | undefined {
  const { _status, status } = (reason ?? {}) as { _status?: number; status?: number };

  return _status ?? status;
}
