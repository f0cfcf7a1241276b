import { aptInstall } from './apt.mjs';
import { capture, which } from './exec.mjs';
import { firstThatWorks } from './sources.mjs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const TODO = 'Install Chromium (package chromium) or Chrome, or name it in CHROMIUM_BINARY, and run the command again.';

/**
 * A Chromium for the browser tests: CHROMIUM_BINARY, PATH, else from the package manager.
 *
 * @param {{ env: NodeJS.ProcessEnv, report: ReturnType<typeof import('./report.mjs').createReport> }} context
 * @returns {Promise<string>} absolute path
 * @throws {import('./fail.mjs').SetupError}
 */
export async function ensureBrowser({ env, report }) {
  if (env.CHROMIUM_BINARY) {
    return (await firstThatWorks('A usable Chromium', [{ name: 'CHROMIUM_BINARY', get: () => checked(env.CHROMIUM_BINARY) }], TODO)).path;
  }
  const atHand = onPath(env);

  if (atHand) {
    return atHand;
  }
  const sources = [
    { name: `PATH (${ NAMES.join(', ') })`, get: () => found(env) },
    { name: 'apt-get install chromium', get: async() => {
      await aptInstall('chromium');

      return found(env);
    } },
  ];

  return (await report.step('Chromium for the browser tests', () => firstThatWorks('Chromium', sources, TODO), 'about 1 minute')).path;
}

const onPath = (env) => NAMES.map((name) => which(name, env.PATH)).find(Boolean);

async function found(env) {
  const program = onPath(env);

  if (!program) {
    throw new Error('not there');
  }

  return program;
}

async function checked(program) {
  await capture(program, ['--version']);

  return program;
}
