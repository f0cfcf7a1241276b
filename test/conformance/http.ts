/** Plain HTTP to an API under test: nothing is interpreted that the suite is to compare. */
import http from 'node:http';
import https from 'node:https';
import type { Answer, Call, Caller } from './scenario.ts';

/** Where an API is, and the tokens of its callers. */
export interface Endpoint { url: string; ca: string | undefined; tokens: Readonly<Record<'admin' | 'ann', string>> }

/** Headers of an answer that clients act on. */
const HEADERS = ['content-type', 'warning', 'retry-after', 'www-authenticate'];
/** A server that does not end a watch in time is cut off. */
const LIMIT_MS = 60_000;

function tokenOf({ tokens }: Endpoint, caller: Caller): string | undefined {
  if (caller === 'anonymous') return undefined;
  return caller === 'unknown' ? 'a-token-that-nobody-gave-out' : tokens[caller];
}

function parsed(text: string, contentType: string, stream: boolean): unknown {
  if (!contentType.startsWith('application/json')) return text;
  return stream ? text.split('\n').filter((line) => line !== '').map((line): unknown => JSON.parse(line)) : JSON.parse(text);
}

/** Sends a call and reads the whole answer. `stream`: a good answer is JSON lines. */
export function send(endpoint: Endpoint, call: Call, stream = false): Promise<Answer> {
  const url = new URL(endpoint.url + call.path);
  const token = tokenOf(endpoint, call.as ?? 'admin');
  const body = call.body === undefined || typeof call.body === 'string' ? call.body : JSON.stringify(call.body);
  const headers = {
    accept: call.accept ?? 'application/json', 'user-agent': 'conformance/1',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(body === undefined ? {} : { 'content-type': call.type ?? 'application/json', 'content-length': Buffer.byteLength(body) }),
  };

  return new Promise((resolve, reject) => {
    const options = { method: call.method, headers, signal: AbortSignal.timeout(LIMIT_MS), agent: false, ...(endpoint.ca ? { ca: endpoint.ca } : {}) } as const;
    const request = (url.protocol === 'https:' ? https : http).request(url, options, (response) => {
      let text = '';

      response.setEncoding('utf8').on('data', (chunk: string) => { text += chunk; }).on('error', reject).on('end', () => {
        const status = response.statusCode ?? 0;
        const contentType = response.headers['content-type'] ?? '';
        const kept = HEADERS.flatMap((name) => (response.headers[name] === undefined ? [] : [[name, String(response.headers[name])] as const]));

        resolve({ status, headers: Object.fromEntries(kept), body: parsed(text, contentType, stream && status === 200) });
      });
    });

    request.on('error', reject).end(body);
  });
}
