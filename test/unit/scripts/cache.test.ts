import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cacheFolder, makeFolder } from '../../../scripts/lib/cache.mjs';

const where = { env: {}, home: '/home/ann', project: '/src/project', writable: () => true };

describe('cacheFolder', () => {
  it('given no settings, when the home can be written, then it is in the user\'s cache folder', () => {
    expect(cacheFolder(where)).toBe('/home/ann/.cache/harvester-vm-backup');
  });

  it('given XDG_CACHE_HOME, when the folder can be written, then it is there', () => {
    expect(cacheFolder({ ...where, env: { XDG_CACHE_HOME: '/var/cache/ann' } })).toBe('/var/cache/ann/harvester-vm-backup');
  });

  it('given a home that cannot be written, when asked, then it is in the project', () => {
    const asked: string[] = [];

    expect(cacheFolder({ ...where, writable: (folder: string) => {
      asked.push(folder);

      return false;
    } })).toBe('/src/project/.cache');
    expect(asked).toEqual(['/home/ann/.cache/harvester-vm-backup']);
  });

  it('given HVB_CACHE, when asked, then that is it, whatever else is set', () => {
    expect(cacheFolder({ ...where, env: { HVB_CACHE: '/mnt/cache', XDG_CACHE_HOME: '/x' }, writable: () => false })).toBe('/mnt/cache');
  });
});

describe('makeFolder', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'hvb-cache-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('given a filling that fails half-way, when made, then nothing is left', async() => {
    const target = path.join(folder, 'tool');
    const failing = makeFolder(target, (fresh: string) => {
      writeFileSync(path.join(fresh, 'half'), '');

      return Promise.reject(new Error('disk full'));
    });

    await expect(failing).rejects.toThrow('disk full');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('given another run that was faster, when this one is done, then the other one\'s result stays and is used', async() => {
    await makeFolder(path.join(folder, 'tool'), (fresh: string) => {
      writeFileSync(path.join(fresh, 'file'), 'first');

      return Promise.resolve();
    });
    await makeFolder(path.join(folder, 'tool'), (fresh: string) => {
      writeFileSync(path.join(fresh, 'file'), 'second');

      return Promise.resolve();
    });

    expect(readFileSync(path.join(folder, 'tool/file'), 'utf8')).toBe('first');
    expect(readdirSync(folder).filter((name) => name.includes('.tmp-'))).toEqual([]);
  });
});
