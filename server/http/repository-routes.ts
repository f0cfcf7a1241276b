import { pageOf as pageSchema, pageQuery, repositoryContentSchema, repositorySummarySchema } from '../contract/http.ts';
import { contentsOf, summaryOf } from '../domain/report/repository.ts';
import type { Catalogue } from './catalogue.ts';
import { newestFirstPlaces, pageOf, risingPlaces } from './pages.ts';
import { Problem } from './problem.ts';
import { route, type Route } from './route.ts';

/** The repositories, and what lies in them. */
export function repositoryRoutes({ repositories, backups }: Catalogue): Route[] {
  return [
    route({
      method: 'GET', path: '/v1/repositories', access: 'read', operationId: 'listRepositories', summary: 'Every repository, with what its last probe found',
      query: pageQuery, answer: { status: 200, schema: pageSchema(repositorySummarySchema) }, problems: ['HVB-HTTP-CONTINUE-INVALID'],
      handle: ({ query }) => {
        const byName = [...repositories.list()].sort((a, b) => risingPlaces([a.metadata.name], [b.metadata.name]));
        const { items, ...rest } = pageOf(byName, query, { list: 'repositories', place: ({ metadata }) => [metadata.name], compare: risingPlaces });
        const all = backups.list();

        return { json: { items: items.map((repository) => summaryOf(repository, all)), ...rest } };
      },
    }),
    route({
      method: 'GET', path: '/v1/repositories/{name}/contents', access: 'read', operationId: 'listRepositoryContents',
      summary: 'What this cluster’s objects know to lie in a repository, newest first; the repository itself is not opened',
      query: pageQuery, answer: { status: 200, schema: pageSchema(repositoryContentSchema) }, problems: ['HVB-HTTP-CONTINUE-INVALID', 'HVB-HTTP-NOT-FOUND'],
      handle: ({ params: { name = '' }, query }) => {
        if (!repositories.get(undefined, name)) throw new Problem('HVB-HTTP-NOT-FOUND', `There is no BackupRepository "${name}".`);
        return { json: pageOf(contentsOf(name, backups.list()), query, { list: `contents/${name}`, place: ({ createdAt, uid }) => [createdAt, uid], compare: newestFirstPlaces }) };
      },
    }),
  ];
}
