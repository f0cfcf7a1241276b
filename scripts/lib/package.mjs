/**
 * The built extension in the layout that Rancher's plugin controller fetches from an endpoint: `<endpoint>/files.txt`
 * names every file, relative to the endpoint, one a line; `<endpoint>/plugin/package.json` tells the version.
 */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { SetupError } from './fail.mjs';

/** Where the image takes it from (Dockerfile) and serves it at `/`. */
export const EXTENSION_LAYOUT = 'dist/extension';
/** Rancher keeps no larger file in its cache (setting max-ui-plugin-file-byte-size), and fetches an uncached one anew each time. */
const MAX_FILE_BYTES = 30_000_000;
/** For developers only: the browser asks for neither, and Rancher would cache them for nothing. */
const NOT_SHIPPED = /\.map$|^report\.html$/;

/**
 * Puts the built extension into `<out>/plugin/<name>-<version>/`; what was in `out` before is gone.
 *
 * @param {{ built: string, out: string }} folders `built`: what {@link import('./extension.mjs').ensureExtension} made
 * @returns {{ endpoint: string, files: string[] }} path of the endpoint below the server's root, and the lines of files.txt
 * @throws {SetupError} for a build that Rancher could not serve
 */
export function layOutExtension({ built, out }) {
  const { name, version, main } = JSON.parse(readFileSync(path.join(built, 'package.json'), 'utf8'));
  const endpoint = `/plugin/${ name }-${ version }`;
  const target = path.join(out, endpoint, 'plugin');
  const found = readdirSync(built, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !NOT_SHIPPED.test(entry.name))
    .map((entry) => path.relative(built, path.join(entry.parentPath, entry.name)))
    .sort();

  if (!found.includes(main)) {
    throw new SetupError(`The built extension in ${ built } has no ${ main }`, { todo: 'Remove that folder and run the command again.' });
  }
  rmSync(out, { recursive: true, force: true });
  for (const file of found) {
    mkdirSync(path.dirname(path.join(target, file)), { recursive: true });
    cpSync(path.join(built, file), path.join(target, file));
    if (readFileSync(path.join(target, file)).length > MAX_FILE_BYTES) {
      throw new SetupError(`${ file } of the built extension is larger than ${ MAX_FILE_BYTES } bytes, which Rancher does not cache`, { todo: 'Split it by a dynamic import.' });
    }
  }
  const files = found.map((file) => `plugin/${ file.split(path.sep).join('/') }`);

  writeFileSync(path.join(out, endpoint, 'files.txt'), `${ files.join('\n') }\n`);

  return { endpoint, files };
}

/**
 * `npm run package`: builds the extension if need be and lays it out for the image.
 *
 * @param {{ project: string, env: NodeJS.ProcessEnv }} context
 * @returns {number} exit code
 */
export function packageExtension({ project, env }) {
  const out = path.join(project, EXTENSION_LAYOUT);
  const { endpoint, files } = layOutExtension({ built: env.HVB_PLUGIN_DIST, out });

  process.stderr.write(`[package] ${ files.length } files for ${ endpoint } in ${ path.relative(project, out) }\n`);

  return 0;
}
