import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ServerChild } from '../../../server/embedded/process/server-child.ts';
import { systemClock } from '../../../server/telemetry/system-clock.ts';
import { waitFor } from '../../support/cluster.ts';

describe('the server process of the embedded cluster', () => {
  let folder: string;

  beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'hvb-child-')); });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const child = (script: string): ServerChild => new ServerChild({ command: process.execPath, args: ['-e', script], env: {}, cwd: folder, logFile: join(folder, 'server.log'), clock: systemClock, onExit: () => undefined });

  it('given a process that was only just asked to start, when it is stopped at once, then stopping ends and nothing runs', async () => {
    const server = child('setInterval(() => {}, 1000)');

    server.start();
    await server.stop();
    expect(server.pid).toBeUndefined();
  });

  it('given a running process, when it is stopped, then it gets SIGTERM and the time to end by itself', async () => {
    const server = child('process.on("SIGTERM", () => { console.log("ending"); process.exit(0); }); console.log("up"); setInterval(() => {}, 1000)');

    server.start();
    await waitFor('the process up', async () => (await readFile(join(folder, 'server.log'), 'utf8').catch(() => '')).includes('up'));
    await server.stop();
    expect(await readFile(join(folder, 'server.log'), 'utf8')).toContain('ending');
  });
});
