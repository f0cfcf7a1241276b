import type { IncomingMessage } from 'node:http';
import { MAX_BODY_BYTES } from '../contract/http.ts';
import { Problem } from './problem.ts';

/** Headers that kube-apiserver's service proxy adds. Anybody can send them, so they only ever take rights away. */
const PROXY_MARKS = ['x-forwarded-uri'];

/** What handlers see of a request: nothing but this, so that no header can get into an answer or a log. */
export interface HttpRequest {
  /** HEAD is asked as GET. */
  readonly method: string;
  /** Without query; as it came. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The caller's bearer token. Never logged, never kept. */
  readonly token: string | undefined;
  /** It came through kube-apiserver's service proxy, which carries no identity. */
  readonly proxied: boolean;
  /** Media type of the body, lower case, without parameters. */
  readonly mediaType: string;
  /** The body as text, read once, at most {@link MAX_BODY_BYTES}. */
  body(): Promise<string>;
}

/**
 * Takes a request in. The cookie goes first: on the way through Rancher it is the session of the person, which is none of our
 * business, and must not be seen by anything behind this door.
 */
export function takeIn(message: IncomingMessage): HttpRequest {
  dropCookies(message);
  const { method = 'GET', url = '/', headers } = message;
  const [path = '/', ...query] = url.split('?');

  return {
    method: method === 'HEAD' ? 'GET' : method, path, query: new URLSearchParams(query.join('?')),
    token: tokenOf(headers.authorization),
    proxied: PROXY_MARKS.some((name) => headers[name] !== undefined),
    mediaType: (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '',
    body: () => read(message),
  };
}

function dropCookies(message: IncomingMessage): void {
  const kept: string[] = [];

  delete message.headers.cookie;
  for (let at = 0; at < message.rawHeaders.length; at += 2) {
    const name = message.rawHeaders[at] as string;

    if (name.toLowerCase() !== 'cookie') kept.push(name, message.rawHeaders[at + 1] as string);
  }
  message.rawHeaders.splice(0, message.rawHeaders.length, ...kept);
}

/** @throws Problem for an Authorization header that is none we know: it must not pass as “no token”. */
function tokenOf(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const token = /^Bearer +([\w.~+/=-]+) *$/i.exec(header)?.[1];

  if (token === undefined) throw new Problem('HVB-HTTP-TOKEN-REFUSED', 'The Authorization header is not "Bearer <token>".', { 'www-authenticate': 'Bearer' });
  return token;
}

async function read(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;

  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new Problem('HVB-HTTP-BODY-TOO-LARGE', `The body is larger than ${MAX_BODY_BYTES} bytes.`, { connection: 'close' });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
