import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLogger, type Logger } from '../../../server/telemetry/log.ts';
import { FakeClock } from '../../support/fake-clock.ts';

/** A logger that keeps its lines. */
export function memoryLog(): { log: Logger; lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = [];

  return { log: createLogger({ clock: new FakeClock(), level: 'debug', write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) }), lines };
}

/** A request as the test server saw it. */
export interface Seen { method: string; url: URL; headers: http.IncomingHttpHeaders; body: string }

/** A throw-away HTTP server on a free loopback port; `handle` answers, `seen` records. */
export async function withServer(
  handle: (seen: Seen, response: http.ServerResponse) => void,
  test: (baseUrl: string, seen: Seen[]) => Promise<void>,
): Promise<void> {
  const seen: Seen[] = [];
  const server = http.createServer((request, response) => {
    let body = '';

    request.setEncoding('utf8');
    request.on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      const entry = { method: request.method ?? '', url: new URL(request.url ?? '/', 'http://x'), headers: request.headers, body };

      seen.push(entry);
      handle(entry, response);
    });
  });

  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  try {
    await test(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  }
}

/** Answers with JSON. */
export function json(response: http.ServerResponse, code: number, body: object): void {
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

/** A Kubernetes Status body. */
export function status(code: number, reason: string, message: string): object {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message };
}
