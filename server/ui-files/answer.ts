import type { ServedFile } from './files.ts';

/** What is sent back for a request. */
export interface Answer { status: number; headers: Record<string, string | number>; body?: Buffer | string }

const PLAIN = { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' };

/** The answer to a request for one of `files`, or for `/healthz`. Nothing of the request but method, path and `If-None-Match` counts. */
export function answer(files: ReadonlyMap<string, ServedFile>, method: string, url: string, ifNoneMatch: string | undefined): Answer {
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, headers: { ...PLAIN, allow: 'GET, HEAD' }, body: 'Only GET and HEAD are answered here.\n' };
  const pathname = pathOf(url);

  if (pathname === '/healthz') return { status: 200, headers: PLAIN, body: 'ok\n' };
  const file = pathname === undefined ? undefined : files.get(pathname);

  if (!file) return { status: 404, headers: PLAIN, body: 'There is no such file in this build of the extension.\n' };
  const headers = { 'x-content-type-options': 'nosniff', 'cache-control': 'no-cache', etag: file.etag };

  if (ifNoneMatch === file.etag) return { status: 304, headers };
  return { status: 200, headers: { ...headers, 'content-type': file.type, 'content-length': file.body.length }, body: file.body };
}

/** Decoded path without the query; undefined for what is not valid percent-encoding. */
function pathOf(url: string): string | undefined {
  try {
    return decodeURIComponent(url.split('?', 1)[0] ?? '');
  } catch {
    return undefined;
  }
}
