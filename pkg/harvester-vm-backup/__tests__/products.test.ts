import { describe, expect, it, vi } from 'vitest';
import type { IPlugin } from '@shell/core/types';
import type { Store } from 'vuex';
import { resourceRoute } from '../config/routes';
import { TYPE } from '../config/types';
import { backUpAction } from '../features/vms/back-up-action';
import { init as initHarvester } from '../harvester-nav';
import { init as initOwn } from '../product';

type Entry = { name: string; group?: string; ifHaveType?: string; route: { name: string; params?: Record<string, string> } };

/** The shell's plugin as far as products use it; `DSL` notes the product as the plugin's own, as the real one does. */
function fakePlugin() {
  const dsl = { product: vi.fn(), virtualType: vi.fn(), basicType: vi.fn(), weightGroup: vi.fn(), configureType: vi.fn() };
  const plugin = {
    productNames: [] as string[],
    DSL(_store: unknown, name: string) {
      plugin.productNames.push(name);

      return dsl;
    },
  };

  return { dsl, plugin: plugin as unknown as IPlugin & { productNames: string[] }, entries: () => dsl.virtualType.mock.calls.map(([entry]) => entry as Entry) };
}
const store = {} as Store<unknown>;

describe('our own product', () => {
  it('given the shell, when it is registered, then it has its own root and every page in its navigation', () => {
    const { dsl, plugin, entries } = fakePlugin();

    initOwn(plugin, store);
    expect(dsl.product.mock.calls[0]?.[0]).toMatchObject({ inStore: 'cluster', rootProduct: 'harvester-vm-backup', isMultiClusterApp: true });
    expect(entries().map(({ route }) => route.params?.resource ?? route.name)).toEqual(['harvester-vm-backup-c-cluster-vms', TYPE.vmBackup, TYPE.vmRestore, TYPE.repository]);
  });
});

describe('the group inside Harvester\'s product', () => {
  it('given the Harvester product, when our entries are added, then it is not claimed as ours and no product is made', () => {
    const { dsl, plugin } = fakePlugin();

    plugin.productNames.push('harvester-vm-backup');
    initHarvester(plugin, store);
    expect(plugin.productNames).toEqual(['harvester-vm-backup']);
    expect(dsl.product).not.toHaveBeenCalled();
  });

  it('given a cluster without our CRDs, when the navigation is drawn, then every entry depends on its type and leads to Harvester\'s own pages', () => {
    const { plugin, entries } = fakePlugin();

    initHarvester(plugin, store);
    expect(entries()).toHaveLength(3);
    entries().forEach(({ name, ifHaveType, route }) => {
      expect(ifHaveType).toBe(name);
      expect(route).toEqual({ name: 'harvester-c-cluster-resource', params: { product: 'harvester', resource: name } });
    });
  });

  it('given VMs selected in Harvester\'s list, when Back up is chosen, then our dialog opens with all of them', () => {
    const dispatch = vi.fn();
    const vm = (name: string) => ({ metadata: { name }, $rootGetters: {}, $dispatch: dispatch });
    const vms = [vm('a'), vm('b')];

    backUpAction().invoke({} as never, vms);
    expect(dispatch).toHaveBeenCalledExactlyOnceWith('promptModal', expect.objectContaining({ component: 'HvbBackUpDialog', resources: vms }));
  });

  it.each([[['GET', 'POST'], true], [['GET'], false], [undefined, false]])('given collection methods %j on VMBackup, when the action is drawn, then enabled is %j', (collectionMethods, enabled) => {
    const schema = collectionMethods && { id: TYPE.vmBackup, collectionMethods };
    const vm = { metadata: {}, $rootGetters: { 'harvester/schemaFor': () => schema } };

    expect((backUpAction().enabled as (vm: unknown) => boolean)(vm)).toBe(enabled);
  });
});

describe('resourceRoute', () => {
  it.each([
    ['harvester-vm-backup', 'harvester-vm-backup-c-cluster-resource-namespace-id', undefined],
    ['harvester', 'harvester-c-cluster-resource-namespace-id', 'harvester'],
    ['explorer', 'c-cluster-product-resource-namespace-id', 'explorer'],
  ])('given the product %s, when an object is linked, then the link stays inside it', (product, name, parameter) => {
    const route = resourceRoute({ product, cluster: 'c1' }, { type: TYPE.vmBackup, namespace: 'ns', name: 'b' }) as { name: string; params: Record<string, string> };

    expect(route.name).toBe(name);
    expect(route.params).toMatchObject({ cluster: 'c1', namespace: 'ns', id: 'b', resource: TYPE.vmBackup });
    expect(route.params.product).toBe(parameter);
  });
});
