import { which, capture } from './exec.mjs';

let last = Promise.resolve();
let updated = false;

/**
 * Installs a Debian or Ubuntu package, where this user may: as root only, never asking for a password.
 * Calls wait for each other (and, by the timeout, for another apt-get of the machine), as apt allows one at a time.
 *
 * @param {string} name
 * @returns {Promise<void>}
 */
export function aptInstall(name) {
  const apt = which('apt-get');

  if (!apt) {
    return Promise.reject(new Error('no apt-get on this system'));
  }
  if (process.getuid?.() !== 0) {
    return Promise.reject(new Error('only root may install packages'));
  }
  const run = last.then(() => install(apt, name));

  last = run.catch(() => undefined);

  return run;
}

async function install(apt, name) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const wait = ['-o', 'DPkg::Lock::Timeout=300'];

  if (!updated) {
    await capture(apt, [...wait, 'update'], { env });
    updated = true;
  }
  await capture(apt, [...wait, 'install', '-y', '--no-install-recommends', name], { env });
}
