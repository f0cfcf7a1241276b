import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { SetupError } from './fail.mjs';
import { capture } from './exec.mjs';
import { fingerprint } from './fingerprint.mjs';
import { isInstalled } from './lockfile.mjs';
import { withLock } from './lock.mjs';

/** What `node_modules` was made from; another lock file or another Node major asks for `npm ci`. */
export function dependencyStamp(lockFile, nodeVersion) {
  return fingerprint(lockFile, nodeVersion.replace(/^v/, '').split('.')[0]);
}

/**
 * Makes `node_modules` what package-lock.json says, by `npm ci`, if it is not.
 *
 * @param {{ project: string, env: NodeJS.ProcessEnv, nodeVersion: string, report: ReturnType<typeof import('./report.mjs').createReport> }} context
 * @throws {SetupError} when npm fails
 */
export async function ensureDependencies({ project, env, nodeVersion, report }) {
  const isCurrent = () => dependenciesAreCurrent(project, nodeVersion);

  if (isCurrent()) {
    return;
  }
  await withLock(path.join(project, '.npm-ci.lock'), async() => {
    if (isCurrent()) {
      return;
    }
    await report.step('npm ci', () => npmCi(project, env), '1881 packages, about 2 minutes');
    writeFileSync(stampFile(project), dependencyStamp(lockFile(project), nodeVersion));
  }, { waiting: (pid) => report.say(`another set-up (process ${ pid }) is installing packages; waiting for it`) });
}

/** True without a stamp too, if npm itself says that the lock file's packages are there (a developer's `npm install`); stamps it then. */
function dependenciesAreCurrent(project, nodeVersion) {
  const stamp = dependencyStamp(lockFile(project), nodeVersion);

  if (existsSync(stampFile(project))) {
    if (readFileSync(stampFile(project), 'utf8') === stamp) {
      return true;
    }
  }
  const hidden = path.join(project, 'node_modules/.package-lock.json');

  if (!existsSync(hidden) || !isInstalled(JSON.parse(lockFile(project)).packages, JSON.parse(readFileSync(hidden, 'utf8')).packages)) {
    return false;
  }
  writeFileSync(stampFile(project), stamp);

  return true;
}

const lockFile = (project) => readFileSync(path.join(project, 'package-lock.json'), 'utf8');
const stampFile = (project) => path.join(project, 'node_modules/.hvb-stamp');

async function npmCi(project, env) {
  try {
    await capture('npm', ['ci', '--no-audit', '--no-fund'], { cwd: project, env });
  } catch (error) {
    throw new SetupError('The packages of package-lock.json could not be installed', {
      tried: [`npm ci (${ error.message })`],
      todo: 'Check that this machine reaches the npm registry (npm ping) and has 2 GB of free disk, and run the command again.',
    });
  }
}
