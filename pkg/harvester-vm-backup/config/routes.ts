import type { RouteLocationRaw } from 'vue-router';
import { HARVESTER, PRODUCT } from './types';

/** Where a page lives: which product's frame is around it, in which cluster. */
export interface Place { product: string; cluster: string }

/** What a page shows: a Steve type, and one object of it when `name` is given. */
export interface Target { type: string; namespace?: string; name?: string; create?: boolean; query?: Record<string, string> }

/**
 * Products whose resource routes are called `<product>-c-cluster-resource…`. Everywhere else (the cluster explorer)
 * the shell's own `c-cluster-product-resource…` routes show the same components.
 */
const WITH_OWN_ROUTES = [PRODUCT, HARVESTER];

/** Route of a list, of one object or of a create page, inside the product in which the person already is. */
export function resourceRoute({ product, cluster }: Place, { type, namespace, name, create, query }: Target): RouteLocationRaw {
  const base = WITH_OWN_ROUTES.includes(product) ? `${ product }-c-cluster-resource` : 'c-cluster-product-resource';
  const suffix = create ? '-create' : name ? `${ namespace ? '-namespace' : '' }-id` : '';

  return {
    name:   `${ base }${ suffix }`,
    params: {
      // Our own routes carry the product in their path, all others as a parameter.
      ...(product === PRODUCT ? {} : { product }),
      cluster,
      resource: type,
      ...(name ? { id: name } : {}),
      ...(name && namespace ? { namespace } : {}),
    },
    ...(query ? { query } : {}),
  };
}

/** Name of the route of our own list of VMs. It exists in our own product only: Harvester has its own. */
export const VMS_ROUTE = `${ PRODUCT }-c-cluster-vms`;
