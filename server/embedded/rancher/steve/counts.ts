import type { KubeObject } from '../../api/index.ts';
import type { SteveContext } from './types.ts';
import { storageKey } from '../../api/resource-type.ts';
import { Access } from './access.ts';
import { servedTypes } from './schemas.ts';
import { stateOf } from './state.ts';
import { steveTypeOf } from './types.ts';

interface Summary { count: number; states?: Record<string, number>; errors?: number; transitioning?: number }

function add(summary: Summary, object: KubeObject): void {
  const state = stateOf(object);

  summary.count++;
  if (state.name !== 'active') summary.states = { ...summary.states, [state.name]: (summary.states?.[state.name] ?? 0) + 1 };
  if (state.error) summary.errors = (summary.errors ?? 0) + 1;
  if (state.transitioning) summary.transitioning = (summary.transitioning ?? 0) + 1;
}

/** How many objects of each type the user can list, in all and by namespace: the numbers of the side menu. */
export function countsOf(context: SteveContext): Record<string, unknown> {
  const access = new Access(context.api, context.identity);
  const counts: Record<string, { summary: Summary; revision: string; namespaces?: Record<string, Summary> }> = {};

  for (const type of servedTypes(context)) {
    const allowed = access.namespaces(type, 'list');
    if (allowed && allowed.length === 0) continue;
    const entry: (typeof counts)[string] = { summary: { count: 0 }, revision: String(context.api.store.revision) };

    for (const object of context.api.store.list(storageKey(type))) {
      const { namespace } = object.metadata;

      if (allowed && !(namespace && allowed.includes(namespace))) continue;
      add(entry.summary, object);
      if (namespace) {
        entry.namespaces ??= {};
        add((entry.namespaces[namespace] ??= { count: 0 }), object);
      }
    }
    counts[steveTypeOf(type)] = entry;
  }

  return {
    id: 'count', type: 'count', counts,
    links: { self: `${context.origin}${context.base}/counts/count` },
  };
}
