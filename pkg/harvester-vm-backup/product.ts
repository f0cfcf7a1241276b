import type { IPlugin } from '@shell/core/types';
import type { Store } from 'vuex';
import { PRODUCT } from './config/types';
import { VMS_ROUTE } from './config/routes';
import { NAV_ENTRIES } from './config/nav';

/** The cluster that the main menu opens. Rancher's own cluster always exists; others are reached by their id in the URL. */
const HOME_CLUSTER = 'local';

/** Registers our own product: an entry of the main menu with its own side navigation. */
export function init(plugin: IPlugin, store: Store<unknown>): void {
  const { product, virtualType, basicType, configureType } = plugin.DSL(store, PRODUCT);

  // Both carry more than the shell's types know of; the shell reads these fields all the same.
  const menuEntry = {
    icon:                'backup',
    inStore:             'cluster',
    // Without it the shell takes every product on the cluster's store for a part of the cluster explorer.
    rootProduct:         PRODUCT,
    weight:              100,
    isMultiClusterApp:   true,
    showClusterSwitcher: false,
    showNamespaceFilter: true,
    to:                  { name: VMS_ROUTE, params: { cluster: HOME_CLUSTER } },
  };
  const vms = {
    name: 'vms', labelKey: 'harvesterVmBackup.nav.vms', namespaced: false, weight: 100, route: { name: VMS_ROUTE }, exact: true,
  };

  product(menuEntry);
  virtualType(vms);
  NAV_ENTRIES.forEach(({ type, labelKey, weight, namespaced }) => {
    const entry = {
      name: type, labelKey, namespaced, weight, route: { name: `${ PRODUCT }-c-cluster-resource`, params: { resource: type } }, exact: false,
    };

    virtualType(entry);
  });
  // Our pages bring the shell's masthead themselves: it has to know who may create.
  NAV_ENTRIES.forEach(({ type }) => configureType(type, { showListMasthead: false }));
  basicType(['vms', ...NAV_ENTRIES.map(({ type }) => type)]);
}
