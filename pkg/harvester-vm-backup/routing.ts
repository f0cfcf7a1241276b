import type { RouteRecordRaw } from 'vue-router';
import { PRODUCT } from './config/types';
import { VMS_ROUTE } from './config/routes';

const base = `/${ PRODUCT }/c/:cluster`;

/**
 * `invalidResourceInContext` keeps the shell from throwing its full-page error when a CRD is missing: our lists
 * then say inside the product that the server is not installed.
 */
const meta = { product: PRODUCT, invalidResourceInContext: true };

/** Routes of our own product. The pages are the shell's resource pages, which look our list, detail and edit components up by type. */
export const routes: RouteRecordRaw[] = [
  { name: `${ PRODUCT }-c-cluster`, path: base, meta, redirect: (to) => ({ name: VMS_ROUTE, params: to.params }) },
  { name: VMS_ROUTE, path: `${ base }/vms`, meta, component: () => import('./features/vms/VmsPage.vue') },
  { name: `${ PRODUCT }-c-cluster-resource`, path: `${ base }/:resource`, meta, component: () => import('@shell/pages/c/_cluster/_product/_resource/index.vue') },
  { name: `${ PRODUCT }-c-cluster-resource-create`, path: `${ base }/:resource/create`, meta, component: () => import('./features/CreatePage.vue') },
  { name: `${ PRODUCT }-c-cluster-resource-id`, path: `${ base }/:resource/:id`, meta, component: () => import('@shell/pages/c/_cluster/_product/_resource/_id.vue') },
  { name: `${ PRODUCT }-c-cluster-resource-namespace-id`, path: `${ base }/:resource/:namespace/:id`, meta, component: () => import('@shell/pages/c/_cluster/_product/_resource/_namespace/_id.vue') },
];
