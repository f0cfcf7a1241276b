#!/usr/bin/env node
/**
 * Starts the product as `npm start` does, on a fresh data folder and a free port; waits until it serves the
 * dashboard page and the extension; ends it with Ctrl-C's signal and expects exit code 0.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';

const project = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const { name, version } = JSON.parse(readFileSync(path.join(project, 'pkg/harvester-vm-backup/package.json'), 'utf8'));
const READY_MS = 300_000;
const END_MS = 30_000;

/** A port that is free now. */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();

    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();

      server.close(() => resolve(port));
    });
  });
}

/** Waits until `url` answers 200 with something; throws when the product has ended or time is up. */
async function answers(url, ended) {
  let last = 'nothing listens';

  for (const until = Date.now() + READY_MS; Date.now() < until && !ended.done; await sleep(300)) {
    const response = await fetch(url).catch(() => undefined);

    if (response?.status === 200 && (await response.text()).length > 0) {
      return;
    }
    last = response ? `answers ${ response.status }` : last;
  }
  throw new Error(ended.done ? `the product ended with exit code ${ ended.code } before ${ url } was served` : `${ url } ${ last } after ${ READY_MS / 1000 } s`);
}

const data = mkdtempSync(path.join(tmpdir(), 'hvb-smoke-'));
const port = await freePort();
// Without npm between: its shell ends by the signal itself, which would hide the product's exit code.
const child = spawn(process.execPath, ['scripts/run.mjs', 'start', '--port', String(port), '--data', data], { cwd: project, stdio: ['ignore', 'inherit', 'inherit'] });
const ended = { done: false, code: undefined };
const end = new Promise((resolve) => {
  child.on('exit', (code, signal) => resolve(Object.assign(ended, { done: true, code: code ?? signal })));
});

try {
  await answers(`http://127.0.0.1:${ port }/dashboard/`, ended);
  await answers(`http://127.0.0.1:${ port }/v1/uiplugins/${ name }/${ version }/plugin/${ name }-${ version }.umd.min.js`, ended);
  child.kill('SIGINT');
  await Promise.race([end, sleep(END_MS, undefined, { ref: false })]);
  if (ended.code !== 0) {
    throw new Error(ended.done ? `after SIGINT, the product ended with exit code ${ ended.code }` : `the product still runs ${ END_MS / 1000 } s after SIGINT`);
  }
  process.stderr.write('[smoke] the dashboard and the extension were served, and the product ended cleanly\n');
} catch (error) {
  process.stderr.write(`[smoke] ${ error.message }\n`);
  process.exitCode = 1;
} finally {
  if (!ended.done) {
    child.kill('SIGINT'); // the second one ends what the first one did not
    await Promise.race([end, sleep(END_MS, undefined, { ref: false })]);
  }
  rmSync(data, { recursive: true, force: true });
}
