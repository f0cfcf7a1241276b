import type { IncomingMessage, ServerResponse } from 'node:http';
import { request as httpRequest } from 'node:http';
import { dump as dumpYaml, load as loadYaml } from 'js-yaml';

/** Headers that belong to one connection or to the browser's session, and must not travel on. */
const DROPPED = new Set(['host', 'connection', 'cookie', 'authorization', 'origin', 'referer', 'x-api-csrf', 'accept-encoding', 'content-length', 'transfer-encoding', 'expect', 'upgrade']);
const HOP = new Set(['connection', 'transfer-encoding', 'keep-alive', 'set-cookie']);

/** Where a request is passed on to. */
export interface Upstream {
  /** Base URL, `http://127.0.0.1:40123`. */
  readonly base: string;
  /** Path with query. */
  readonly path: string;
  /** Sent as `Authorization: Bearer`; absent for services, which must not get anybody's credentials. */
  readonly token?: string;
}

function forwardedHeaders(request: IncomingMessage, upstream: Upstream, yamlBody: boolean, wantsYaml: boolean): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};

  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined && !DROPPED.has(name) && !name.startsWith('impersonate-')) headers[name] = value;
  }
  if (upstream.token) headers['authorization'] = `Bearer ${upstream.token}`;
  if (yamlBody) headers['content-type'] = 'application/json';
  if (wantsYaml) headers['accept'] = 'application/json';

  return headers;
}

async function collect(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);

  return Buffer.concat(chunks).toString('utf8');
}

/** Passes a request on and streams the answer back; translates YAML, which the API behind it does not speak. */
export async function proxy(request: IncomingMessage, response: ServerResponse, upstream: Upstream): Promise<void> {
  const yamlBody = /yaml/.test(request.headers['content-type'] ?? '') && !/patch/.test(request.headers['content-type'] ?? '');
  const wantsYaml = /^application\/yaml/.test(request.headers.accept ?? '');
  const outgoing = httpRequest(`${upstream.base}${upstream.path}`, { method: request.method, headers: forwardedHeaders(request, upstream, yamlBody, wantsYaml) });

  response.on('close', () => outgoing.destroy());
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.on('response', resolve);
    outgoing.on('error', reject);
  });

  // A body that ends early must not surface as an unhandled rejection beside the one below.
  answered.catch(() => undefined);
  if (yamlBody) outgoing.end(JSON.stringify(loadYaml(await collect(request))));
  else request.pipe(outgoing);
  const answer = await answered;
  const headers = Object.fromEntries(Object.entries(answer.headers).filter(([name]) => !HOP.has(name)));

  if (wantsYaml && /json/.test(answer.headers['content-type'] ?? '')) {
    const body = dumpYaml(JSON.parse(await collect(answer)), { noRefs: true });

    response.writeHead(answer.statusCode ?? 502, { ...headers, 'content-type': 'application/yaml', 'content-length': String(Buffer.byteLength(body)) });
    response.end(body);

    return;
  }
  response.writeHead(answer.statusCode ?? 502, headers);
  answer.pipe(response);
}
