import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RESTIC } from '../../../scripts/lib/pins.mjs';
import { downloadRelease } from '../../../scripts/lib/restic-release.mjs';

const archive = Buffer.from('a release');
const pins = { x64: { asset: 'restic_linux_amd64.bz2', digest: createHash('sha256').update(archive).digest('hex') } };

describe('downloadRelease', () => {
  let folder: string;
  let unpacker: string;
  let asked: string[];
  const download = (content: Uint8Array) => (url: string) => {
    asked.push(url);

    return Promise.resolve(content);
  };

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'hvb-release-'));
    unpacker = path.join(folder, 'unpack');
    asked = [];
    // Does to the file's name what bunzip2 does, and leaves its content as it is.
    writeFileSync(unpacker, '#!/bin/sh\nmv "$1" "${1%.bz2}"\n');
    chmodSync(unpacker, 0o755);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('given an archive with the pinned hash, when downloaded, then the program is there and can be run', async() => {
    await downloadRelease({ folder, arch: 'x64', unpacker, download: download(archive), pins });

    expect(asked).toEqual([`${ RESTIC.releases }/v${ RESTIC.pinned }/restic_linux_amd64.bz2`]);
    expect(readFileSync(path.join(folder, 'restic'))).toEqual(archive);
    expect(statSync(path.join(folder, 'restic')).mode & 0o111).toBe(0o111);
  });

  it('given an archive with another hash, when downloaded, then both hashes are told and nothing is written', async() => {
    const attempt = downloadRelease({ folder, arch: 'x64', unpacker, download: download(Buffer.from('forged')), pins });

    await expect(attempt).rejects.toThrow(pins.x64.digest);
    expect(readdirSync(folder)).toEqual(['unpack']);
  });

  it('given no bunzip2, when asked, then it says so before anything is downloaded', async() => {
    await expect(downloadRelease({ folder, arch: 'x64', unpacker: undefined, download: download(archive), pins })).rejects.toThrow('package bzip2');
    expect(asked).toEqual([]);
  });

  it('given an architecture without a pin, when asked, then it is refused by name', async() => {
    await expect(downloadRelease({ folder, arch: 's390x', unpacker, download: download(archive), pins })).rejects.toThrow('no checksum is pinned for s390x');
  });
});
