/**
 * The host application: the Rancher Dashboard, built from `@rancher/shell` once and kept in the cache.
 *
 * How it is to be served, all from one origin (as Rancher does):
 *   GET /dashboard/<file>   → <dist>/<file>            (js/* has content hashes: immutable)
 *   GET /dashboard/**       → <dist>/index.html        (any other path; the router is in the page; no-cache)
 *   GET /favicon.png        → <dist>/favicon.png       (index.html asks for it at the root)
 *   GET /v1, /v3, /k8s …    → the API
 */
import { existsSync, readFileSync, utimesSync } from 'node:fs';
import path from 'node:path';
import { buildFailure } from './build-output.mjs';
import { makeFolder } from './cache.mjs';
import { capture } from './exec.mjs';
import { fingerprint } from './fingerprint.mjs';
import { closure } from './lockfile.mjs';
import { withLock } from './lock.mjs';
import { packageBin } from './packages.mjs';

/** The path prefix that the built pages and their assets expect. */
export const SHELL_BASE = '/dashboard/';

/** What the built host depends on: the shell with everything that it needs, and how we build it. */
export function shellFingerprint({ lock, vueConfig, babelConfig }) {
  return fingerprint(SHELL_BASE, ...closure(lock.packages, 'node_modules/@rancher/shell'), vueConfig, babelConfig).slice(0, 16);
}

/**
 * The built host, from the cache, else built now.
 *
 * @param {{ project: string, cache: string, env: NodeJS.ProcessEnv, node: string, report: ReturnType<typeof import('./report.mjs').createReport> }} context
 * @returns {Promise<string>} its folder, with index.html
 * @throws {import('./fail.mjs').SetupError}
 */
export async function ensureShell({ project, cache, env, node, report }) {
  const read = (file) => readFileSync(path.join(project, file), 'utf8');
  const hash = shellFingerprint({ lock: JSON.parse(read('package-lock.json')), vueConfig: read('vue.config.js'), babelConfig: read('babel.config.js') });
  const dist = path.join(cache, `shell-${ hash }`);
  const isBuilt = () => existsSync(path.join(dist, 'index.html'));

  if (!isBuilt()) {
    const waiting = (pid) => report.say(`another set-up (process ${ pid }) is building the Rancher Dashboard; waiting for it`);

    await withLock(`${ dist }.lock`, async() => {
      if (!isBuilt()) {
        await report.step('Rancher Dashboard (once)', () => build({ project, dist, env, node, say: report.say }), 'about 3 minutes, 4 GB of memory');
      }
    }, { waiting });
  }
  const now = new Date();

  utimesSync(dist, now, now); // tells a person who cleans the cache what is in use

  return dist;
}

async function build({ project, dist, env, node, say }) {
  await makeFolder(dist, async(fresh) => {
    const buildEnv = { ...env, NODE_ENV: 'production', NO_MAPS: '1', ROUTER_BASE: SHELL_BASE, RESOURCE_BASE: SHELL_BASE, OUTPUT_DIR: fresh };

    try {
      await capture(node, [packageBin(project, '@vue/cli-service', 'vue-cli-service'), 'build'], { cwd: project, env: buildEnv });
    } catch (error) {
      throw buildFailure('The Rancher Dashboard', error, say);
    }
  });
}
