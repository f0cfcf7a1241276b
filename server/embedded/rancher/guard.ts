import type { IncomingMessage } from 'node:http';
import { randomBytes } from 'node:crypto';
import { ApiError } from '../api/index.ts';

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);
const READS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Cookies of a request by name. */
export function cookiesOf(request: IncomingMessage): Map<string, string> {
  return new Map((request.headers.cookie ?? '').split(';').flatMap((pair) => {
    const at = pair.indexOf('=');

    return at < 0 ? [] : [[pair.slice(0, at).trim(), pair.slice(at + 1).trim()] as [string, string]];
  }));
}

function hostNameOf(host: string): string {
  return host.replace(/:\d+$/, '').toLowerCase();
}

/**
 * Refuses what does not come from this machine's own pages: a foreign Host (DNS rebinding) and a foreign Origin.
 * Nobody logs in here, so these checks are all that keeps another web site's script away.
 * Throws ApiError 403.
 */
export function assertLocal(request: IncomingMessage): void {
  const host = request.headers.host ?? '';

  if (!LOOPBACK.has(hostNameOf(host))) {
    throw new ApiError(403, 'Forbidden', `the Host header is "${host}"; open this page as localhost or 127.0.0.1`);
  }
  const { origin } = request.headers;

  if (origin && origin !== `http://${host}`) {
    throw new ApiError(403, 'Forbidden', `requests from the origin "${origin}" are not accepted here`);
  }
  const site = request.headers['sec-fetch-site'];

  if (site === 'cross-site' && !READS.has(request.method ?? 'GET')) {
    throw new ApiError(403, 'Forbidden', 'writes from another site are not accepted here');
  }
}

/** Rancher's CSRF check of Steve and Norman: a browser that writes repeats the CSRF cookie in a header. Throws ApiError 422. */
export function assertCsrf(request: IncomingMessage, query: URLSearchParams): void {
  const browser = /Mozilla/.test(request.headers['user-agent'] ?? '');

  if (READS.has(request.method ?? 'GET') || !browser) return;
  const sent = request.headers['x-api-csrf'] ?? query.get('CSRF') ?? '';

  if (sent === '' || sent !== cookiesOf(request).get('CSRF')) {
    throw new ApiError(422, 'InvalidCSRFToken', 'the header X-API-CSRF must repeat the cookie CSRF');
  }
}

/** `Set-Cookie` value that gives a browser its CSRF token, when it has none yet. */
export function csrfCookie(request: IncomingMessage): string | undefined {
  return cookiesOf(request).has('CSRF') ? undefined : `CSRF=${randomBytes(16).toString('hex')}; Path=/; SameSite=Lax`;
}
