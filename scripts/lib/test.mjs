import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { passThrough } from './exec.mjs';
import { packageBin } from './packages.mjs';
import { exitCode, summaryLines } from './test-summary.mjs';

/**
 * Runs the tests once and ends with the line `N passed, N failed`.
 *
 * @param {{ project: string, node: string, env: NodeJS.ProcessEnv, args: string[] }} options `args` are vitest's
 * @returns {Promise<number>} exit code
 */
export async function test({ project, node, env, args }) {
  const folder = mkdtempSync(path.join(tmpdir(), 'hvb-test-summary-'));
  const file = path.join(folder, 'summary.json');
  const reporters = ['--reporter=default', `--reporter=${ path.join(project, 'scripts/lib/test-summary.mjs') }`];

  try {
    const code = await passThrough(node, [packageBin(project, 'vitest'), 'run', ...reporters, ...args], { cwd: project, env: { ...env, HVB_TEST_SUMMARY: file } });
    const summary = read(file) ?? { passed: 0, failed: code ? 1 : 0, skipped: [] };

    if (code && !summary.failed && summary.passed) {
      summary.failed = 1; // vitest found fault with the run as a whole, which must not read as "0 failed"
    }
    if (!summary.passed && !summary.failed) {
      process.stderr.write('No test ran: no test file matches the arguments.\n');
    }
    process.stdout.write(`\n${ summaryLines(summary).join('\n') }\n`);

    return exitCode(summary, code);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs the cluster's tests on a real kube-apiserver alone. */
export function testKube({ args, ...context }) {
  return test({ ...context, args: ['--project=integration-kube', ...args] });
}

/** The reporter's file; undefined if vitest ended before it had anything to report. */
function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') {
      return undefined;
    }
    throw error;
  }
}
