import { objectName } from '../contract/common.ts';
import type { HttpRequest } from './door.ts';
import { Problem } from './problem.ts';
import type { Answer, Route } from './route.ts';
import { describeIssues } from './validation.ts';

/** A route that fits a path, with its parameters. */
export interface Match { route: Route; params: Record<string, string> }

/** Finds the route of a request. */
export interface Router {
  /** @throws Problem when no route has the path, when it has other methods only, or when a parameter is no name */
  find(method: string, path: string): Match;
}

/** @param routes each method and path once */
export function createRouter(routes: readonly Route[]): Router {
  const table = routes.map((route) => ({ route, parts: route.path.split('/') }));

  return {
    find(method, path) {
      const parts = segments(path);
      const fitting = table.filter((entry) => entry.parts.length === parts.length && entry.parts.every((part, at) => part.startsWith('{') || part === parts[at]));
      const found = fitting.find(({ route }) => route.method === method);

      if (fitting.length === 0) throw new Problem('HVB-HTTP-NO-SUCH-PATH', 'There is nothing at this path.');
      if (!found) {
        const allow = fitting.flatMap(({ route }) => (route.method === 'GET' ? ['GET', 'HEAD'] : [route.method])).join(', ');

        throw new Problem('HVB-HTTP-METHOD', `The method ${/^[A-Z]{1,20}$/.test(method) ? method : 'of the request'} is not offered at this path; offered are: ${allow}.`, { allow });
      }
      return { route: found.route, params: paramsOf(found.parts, parts) };
    },
  };
}

/** Checks query and body and calls the handler. */
export async function call({ route, params }: Match, request: HttpRequest): Promise<Answer> {
  const query = route.query ? parse(route.query, Object.fromEntries(request.query), 'The query') : undefined;
  const body = route.body ? parse(route.body, await jsonOf(request), 'The body') : undefined;

  return route.handle({ params, query, body, token: request.token ?? '' });
}

function segments(path: string): string[] {
  try {
    return path.split('/').map(decodeURIComponent);
  } catch {
    throw new Problem('HVB-HTTP-REQUEST-INVALID', 'The path is not percent-encoded rightly.');
  }
}

function paramsOf(template: readonly string[], parts: readonly string[]): Record<string, string> {
  return Object.fromEntries(template.flatMap((part, at) => {
    if (!part.startsWith('{')) return [];
    const name = part.slice(1, -1);
    const value = parts[at] ?? '';

    if (!objectName.safeParse(value).success) throw new Problem('HVB-HTTP-REQUEST-INVALID', `The path's ${name} is not the name of a Kubernetes object (lower-case letters, digits, "-" and ".").`);
    return [[name, value]];
  }));
}

function parse(schema: NonNullable<Route['query']>, value: unknown, where: string): unknown {
  const result = schema.safeParse(value);

  if (!result.success) throw new Problem('HVB-HTTP-REQUEST-INVALID', `${where} is not right: ${describeIssues(result.error)}`);
  return result.data;
}

async function jsonOf(request: HttpRequest): Promise<unknown> {
  const text = await request.body();

  if (text.trim() === '') return {};
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // The parser's message quotes the text, which may hold anything.
    throw new Problem('HVB-HTTP-REQUEST-INVALID', 'The body is not JSON.');
  }
}
