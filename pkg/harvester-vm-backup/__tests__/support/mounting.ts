import { mount, type VueWrapper } from '@vue/test-utils';
import type { Component } from 'vue';
import { createMemoryHistory, createRouter, type Router } from 'vue-router';
import { FakeSteve } from './fake-steve';
import { translate } from './texts';

const NAMES = ['vms', 'resource', 'resource-create', 'resource-id', 'resource-namespace-id'];
const PATHS = ['/vms', '/:resource', '/:resource/create', '/:resource/:id', '/:resource/:namespace/:id'];

/** A router that knows our routes. */
export function fakeRouter(): Router {
  const component = { template: '<div />' };

  return createRouter({
    history: createMemoryHistory(),
    routes:  [{ path: '/', component }, ...NAMES.map((name, index) => ({ name: `harvester-vm-backup-c-cluster-${ name }`, path: `/:cluster${ PATHS[index] }`, component }))],
  });
}

/** Mounts a component as the shell would: with its store, its router and its texts. */
export function mountIn(steve: FakeSteve, component: Component, props: Record<string, unknown> = {}, router: Router = fakeRouter()): VueWrapper {
  return mount(component, {
    props,
    global: {
      plugins: [steve.store(), router],
      mocks:   { t: translate, $fetchState: { pending: false } },
      stubs:   { 'v-dropdown': true, ResourceTable: true, Masthead: true },
    },
  });
}

/** The element of a test id; throws when it is not there. */
export function byTestid(wrapper: VueWrapper, testid: string) {
  return wrapper.get(`[data-testid="${ testid }"]`);
}
