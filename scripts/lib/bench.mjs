import path from 'node:path';
import { passThrough } from './exec.mjs';

/** The benches by the name that a person types. */
const BENCHES = { mover: 'test/bench/mover.ts', server: 'test/bench/server-scale.ts' };

/**
 * Runs one bench. They print and assert nothing: what a machine does in a second is no property of the program.
 *
 * @param {{ project: string, node: string, env: NodeJS.ProcessEnv, args: string[] }} options the first of `args` names the bench, the others are its own
 * @returns {Promise<number>} its exit code; 2 for a name that is none
 */
export function bench({ project, node, env, args: [name = '', ...args] }) {
  if (!Object.hasOwn(BENCHES, name)) {
    process.stderr.write(`Usage: npm run bench -- <${ Object.keys(BENCHES).join('|') }> [args]\n`);

    return Promise.resolve(2);
  }

  return passThrough(node, [path.join(project, BENCHES[name]), ...args], { cwd: project, env });
}
