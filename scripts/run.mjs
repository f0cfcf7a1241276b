#!/usr/bin/env node
/**
 * The project's one entry: `node scripts/run.mjs <command> [args]`, also as `npm start`, `npm test` and so on.
 * Brings whatever the command needs, then runs it with Node 24. Needs nothing but Node 20.19 and npm.
 */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bench } from './lib/bench.mjs';
import { crds, lint, typecheck } from './lib/checks.mjs';
import { SetupError } from './lib/fail.mjs';
import { hvb } from './lib/hvb.mjs';
import { ALL, KUBE_TESTS, filtersIn, needsOfTests } from './lib/needs.mjs';
import { packageExtension } from './lib/package.mjs';
import { ensure, tellOptionalTools } from './lib/setup.mjs';
import { start } from './lib/start.mjs';
import { test, testKube } from './lib/test.mjs';

const project = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/** What each command needs, and what it does then. `run` gives the exit code. */
const COMMANDS = {
  setup: { about: 'bring everything that is missing', needs: () => ALL, run: () => 0 },
  start: { about: 'open the product on the embedded cluster (--port, --data <dir>, --reset)', needs: () => ['restic', 'shell', 'extension'], run: start },
  test: { about: 'run every test, or those in the files named', needs: (args) => needsOfTests(filtersIn(args)), run: test },
  'test:kube': { about: 'run the tests that need Kubernetes on a real kube-apiserver alone', needs: () => KUBE_TESTS, run: testKube },
  bench: { about: 'measure: mover [MiB] [rounds], or server [VMs] [backups]', needs: () => KUBE_TESTS, run: bench },
  lint: { about: 'check style and types of the sources', needs: () => [], run: lint },
  typecheck: { about: 'check the types of the server, the tests and the extension', needs: () => [], run: typecheck },
  hvb: { about: 'run the command-line tool (npm run --silent hvb -- --help)', needs: () => [], run: hvb },
  crds: { about: 'generate the CRDs', needs: () => [], run: crds },
  extension: { about: 'build the extension, if its sources changed', needs: () => ['extension'], run: () => 0 },
  package: { about: 'lay the built extension out for the image', needs: () => ['extension'], run: packageExtension },
};

/** @returns {Promise<number>} exit code */
async function main([name, ...args]) {
  const command = Object.hasOwn(COMMANDS, name ?? '') ? COMMANDS[name] : undefined;

  if (!command) {
    const lines = Object.entries(COMMANDS).map(([key, { about }]) => `  ${ key.padEnd(10) } ${ about }`);

    process.stderr.write(`Usage: node scripts/run.mjs <command> [args]\n${ lines.join('\n') }\n`);

    return name ? 2 : 0;
  }
  if (name === 'setup') {
    tellOptionalTools((line) => process.stderr.write(`[setup] ${ line }\n`));
  }
  const { node, env } = await ensure({ project, needs: command.needs(args) });

  return command.run({ project, node, env, args });
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(error instanceof SetupError ? `[setup] ${ error.message }\n` : `${ error.stack }\n`);
  process.exitCode = 1;
}
