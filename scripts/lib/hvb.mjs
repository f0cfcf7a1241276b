import path from 'node:path';
import { passThrough } from './exec.mjs';

/**
 * Runs the command-line tool in the folder in which the person called npm, so that relative paths are theirs.
 *
 * @param {{ project: string, node: string, env: NodeJS.ProcessEnv, args: string[] }} options `args` go to the program as they are
 * @returns {Promise<number>} its exit code
 */
export function hvb({ project, node, env, args }) {
  // Ctrl-C reaches the program by the terminal; it says its last words and chooses the exit code.
  process.on('SIGINT', () => undefined);

  return passThrough(node, [path.join(project, 'server/cli/main.ts'), ...args], { cwd: process.env.INIT_CWD ?? process.cwd(), env });
}
