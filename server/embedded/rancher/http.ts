import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { load as loadYaml } from 'js-yaml';
import { ApiError } from '../api/index.ts';
import { badRequest, tooLarge } from '../api/status.ts';

const gzipAsync = promisify(gzip);
const MAX_BODY_BYTES = 8 * 1024 * 1024;
const COMPRESS_FROM_BYTES = 1024;

/** An answer that is not streamed. A string or Buffer is sent as it is, anything else as JSON. */
export interface Reply {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

/** Reads and parses a JSON or YAML request body; undefined when there is none. Throws ApiError 400 or 413. */
export async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;

  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw tooLarge(MAX_BODY_BYTES);
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');

  if (text.trim() === '') return undefined;
  try {
    return /yaml/.test(request.headers['content-type'] ?? '') ? loadYaml(text) : (JSON.parse(text) as unknown);
  } catch (error) {
    throw badRequest(`the request body cannot be read: ${(error as Error).message}`);
  }
}

/** An error as Steve and Norman word it. Unknown errors become 500 without their stack. */
export function errorReply(error: unknown): Reply {
  if (error instanceof ApiError) {
    return { status: error.code, body: { type: 'error', links: {}, code: error.reason, message: error.message, status: error.code } };
  }
  const message = error instanceof Error ? error.message : String(error);

  return { status: 500, body: { type: 'error', links: {}, code: 'ServerError', message, status: 500 } };
}

/** A 404 in Steve's words. */
export function notFoundReply(what: string): Reply {
  return errorReply(new ApiError(404, 'NotFound', `${what} not found`));
}

/** Sends a reply, gzipped where the client takes it and it is worth it. */
export async function send(request: IncomingMessage, response: ServerResponse, reply: Reply): Promise<void> {
  const raw = typeof reply.body === 'string' || Buffer.isBuffer(reply.body);
  const headers: Record<string, string> = { ...(reply.body === undefined || raw ? {} : { 'content-type': 'application/json' }), ...reply.headers };
  let payload = reply.body === undefined ? Buffer.alloc(0) : Buffer.from(raw ? (reply.body as string | Buffer) : JSON.stringify(reply.body));

  if (payload.length >= COMPRESS_FROM_BYTES && !headers['content-encoding'] && /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))) {
    payload = await gzipAsync(payload, { level: 1 });
    headers['content-encoding'] = 'gzip';
    headers['vary'] = 'accept-encoding';
  }
  response.writeHead(reply.status, { ...headers, 'content-length': String(payload.length) });
  response.end(request.method === 'HEAD' ? undefined : payload);
}
