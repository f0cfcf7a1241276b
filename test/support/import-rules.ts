import path from 'node:path';

/**
 * Which parts of `server` and `pkg` each part may import, besides itself. A part that is not listed may import
 * nothing of ours, so that a new one has to be placed here.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  contract: [],
  domain: ['contract'],
  telemetry: ['contract'],
  kube: ['contract', 'domain', 'telemetry'],
  guest: ['contract', 'domain', 'telemetry', 'kube'],
  // `engines/engine.ts` is the seam whose volume types it gives and takes.
  expose: ['contract', 'domain', 'telemetry', 'kube', 'engines'],
  // The mover's process has neither the Kubernetes API nor a token for it.
  mover: ['contract', 'domain', 'telemetry'],
  engines: ['contract', 'domain', 'telemetry', 'kube', 'expose', 'mover'],
  config: ['contract', 'telemetry', 'kube'],
  controllers: ['config', 'contract', 'domain', 'telemetry', 'kube', 'guest', 'expose', 'engines', 'mover'],
  http: ['contract', 'domain', 'telemetry', 'kube'],
  // Serves the built extension, in a process and a chart of its own.
  'ui-files': ['contract', 'telemetry'],
  cli: ['contract', 'domain', 'telemetry', 'kube'],
  main: ['config', 'contract', 'domain', 'telemetry', 'kube', 'guest', 'expose', 'engines', 'mover', 'controllers', 'http'],
  // Never in the production image, so it may use anything, and nothing may use it.
  embedded: ['contract', 'domain', 'telemetry', 'kube', 'guest', 'expose', 'engines', 'mover', 'controllers', 'main'],
  pkg: ['contract', 'domain'],
};
/** These run in the browser too. `contract/crd` only generates files. */
const BROWSER_TOO = /^server\/(domain|contract(?!\/crd))\//;
const IMPORT = /(?:^|\s)(?:import|export)\s(?:[^'"`;]*?\sfrom\s*)?['"]([^'"\n]+)['"]|\b(?:import|require)\(\s*['"]([^'"\n]+)['"]\s*\)/g;

/** Everything that a source imports, re-exports or requires, in order. */
export function importsIn(source: string): string[] {
  return [...source.matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? '');
}

/**
 * The imports of a file that go against the one direction.
 *
 * @param file path relative to the project, with `/`
 * @param specifiers what it imports
 * @returns one sentence for each
 */
export function forbiddenImports(file: string, specifiers: readonly string[]): string[] {
  const from = partOf(file);

  return specifiers.filter((specifier) => {
    if (specifier.startsWith('node:')) return BROWSER_TOO.test(file);
    if (!specifier.startsWith('.')) return false;
    const to = partOf(path.posix.join(path.posix.dirname(file), specifier));

    return to !== undefined && to !== from && !(MAY_IMPORT[from ?? ''] ?? []).includes(to);
  }).map((specifier) => `${file} imports ${specifier}`);
}

/** The part that a file belongs to; undefined for what is neither in `server` nor in `pkg`. */
function partOf(file: string): string | undefined {
  const [top, second = ''] = file.split('/');

  if (top === 'pkg') return 'pkg';
  if (top !== 'server') return undefined;

  return second.replace(/\.ts$/, '');
}
