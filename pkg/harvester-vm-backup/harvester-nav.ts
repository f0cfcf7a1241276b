import type { IPlugin } from '@shell/core/types';
import type { Store } from 'vuex';
import { HARVESTER } from './config/types';
import { NAV_ENTRIES } from './config/nav';

/** Group of the side navigation; its label is `nav.group.<this>`. */
const GROUP = 'harvester-vm-backup';

/**
 * Adds our entries to the side navigation of Harvester's product, where the CRDs are installed.
 * It never calls `product()`: the product belongs to the Harvester extension.
 */
export function init(plugin: IPlugin & { productNames: string[] }, store: Store<unknown>): void {
  const { virtualType, basicType, weightGroup } = plugin.DSL(store, HARVESTER);

  // DSL() notes the product as ours; uninstalling our extension would then take the whole Harvester product away.
  plugin.productNames = plugin.productNames.filter((name) => name !== HARVESTER);

  NAV_ENTRIES.forEach(({ type, labelKey, weight, namespaced }) => {
    const entry = {
      name:       type,
      labelKey,
      weight,
      namespaced,
      group:      GROUP,
      ifHaveType: type,
      route:      { name: `${ HARVESTER }-c-cluster-resource`, params: { product: HARVESTER, resource: type } },
      exact:      false,
    };

    virtualType(entry);
  });
  basicType(NAV_ENTRIES.map(({ type }) => type), GROUP);
  weightGroup(GROUP, 495, true);
}
