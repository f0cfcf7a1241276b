/**
 * No container engine can be had everywhere, so the image itself is not built here. Its steps are: the folder that they give
 * lies outside the project, with nothing else on the module path, and the three programs are started from it.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { layOutExtension } from '../../../scripts/lib/package.mjs';
import { RESTIC } from '../../../scripts/lib/pins.mjs';
import { REQUEST_FILE } from '../../../server/contract/mover-paths.ts';
import { MOVER_API } from '../../../server/contract/mover-protocol.ts';
import { followDockerfile } from '../../support/image-layout.ts';
import { findRestic } from '../../support/restic.ts';
import { waitFor } from '../../support/wait.ts';

const project = path.resolve(import.meta.dirname, '../../..');
const CERTIFICATES = 'etc/ssl/certs/ca-certificates.crt';
let work: string;
let image: string;
let env: NodeJS.ProcessEnv;

/** A build of the extension, small but with all that a real one has: chunks, a picture, maps, the analyser's report. */
async function builtExtension(folder: string): Promise<string> {
  await mkdir(path.join(folder, 'img'), { recursive: true });
  const files = { 'package.json': JSON.stringify({ name: 'demo', version: '1.2.3', main: 'demo-1.2.3.umd.min.js' }), 'demo-1.2.3.umd.min.js': 'window.demo = 1;', 'demo-1.2.3.umd.min.7.js': 'window.seven = 7;', 'demo-1.2.3.umd.min.js.map': '{}', 'report.html': '<p>', 'img/icon.svg': '<svg/>' };

  for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text);
  return folder;
}

/** Stand-ins for `curl` (gives the restic that is here, under another name) and `bunzip2` (only drops the ending), and npm's real PATH. */
async function programs(folder: string, restic: string): Promise<string> {
  await mkdir(folder);
  await writeFile(path.join(folder, 'curl'), `#!/bin/sh\ncp "${ restic }" restic.bz2\necho "$@" > "${ work }/curl-args"\n`);
  await writeFile(path.join(folder, 'bunzip2'), '#!/bin/sh\nmv "$1" "${1%.bz2}"\n');
  for (const name of ['curl', 'bunzip2']) await chmod(path.join(folder, name), 0o755);

  return [folder, path.dirname(process.execPath), process.env['PATH']].join(path.delimiter);
}

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'hvb-image-'));
  const restic = findRestic().includes('/') ? findRestic() : spawnSync('which', ['restic'], { encoding: 'utf8' }).stdout.trim();
  const digest = createHash('sha256').update(await readFile(restic)).digest('hex');
  const out = path.join(work, 'stages');

  layOutExtension({ built: await builtExtension(path.join(work, 'built')), out: path.join(work, 'dist/extension') });
  await mkdir(path.join(out, 'packages', path.dirname(CERTIFICATES)), { recursive: true });
  await writeFile(path.join(out, 'packages', CERTIFICATES), 'what the base image brings');
  await mkdir(path.join(out, 'restic/usr/local/bin'), { recursive: true });
  // The environment says how this machine reaches its registry; npm takes from its cache what the set-up has fetched already.
  env = { ...process.env, PATH: await programs(path.join(work, 'bin'), restic), npm_config_prefer_offline: 'true' };
  image = followDockerfile({
    project, dist: path.join(work, 'dist'), out, env,
    rewrite: (stage, script) => (stage === 'restic' ? Object.values(RESTIC.sha256).reduce((text, pin) => text.replace(pin.digest, digest), script).replaceAll('/usr/local/bin', path.join(out, 'restic/usr/local/bin')) : script),
  });
});

afterAll(async () => {
  await rm(work, { recursive: true, force: true });
});

/** The environment of a container: what the image sets, and PATH. */
const inImage = (extra: Record<string, string> = {}): { env: Record<string, string>; cwd: string; encoding: 'utf8' } =>
  ({ env: { PATH: `${ image }/usr/local/bin:/usr/bin:/bin`, NODE_ENV: 'production', ...extra }, cwd: '/', encoding: 'utf8' });

describe('the steps of the Dockerfile', () => {
  it('given the image, when it is looked at, then it has sources and locked packages, and nothing for tests or simulations', () => {
    expect(readdirSync(path.join(image, 'app')).sort()).toEqual(['server', 'ui']);
    expect(existsSync(path.join(image, 'app/server/embedded'))).toBe(false);
    expect(existsSync(path.join(image, 'app/server/contract/crd'))).toBe(false);
    expect(readdirSync(path.join(image, 'app/server/node_modules'))).toEqual(expect.arrayContaining(['zod', 'prom-client']));
    expect(readdirSync(path.join(image, 'app/server/node_modules'))).not.toContain('vitest');
    expect(existsSync(path.join(image, CERTIFICATES))).toBe(true);
  });

  it('given restic\'s step, when the archive has the pinned checksum, then it asked for the pinned release and put the program in place', async () => {
    expect(await readFile(path.join(work, 'curl-args'), 'utf8')).toContain(`${ RESTIC.releases }/v${ RESTIC.pinned }/restic_${ RESTIC.pinned }_linux_`);
    expect(spawnSync(path.join(image, 'usr/local/bin/restic'), ['version'], inImage()).stdout).toMatch(/^restic \d/);
  });

  it('given restic\'s step, when the archive is another one, then the build fails', () => {
    const build = (): string => followDockerfile({ project, dist: path.join(work, 'dist'), out: path.join(work, 'refused'), env, rewrite: (stage, script) => (stage === 'packages' ? 'true' : script) });

    expect(build).toThrow(/RUN of stage restic ended with 1: .*(FAILED|did NOT match)/s);
  });

  it('given the server in it, when it is started outside a pod, then it says in one line that there is no Kubernetes API', () => {
    const { status, stderr } = spawnSync(process.execPath, [path.join(image, 'app/server/main.ts')], inImage());

    expect(stderr).toBe('harvester-vm-backup: no Kubernetes API: run in a pod, or set HVB_KUBE_URL and HVB_KUBE_TOKEN_FILE\n');
    expect(status).toBe(1);
  });

  it('given the mover in it, when it is asked what it is, then the restic of the image answers', async () => {
    const root = path.join(work, 'pod');

    await mkdir(path.dirname(path.join(root, REQUEST_FILE)), { recursive: true });
    await writeFile(path.join(root, REQUEST_FILE), JSON.stringify({ apiVersion: MOVER_API, operationID: 'op-1', verb: 'describe' }));
    const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(image, 'app/server/mover/main.ts'), 'describe', '--request', REQUEST_FILE], inImage({ MOVER_ROOT: root }));

    expect(JSON.parse(stdout.trim() || stderr)).toMatchObject({ type: 'result', result: { type: 'describe', capabilities: { engine: 'restic' } } });
    expect(status).toBe(0);
  });

  it('given the extension in it, when Rancher fetches it as it does, then every file of files.txt comes, and nothing else does', async () => {
    const child = spawn(process.execPath, [path.join(image, 'app/server/ui-files/main.ts')], { ...inImage({ HVB_UI_DIR: path.join(image, 'app/ui'), HVB_HTTP_PORT: '0' }), stdio: ['ignore', 'ignore', 'pipe'] });
    const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
    let log = '';

    child.stderr.setEncoding('utf8').on('data', (text: string) => { log += text; });
    try {
      const port = await waitFor('the port', async () => /"port":(\d+)/.exec(log)?.[1], { describe: () => log });
      const endpoint = `http://127.0.0.1:${ port }/plugin/demo-1.2.3`;
      const manifest = await (await fetch(`${ endpoint }/plugin/package.json`)).json() as { version: string };
      const files = (await (await fetch(`${ endpoint }/files.txt`)).text()).trim().split('\n');

      expect(manifest.version).toBe('1.2.3');
      expect(files).toEqual(['plugin/demo-1.2.3.umd.min.7.js', 'plugin/demo-1.2.3.umd.min.js', 'plugin/img/icon.svg', 'plugin/package.json']);
      for (const file of files) {
        const answer = await fetch(`${ endpoint }/${ file }`);

        expect([answer.status, await answer.text()]).toEqual([200, await readFile(path.join(work, 'built', file.slice('plugin/'.length)), 'utf8')]);
      }
      expect((await fetch(`${ endpoint }/report.html`)).status).toBe(404);
      expect((await fetch(`${ endpoint }/%2e%2e/%2e%2e/%2e%2e/server/main.ts`)).status).toBe(404);
      expect((await fetch(`${ endpoint }/files.txt`, { method: 'POST' })).status).toBe(405);
      expect((await fetch(`http://127.0.0.1:${ port }/healthz`)).status).toBe(200);
    } finally {
      child.kill('SIGTERM');
    }
    expect(await exited).toBe(0);
  });
});
