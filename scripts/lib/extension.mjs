/**
 * Our extension as the UMD plugin that Rancher loads: `dist-pkg/<name>-<version>/`, with the entry
 * `<name>-<version>.umd.min.js`. Built as the shell's own `build-pkg` script does, into a fresh folder first.
 */
import { existsSync, readFileSync, readlinkSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { buildFailure } from './build-output.mjs';
import { capture } from './exec.mjs';
import { fingerprint, treeFingerprint } from './fingerprint.mjs';
import { withLock } from './lock.mjs';
import { packageBin } from './packages.mjs';

const NAME = 'harvester-vm-backup';
const NOT_SOURCE = new Set(['.shell', '__tests__', 'node_modules']);

/** Hash of all that goes into the extension: its sources, the code that it shares with the server, the locked packages. */
export function extensionFingerprint(project) {
  const isSource = (name) => !NOT_SOURCE.has(name);

  return fingerprint(
    ...[`pkg/${ NAME }`, 'server/contract', 'server/domain'].map((folder) => treeFingerprint(path.join(project, folder), isSource)),
    readFileSync(path.join(project, 'package-lock.json')),
  );
}

/**
 * The built extension, rebuilt only when something that goes into it has changed. The build checks its types too.
 *
 * @param {{ project: string, env: NodeJS.ProcessEnv, node: string, report: ReturnType<typeof import('./report.mjs').createReport> }} context
 * @returns {Promise<string>} its folder
 * @throws {import('./fail.mjs').SetupError}
 */
export async function ensureExtension({ project, env, node, report }) {
  const { version } = JSON.parse(readFileSync(path.join(project, 'pkg', NAME, 'package.json'), 'utf8'));
  const dist = path.join(project, 'dist-pkg', `${ NAME }-${ version }`);
  const stamp = `${ dist }.stamp`;
  const isCurrent = () => existsSync(dist) && existsSync(stamp) && readFileSync(stamp, 'utf8') === extensionFingerprint(project);

  if (isCurrent()) {
    return dist;
  }
  await withLock(path.join(project, 'pkg', `.${ NAME }.lock`), async() => {
    if (isCurrent()) {
      return;
    }
    const hash = extensionFingerprint(project); // before the build: an edit during it must lead to another one

    await report.step('Extension', () => build({ project, dist, env, node, version, say: report.say }), 'about 40 seconds');
    writeFileSync(stamp, hash);
  }, { waiting: (pid) => report.say(`another process (${ pid }) is building the extension; waiting for it`) });

  return dist;
}

async function build({ project, dist, env, node, version, say }) {
  const folder = path.join(project, 'pkg', NAME);
  const file = `${ NAME }-${ version }`;
  const fresh = `${ dist }.tmp-${ process.pid }`;
  const args = ['build', '--name', file, '--target', 'lib', 'index.ts', '--dest', fresh, '--formats', 'umd-min', '--filename', file];

  linkShell(project, folder);
  rmSync(fresh, { recursive: true, force: true });
  try {
    await capture(node, [packageBin(project, '@vue/cli-service', 'vue-cli-service'), ...args], { cwd: folder, env: { ...env, NODE_ENV: 'production' } });
    writeManifest(folder, fresh, `${ file }.umd.min.js`);
    rmSync(dist, { recursive: true, force: true });
    renameSync(fresh, dist);
  } catch (error) {
    throw error.output === undefined ? error : buildFailure('The extension', error, say);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** The shell's configuration for packages finds the shell at `.shell`; `build-pkg` makes the same link, so both can be used. */
function linkShell(project, folder) {
  const link = path.join(folder, '.shell');
  const target = `${ path.join(project, 'node_modules/@rancher/shell') }/`;

  try {
    if (readlinkSync(link) === target) {
      return;
    }
  } catch (error) {
    if (error.code !== 'ENOENT') {
      throw error;
    }
  }
  rmSync(link, { force: true });
  symlinkSync(target, link);
}

/** package.json beside the built files: `main` names the entry, `rancher` stays, so that its annotations can be read. */
function writeManifest(folder, dist, entry) {
  const manifest = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));

  for (const key of ['scripts', 'browserslist', 'devDependencies']) {
    delete manifest[key];
  }
  writeFileSync(path.join(dist, 'package.json'), `${ JSON.stringify({ ...manifest, files: ['**/*'], main: entry }, null, 2) }\n`);
}
