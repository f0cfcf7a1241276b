import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ApiServer } from '../api/index.ts';
import type { Extensions } from './extension.ts';
import type { Reply } from './http.ts';
import type { PreferenceStore } from './preferences.ts';
import type { StaticFiles } from './static-files.ts';
import type { DemoUser } from './users.ts';
import { ApiError } from '../api/index.ts';
import { assertCsrf, assertLocal, csrfCookie } from './guard.ts';
import { errorReply, notFoundReply, readBody, send } from './http.ts';
import { KUBERNETES_VERSION, RANCHER_VERSION } from './management.ts';
import { normanReply } from './norman.ts';
import { proxy } from './proxy.ts';
import { serviceUpstream } from './service-proxy.ts';
import { steveBaseOf } from './steve/bases.ts';
import { steveReply } from './steve/router.ts';
import { USER_COOKIE, userCookie, userNamed, userOf } from './users.ts';

/** What requests are answered from. */
export interface RouterOptions {
  readonly api: ApiServer;
  readonly apiUrl: string;
  readonly tokens: ReadonlyMap<string, string>;
  readonly landing: string;
  readonly services?: ReadonlyMap<string, string>;
  readonly preferences: PreferenceStore;
  readonly shell: StaticFiles;
  readonly extensions: Extensions;
}

interface Exchange { request: IncomingMessage; response: ServerResponse; url: URL; user: DemoUser; origin: string }

const CLUSTER_PROXY = /^\/k8s\/clusters\/local(\/(?:api|apis|version|openapi|healthz|readyz|livez)(?:\/.*)?)$/;
const EXTENSION_FILE = /^\/v1\/uiplugins\/([^/]+)\/([^/]+)\/plugin\/(.+)$/;
/** Where the dashboard's build has its files; every other path below it is one of its pages, also with dots in it. */
const ASSET_FOLDER = /^\/(js|css|img|fonts)\//;
/** The dashboard looks for news at its maker's; this one stays on the machine. */
const CONTENT_POLICY = "connect-src 'self' ws://localhost:* ws://127.0.0.1:*; frame-ancestors 'self'";

function redirect(location: string, cookie?: string): Reply {
  return { status: 302, headers: { location, ...(cookie ? { 'set-cookie': cookie } : {}) } };
}

/** `?hvb-user=viewer` on any page: logs that user in and goes on to the same page without the parameter. */
function switchUser(url: URL, landing: string): Reply | undefined {
  const name = url.searchParams.get(USER_COOKIE);

  if (name === null) return undefined;
  url.searchParams.delete(USER_COOKIE);
  const path = /^\/(dashboard\/?)?$/.test(url.pathname) ? landing : url.pathname;

  return redirect(`${path}${url.search}`, userCookie(userNamed(name)));
}

async function dashboard({ request, url }: Exchange, options: RouterOptions): Promise<Reply> {
  if (url.pathname === '/' || url.pathname === '/dashboard' || url.pathname === '/dashboard/') return redirect(options.landing);
  const path = url.pathname.replace(/^\/dashboard\//, '/');
  const file = await options.shell.reply(request, decodeURIComponent(path));

  if (file) return file;
  if (!url.pathname.startsWith('/dashboard/') || ASSET_FOLDER.test(path)) return notFoundReply(url.pathname);
  const index = await options.shell.reply(request, '/index.html');

  return index
    ? { ...index, headers: { ...index.headers, 'content-security-policy': CONTENT_POLICY } }
    : errorReply(new Error('the dashboard is not built: index.html is missing in the folder that HVB_SHELL_DIST names'));
}

async function extension({ request, url }: Exchange, options: RouterOptions): Promise<Reply> {
  const match = EXTENSION_FILE.exec(url.pathname);

  if (!match) return options.extensions.index();
  const [, name = '', version = '', path = ''] = match;

  return await options.extensions.file(request, decodeURIComponent(name), decodeURIComponent(version), `/${decodeURIComponent(path)}`) ?? notFoundReply(url.pathname);
}

/** Rancher's own answers, outside of Steve; undefined for other paths. */
function rancher({ request, url, user, origin }: Exchange): Reply | undefined {
  const method = request.method ?? 'GET';
  const path = url.pathname;

  if (path === '/rancherversion') return { status: 200, body: { Version: RANCHER_VERSION, RancherPrime: 'false', GitCommit: 'embedded' } };
  if (path === '/version') return { status: 200, body: { major: '1', minor: '33', gitVersion: KUBERNETES_VERSION } };
  if (path === '/v1-public/authproviders' || path === '/v3-public/authProviders') {
    return { status: 200, body: { type: 'collection', resourceType: 'authProvider', data: [{ id: 'local', type: 'localProvider' }] } };
  }
  if (path === '/v1-public/login' || path === '/v1/logout' || path === '/v3/logout') return { status: 200, body: {} };
  if (path === '/v3' || path.startsWith('/v3/')) return normanReply(method, path.split('/').slice(2).filter(Boolean).map(decodeURIComponent), origin, user);

  return undefined;
}

async function answer(exchange: Exchange, options: RouterOptions): Promise<Reply | undefined> {
  const { request, response, url, user, origin } = exchange;
  const path = url.pathname;
  const raw = CLUSTER_PROXY.exec(path);

  if (raw) {
    const target = `${raw[1]}${url.search}`;
    const service = serviceUpstream(options, user, request.method ?? 'GET', raw[1] as string, url.search);
    await proxy(request, response, service ?? { base: options.apiUrl, path: target, token: options.tokens.get(user.name) ?? '' });

    return undefined;
  }
  if (path.startsWith('/v1/uiplugins')) return extension(exchange, options);
  const steve = steveBaseOf(path);

  if (steve || path.startsWith('/v3')) assertCsrf(request, url.searchParams);
  const own = rancher(exchange);

  if (own) return own;
  if (!steve) return dashboard(exchange, options);

  return steveReply({ api: options.api, base: steve.base, origin, identity: user.identity }, {
    method: request.method ?? 'GET', path: steve.path, query: url.searchParams, contentType: request.headers['content-type'] ?? '',
    body: () => readBody(request), userId: user.id, preferences: options.preferences,
  });
}

/** The handler of every HTTP request. */
export function createRouter(options: RouterOptions): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async (request, response) => {
    const origin = `http://${request.headers.host ?? 'localhost'}`;

    try {
      assertLocal(request);
      const url = new URL(request.url ?? '/', origin);
      const switched = switchUser(url, options.landing);
      const cookie = csrfCookie(request);

      // The shell skips its login page when answers carry this header.
      response.setHeader('x-api-cattle-auth', 'true');
      response.setHeader('x-content-type-options', 'nosniff');
      if (cookie && !switched) response.setHeader('set-cookie', cookie);
      const reply = switched ?? await answer({ request, response, url, user: userOf(request), origin }, options);

      if (reply) await send(request, response, reply);
    } catch (error) {
      if (response.headersSent) throw error;
      if (!(error instanceof ApiError) && isUnreachable(error)) await send(request, response, errorReply(new ApiError(502, 'BadGateway', `the Kubernetes API cannot be reached: ${(error as Error).message}`)));
      else await send(request, response, errorReply(error));
    }
  };
}

function isUnreachable(error: unknown): boolean {
  return error instanceof Error && 'code' in error && ['ECONNREFUSED', 'ECONNRESET'].includes(String(error.code));
}
