import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { aptInstall } from './apt.mjs';
import { makeFolder } from './cache.mjs';
import { capture, which } from './exec.mjs';
import { RESTIC } from './pins.mjs';
import { downloadRelease } from './restic-release.mjs';
import { firstThatWorks } from './sources.mjs';
import { atLeast } from './versions.mjs';

const TODO = `Install restic ${ RESTIC.minimum } or newer (https://restic.readthedocs.io/en/stable/020_installation.html) on PATH, or name it in RESTIC_BINARY, and run the command again.`;

/**
 * A restic that the mover can use: RESTIC_BINARY, PATH, the cache, else brought by Go, the package manager or as
 * the official release, in this order.
 *
 * @param {{ cache: string, env: NodeJS.ProcessEnv, report: ReturnType<typeof import('./report.mjs').createReport> }} context
 * @returns {Promise<string>} absolute path
 * @throws {import('./fail.mjs').SetupError}
 */
export async function ensureRestic({ cache, env, report }) {
  const folder = path.join(cache, `restic-${ RESTIC.pinned }`);
  const cached = path.join(folder, 'restic');

  // A person who names a program means that one: to fall back to another in silence would hide a mistake.
  if (env.RESTIC_BINARY) {
    return (await firstThatWorks('A usable restic', [{ name: 'RESTIC_BINARY', get: () => checked(env.RESTIC_BINARY) }], TODO)).path;
  }
  const atHand = [onPath(env), existsSync(cached) ? cached : undefined].filter(Boolean);

  for (const candidate of atHand) {
    const usable = await checked(candidate).catch(() => undefined);

    if (usable) {
      return usable;
    }
  }
  const bring = (name, fill) => ({
    name,
    get: async() => {
      rmSync(folder, { recursive: true, force: true }); // what is there did not work
      await makeFolder(folder, fill);

      return checked(cached);
    },
  });
  const sources = [
    { name: 'PATH', get: () => checked(onPath(env) ?? fail('not there')) },
    bring(`Go module ${ RESTIC.module }@v${ RESTIC.pinned }`, (fresh) => buildWithGo(fresh, env)),
    { name: 'apt-get install restic', get: async() => {
      await aptInstall('restic');

      return checked(onPath(env) ?? fail('installed, but not on PATH'));
    } },
    bring('official release', (fresh) => downloadRelease({ folder: fresh, arch: process.arch, unpacker: which('bunzip2', env.PATH) })),
  ];
  const { path: program, source } = await report.step('restic', () => firstThatWorks('restic', sources, TODO), 'up to 3 minutes where Go has to build it');

  report.say(`restic from ${ source }: ${ program }`);

  return program;
}

const onPath = (env) => which('restic', env.PATH);

function fail(reason) {
  throw new Error(reason);
}

async function checked(program) {
  const text = await capture(program, ['version']);

  if (!atLeast(text, RESTIC.minimum)) {
    throw new Error(`${ program } is older than ${ RESTIC.minimum }: ${ text.trim() }`);
  }

  return path.resolve(program);
}

/**
 * Builds the pinned restic from its module, in the module's own folder: so restic's own go.sum pins what goes in,
 * and no list of versions has to be asked for, which module proxies that serve single versions do not have.
 */
async function buildWithGo(folder, env) {
  const go = which('go', env.PATH) ?? (existsSync('/usr/local/go/bin/go') ? '/usr/local/go/bin/go' : fail('Go is not installed'));
  const module = JSON.parse(await capture(go, ['mod', 'download', '-json', `${ RESTIC.module }@v${ RESTIC.pinned }`], { env }));

  if (module.Sum !== RESTIC.moduleSum) {
    throw new Error(`the module's hash is ${ module.Sum }, not the pinned ${ RESTIC.moduleSum }`);
  }
  await capture(go, ['build', '-trimpath', '-buildvcs=false', '-ldflags=-s -w', '-o', path.join(folder, 'restic'), './cmd/restic'], { cwd: module.Dir, env: { ...env, CGO_ENABLED: '0' } });
}
