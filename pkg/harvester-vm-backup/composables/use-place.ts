import { computed } from 'vue';
import { useStore } from 'vuex';
import type { Place } from '../config/routes';

/**
 * Where the page is: the product around it, the cluster, and the Steve store that serves both. Harvester's product
 * brings a store of its own; everywhere else it is the store of the cluster. This is the one place that chooses.
 */
export function usePlace() {
  const store = useStore();
  const place = computed<Place>(() => ({ product: store.getters['productId'], cluster: store.getters['clusterId'] }));
  const inStore = computed<string>(() => store.getters['currentProduct']?.inStore ?? 'cluster');

  return { store, place, inStore };
}
