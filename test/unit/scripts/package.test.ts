import { mkdir, mkdtemp, readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { layOutExtension } from '../../../scripts/lib/package.mjs';

const MAIN = 'demo-1.2.3.umd.min.js';
let folder: string;
let built: string;
let out: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'hvb-package-'));
  [built, out] = [path.join(folder, 'built'), path.join(folder, 'out')];
  await mkdir(built);
  await writeFile(path.join(built, 'package.json'), JSON.stringify({ name: 'demo', version: '1.2.3', main: MAIN }));
  await writeFile(path.join(built, MAIN), 'x');
});

afterEach(() => rm(folder, { recursive: true, force: true }));

describe('layOutExtension', () => {
  it('given an earlier version, when a new one is laid out, then only the new one is there, listed in files.txt', async () => {
    await mkdir(path.join(out, 'plugin/demo-1.2.2'), { recursive: true });
    await writeFile(path.join(built, `${ MAIN }.map`), '{}');

    expect(layOutExtension({ built, out })).toEqual({ endpoint: '/plugin/demo-1.2.3', files: [`plugin/${ MAIN }`, 'plugin/package.json'] });
    expect(await readdir(path.join(out, 'plugin'))).toEqual(['demo-1.2.3']);
    expect(await readFile(path.join(out, 'plugin/demo-1.2.3/files.txt'), 'utf8')).toBe(`plugin/${ MAIN }\nplugin/package.json\n`);
    expect(await readdir(path.join(out, 'plugin/demo-1.2.3/plugin'))).toEqual([MAIN, 'package.json']);
  });

  it('given a build without its entry, when it is laid out, then it says so and leaves what was there', async () => {
    layOutExtension({ built, out });
    await rm(path.join(built, MAIN));

    expect(() => layOutExtension({ built, out })).toThrow(`has no ${ MAIN }`);
    expect(await readdir(path.join(out, 'plugin'))).toEqual(['demo-1.2.3']);
  });

  it('given a file that Rancher would not cache, when it is laid out, then it names that file', async () => {
    await writeFile(path.join(built, 'large.js'), '');
    await truncate(path.join(built, 'large.js'), 30_000_001);

    expect(() => layOutExtension({ built, out })).toThrow('large.js of the built extension is larger than 30000000 bytes');
  });
});
