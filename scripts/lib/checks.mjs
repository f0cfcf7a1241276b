import path from 'node:path';
import { passThrough } from './exec.mjs';
import { packageBin } from './packages.mjs';

/**
 * Type checks the server, the tests, and the extension with the scripts of its Vue files.
 *
 * @param {{ project: string, node: string, env: NodeJS.ProcessEnv }} context
 * @returns {Promise<number>} exit code: that of the first check that failed, after all have run
 */
export async function typecheck({ project, node, env }) {
  const tsc = packageBin(project, 'typescript', 'tsc');
  const checks = {
    server: [tsc, '--project', path.join(project, 'server')],
    test: [tsc, '--project', path.join(project, 'test')],
    extension: [path.join(project, 'scripts/vue-types.mjs')],
  };
  let failed = 0;

  for (const [part, args] of Object.entries(checks)) {
    process.stderr.write(`[typecheck] ${ part }\n`);
    const code = await passThrough(node, args, { cwd: project, env });

    failed ||= code;
  }

  return failed;
}

/** Lints everything, or what `args` name. Warnings count as failures: a warning that nobody has to mend is noise. */
export function lint({ project, node, env, args }) {
  return passThrough(node, [packageBin(project, 'eslint'), '--max-warnings=0', ...(args.length ? args : ['.'])], { cwd: project, env });
}

/** Generates the CRDs from the schemas in server/contract. */
export function crds({ project, node, env, args }) {
  return passThrough(node, [path.join(project, 'server/contract/crd/generate.ts'), ...args], { cwd: project, env });
}
