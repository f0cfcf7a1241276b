import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '../../support/cluster.ts';

const MAIN = join(import.meta.dirname, '../../../server/embedded/main.ts');

interface Started { child: ChildProcess; output: () => string; url: () => Promise<string>; ended: Promise<number> }

describe('the start command', () => {
  let folder: string;
  const running: Started[] = [];
  const data = (): string => join(folder, 'data');

  /** Runs the command as `npm start` does, with folders in place of the builds. */
  const start = (...args: string[]): Started => {
    const child = spawn(process.execPath, [MAIN, '--port', '0', '--data', data(), ...args], {
      env: { ...process.env, HVB_SHELL_DIST: join(folder, 'shell'), HVB_PLUGIN_DIST: join(folder, 'plugins'), HVB_DISK_SCALE: '0.0625' }, stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';

    child.stdout.on('data', (chunk: Buffer) => { text += chunk.toString(); });
    child.stderr.on('data', (chunk: Buffer) => { text += chunk.toString(); });
    const ended = once(child, 'close').then(([code]) => code as number);
    const started: Started = {
      child, ended, output: () => text,
      url: () => waitFor('the URL', () => Promise.resolve(/Ready after .*(http:\/\/localhost:\d+)/.exec(text)?.[1]), { seconds: 90, describe: () => text }),
    };

    running.push(started);

    return started;
  };
  const interrupt = async ({ child, ended }: Started): Promise<number> => {
    child.kill('SIGINT');

    return ended;
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hvb-start-'));
    await mkdir(join(folder, 'shell'));
    await mkdir(join(folder, 'plugins'));
    await writeFile(join(folder, 'shell', 'index.html'), '<html>dashboard</html>');
  });
  afterEach(async () => {
    for (const { child, ended } of running.splice(0)) {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await ended;
    }
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  });

  it('given an empty folder, when it is started, ended with Ctrl-C and started again, then the same objects are there and the kubeconfig is private', async () => {
    const first = start('--no-server');
    const before = await (await fetch(`${await first.url()}/v1/kubevirt.io.virtualmachines`)).json() as { data: { id: string; metadata: { uid: string } }[] };
    const mode = (await stat(join(data(), 'kubeconfig'))).mode & 0o777;
    const code = await interrupt(first);
    const second = start('--no-server');
    const after = await (await fetch(`${await second.url()}/v1/kubevirt.io.virtualmachines`)).json() as typeof before;

    expect(before.data.map(({ id }) => id)).toEqual(['office/wiki', 'web/cache', 'web/shop']);
    expect(after.data.map(({ metadata }) => metadata.uid)).toEqual(before.data.map(({ metadata }) => metadata.uid));
    expect(mode).toBe(0o600);
    expect(code).toBe(0);
    expect(first.output()).toContain('hvb-user=viewer');
  });

  it('given a server process that is killed, when a moment has passed, then another one runs and the person was told', async () => {
    const started = start();

    await started.url();
    const leader = await waitFor('the server leads', async () => /"identity":"([^"]+)"/.exec(await readFile(join(data(), 'server.log'), 'utf8').catch(() => ''))?.[1]);
    const [pid] = await waitFor('the server process', async () => {
      const children = await readFile(`/proc/${started.child.pid}/task/${started.child.pid}/children`, 'utf8');
      const found: number[] = [];

      for (const id of children.trim().split(/\s+/)) if ((await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')).includes('server/main.ts')) found.push(Number(id));

      return found.length > 0 ? found : undefined;
    });

    process.kill(pid as number, 'SIGKILL');
    await waitFor('the message', () => Promise.resolve(started.output().includes('backup server ended (SIGKILL)')));
    await waitFor('another leader', async () => new Set([...(await readFile(join(data(), 'server.log'), 'utf8')).matchAll(/"identity":"([^"]+)"/g)].map(([, id]) => id)).size > 1, { seconds: 60 });
    expect(leader).toBeDefined();
    expect(await interrupt(started)).toBe(0);
  });

  it('given a data folder that another process holds, when it is started on it, then it says which and ends', async () => {
    const first = start('--no-server');

    await first.url();
    const second = start('--no-server');

    expect(await second.ended).toBe(2);
    expect(second.output()).toContain(`in use by process ${first.child.pid}`);
  });

  it('given a lock that a killed process left, when it is started, then it starts', async () => {
    const first = start('--no-server');

    await first.url();
    first.child.kill('SIGKILL');
    await first.ended;
    expect(await start('--no-server').url()).toMatch(/^http/);
  });

  it('given a port that is taken, when it is started, then one line says so and what to do', async () => {
    const taken = createServer();

    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo;
    const started = start('--no-server', '--port', String(port));

    expect(await started.ended).toBe(1);
    expect(started.output()).toContain(`port ${port} is in use; end what uses it, or choose another with --port`);
    await new Promise((resolve) => taken.close(resolve));
  });

  it('given a folder with files of somebody else, when it is started on it with --reset, then nothing is removed', async () => {
    await mkdir(data());
    await writeFile(join(data(), 'letter.txt'), 'dear');
    const started = start('--no-server', '--reset');

    expect(await started.ended).toBe(2);
    expect(started.output()).toContain('holds files but no data of the embedded cluster');
    expect(await readFile(join(data(), 'letter.txt'), 'utf8')).toBe('dear');
  });

  it('given data of an earlier start, when it is started with --reset, then it begins afresh', async () => {
    const first = start('--no-server');
    const uid = async (url: string): Promise<unknown> => ((await (await fetch(`${url}/v1/namespaces/web`)).json()) as { metadata: { uid: string } }).metadata.uid;
    const before = await uid(await first.url());

    await interrupt(first);
    expect(await uid(await start('--no-server', '--reset').url())).not.toBe(before);
  });

  it.each([['--port', 'many', 'is no port number'], ['--colour', 'red', "Unknown option '--colour'"]])('given the option %s %s, when it is started, then it is refused in words', async (option, value, words) => {
    const started = start(option, value);

    expect(await started.ended).toBe(2);
    expect(started.output()).toContain(words);
  });
});
