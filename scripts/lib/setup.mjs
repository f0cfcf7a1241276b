import { ensureBrowser } from './browser.mjs';
import { openCache } from './cache.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { capture, which } from './exec.mjs';
import { ensureExtension } from './extension.mjs';
import { ensureKubeAssets } from './kube-assets.mjs';
import { ensureNode, withNodeFirst } from './node.mjs';
import { stderrReport } from './report.mjs';
import { ensureRestic } from './restic.mjs';
import { ensureShell } from './shell.mjs';

/**
 * Brings what is missing for `needs`, and Node and the packages always.
 *
 * @param {{ project: string, needs: string[] }} wanted `needs` of needs.mjs
 * @returns {Promise<{ node: string, env: NodeJS.ProcessEnv }>} the Node to run things with, and their environment:
 *   that Node first on PATH, RESTIC_BINARY, HVB_SHELL_DIST, HVB_PLUGIN_DIST, CHROMIUM_BINARY, KUBEBUILDER_ASSETS,
 *   KUBE_CONTROLLER_MANAGER_BINARY and HELM_BINARY as far as they were wanted
 * @throws {import('./fail.mjs').SetupError}
 */
export async function ensure({ project, needs }) {
  const report = stderrReport();
  const cache = openCache(project);
  const node = await ensureNode({ cache, report });
  const env = withNodeFirst(process.env, node);
  const wants = (name) => needs.includes(name);
  const packages = async() => {
    await ensureDependencies({ project, env, nodeVersion: await capture(node, ['--version']), report });
    // One after the other: each takes gigabytes of memory.
    const shell = wants('shell') ? await ensureShell({ project, cache, env, node, report }) : undefined;
    const extension = wants('extension') ? await ensureExtension({ project, env, node, report }) : undefined;

    return { HVB_SHELL_DIST: shell, HVB_PLUGIN_DIST: extension };
  };
  // Programs are fetched while npm works: the first start is mostly waiting.
  const programs = async() => ({
    RESTIC_BINARY: wants('restic') ? await ensureRestic({ cache, env: process.env, report }) : undefined,
    CHROMIUM_BINARY: wants('browser') ? await ensureBrowser({ env: process.env, report }) : undefined,
    ...(wants('kube') ? await ensureKubeAssets({ project, cache, env: process.env, report }) : {}),
  });
  const found = (await together([packages(), programs()])).flatMap((part) => Object.entries(part)).filter(([, value]) => value !== undefined);

  return { node, env: { ...env, ...Object.fromEntries(found) } };
}

/** Like Promise.all, but lets the others end before it throws: a half-done `npm ci` helps nobody. */
async function together(works) {
  const results = await Promise.allSettled(works);
  const failed = results.find((result) => result.status === 'rejected');

  if (failed) {
    throw failed.reason;
  }

  return results.map((result) => result.value);
}

/** Programs that are used when they are there; says what is done without them. */
export function tellOptionalTools(say) {
  for (const name of ['mkfs.ext4', 'debugfs']) {
    say(`${ name }: ${ which(name) ?? 'not found (package e2fsprogs): the simulated disks get our own file system writer instead' }`);
  }
}
