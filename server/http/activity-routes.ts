import { activityQuery, activitySchema, pageOf as pageSchema } from '../contract/http.ts';
import { activityOf } from '../domain/report/activity.ts';
import type { Catalogue } from './catalogue.ts';
import { newestFirstPlaces, pageOf } from './pages.ts';
import { route, type Route } from './route.ts';

/** What runs and waits now. */
export function activityRoutes({ backups, restores }: Catalogue): Route[] {
  return [route({
    method: 'GET', path: '/v1/activity', access: 'read', operationId: 'listActivity', summary: 'Backups and restores that run or wait, newest first',
    query: activityQuery, answer: { status: 200, schema: pageSchema(activitySchema) }, problems: ['HVB-HTTP-CONTINUE-INVALID'],
    handle: ({ query }) => ({
      json: pageOf(activityOf(backups.list(query.namespace), restores.list(query.namespace)), query, {
        list: `activity/${query.namespace ?? ''}`, place: ({ createdAt, uid }) => [createdAt, uid], compare: newestFirstPlaces,
      }),
    }),
  })];
}
