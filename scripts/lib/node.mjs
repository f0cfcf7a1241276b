import path from 'node:path';
import { makeFolder } from './cache.mjs';
import { capture, isExecutable } from './exec.mjs';
import { NODE } from './pins.mjs';
import { firstThatWorks } from './sources.mjs';
import { atLeast } from './versions.mjs';

/**
 * The Node that everything after set-up runs on: the running one if it is new enough, else the pinned one from the
 * npm registry, kept in the cache. The platform's own package is the second source, for npm that runs no install scripts.
 *
 * @param {{ cache: string, report: ReturnType<typeof import('./report.mjs').createReport> }} context
 * @returns {Promise<string>} absolute path of the program
 */
export async function ensureNode({ cache, report }) {
  if (atLeast(process.versions.node, NODE.minimum)) {
    return process.execPath;
  }
  const folder = path.join(cache, `node-${ NODE.pinned }`);
  const cached = nodeIn(folder);

  if (cached) {
    return cached;
  }
  const sources = ['node', `node-${ process.platform }-${ process.arch }`].map((name) => ({
    name: `npm install ${ name }@${ NODE.pinned }`,
    get: () => installNode(folder, `${ name }@${ NODE.pinned }`),
  }));
  const { path: program } = await report.step(
    `Node ${ NODE.pinned } from the npm registry (this one is ${ process.versions.node })`,
    () => firstThatWorks(`Node ${ NODE.minimum } or newer`, sources, 'Install Node 24 from https://nodejs.org, or let this machine reach the npm registry, and run the command again.'),
    '190 MB, about 20 seconds',
  );

  return program;
}

async function installNode(folder, spec) {
  await makeFolder(folder, async(fresh) => {
    await capture('npm', ['install', '--prefix', fresh, '--no-save', '--no-package-lock', '--no-audit', '--no-fund', spec]);
    const program = nodeIn(fresh);

    if (!program) {
      throw new Error('the package holds no program');
    }
    const version = await capture(program, ['--version']);

    if (!atLeast(version, NODE.minimum)) {
      throw new Error(`the program in the package is ${ version }`);
    }
  });

  return nodeIn(folder);
}

function nodeIn(folder) {
  return ['node/bin/node', `node-${ process.platform }-${ process.arch }/bin/node`]
    .map((file) => path.join(folder, 'node_modules', file))
    .find(isExecutable);
}

/**
 * `environment` with the folder of `node` first on PATH, so that every program started from here on gets that Node.
 *
 * @param {NodeJS.ProcessEnv} environment
 * @param {string} node
 */
export function withNodeFirst(environment, node) {
  return { ...environment, PATH: [path.dirname(node), environment.PATH].filter(Boolean).join(path.delimiter) };
}
