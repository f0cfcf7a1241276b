/**
 * What the Rancher Dashboard gives every component: translation (here the key itself, with its arguments, so that tests
 * do not depend on wording), a route, and its global directives.
 */
import { config } from '@vue/test-utils';
import type { DirectiveBinding } from 'vue';

const translate = (key: string, args?: Record<string, unknown>): string => (args ? `${ key } ${ JSON.stringify(args) }` : key);
const nothing = (): void => undefined;
const setHtml = (element: HTMLElement, binding: DirectiveBinding<string | { value?: string } | undefined>): void => {
  element.innerHTML = (typeof binding.value === 'object' ? binding.value.value : binding.value) ?? '';
};

config.global.mocks = {
  t: translate,
  $t: translate,
  $route: { params: {}, query: {}, hash: '' },
  $router: { push: nothing, replace: nothing },
};
config.global.directives = {
  'clean-html': setHtml,
  'clean-tooltip': nothing,
  'stripped-aria-label': nothing,
  'trim-whitespace': nothing,
  tooltip: nothing,
  focus: nothing,
};
config.global.stubs = { t: { props: ['k'], template: '<span>{{ k }}</span>' } };
