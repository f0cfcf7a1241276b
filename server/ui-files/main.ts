/**
 * The image's third entry: serves the built extension to Rancher, which reads `<endpoint>/plugin/package.json`, then
 * `<endpoint>/files.txt`, then every file named there, and caches them. Read-only, no Kubernetes API, no state.
 * Environment: `HVB_UI_DIR` (default `/app/ui`), `HVB_HTTP_PORT` (default 8080; 0 takes any free port, which the log names).
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { stderrLogger } from '../telemetry/log.ts';
import { systemClock } from '../telemetry/system-clock.ts';
import { answer } from './answer.ts';
import { loadFiles } from './files.ts';

const REQUEST_TIMEOUT_MS = 30_000;

function portFrom(text = '8080'): number {
  const port = Number(text);

  if (text === '' || !Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`HVB_HTTP_PORT is "${text}": it must be a port number`);
  return port;
}

async function main(): Promise<void> {
  const port = portFrom(process.env['HVB_HTTP_PORT']);
  const files = await loadFiles(process.env['HVB_UI_DIR'] ?? '/app/ui');
  const log = stderrLogger(systemClock, 'info');
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    const { status, headers, body } = answer(files, request.method ?? '', request.url ?? '', request.headers['if-none-match']);

    request.resume();
    // Node leaves the body of an answer to HEAD out by itself.
    response.writeHead(status, headers).end(body);
  });

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      server.close();
      server.closeIdleConnections();
    });
  }
  server.on('error', (error) => {
    process.stderr.write(`harvester-vm-backup-ui: ${error.message}\n`);
    process.exitCode = 1;
  });
  server.listen(port, () => log.info('serving the extension', { port: (server.address() as AddressInfo).port, files: files.size }));
}

try {
  await main();
} catch (error) {
  process.stderr.write(`harvester-vm-backup-ui: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
