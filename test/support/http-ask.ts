import http, { type IncomingHttpHeaders } from 'node:http';

/** A request to an HTTP API. A body that is no string is sent as JSON. */
export interface Ask { method?: string; headers?: Record<string, string>; body?: unknown; token?: string }

/** Its answer. */
export interface Answered { status: number; headers: IncomingHttpHeaders; text: string; bytes: Buffer; json: () => Record<string, unknown> }

/** Asks on a connection of its own. Content-Type is set for a body that is an object, unless told. */
export function ask(base: string, path: string, { method = 'GET', headers = {}, body, token }: Ask = {}): Promise<Answered> {
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);

  return new Promise((resolve, reject) => {
    const request = http.request(`${ base }`, {
      method, path, agent: false,
      headers: {
        ...(typeof body === 'object' ? { 'content-type': 'application/json' } : {}), ...(text === undefined ? {} : { 'content-length': String(Buffer.byteLength(text)) }),
        ...(token === undefined ? {} : { authorization: `Bearer ${ token }` }), ...headers,
      },
    }, (response) => {
      const chunks: Buffer[] = [];

      response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject).on('end', () => {
        const bytes = Buffer.concat(chunks);

        resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes, text: bytes.toString('utf8'), json: () => JSON.parse(bytes.toString('utf8')) as Record<string, unknown> });
      });
    });

    request.on('error', reject);
    request.end(text);
  });
}
