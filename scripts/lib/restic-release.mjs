import { createHash } from 'node:crypto';
import { chmod, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { capture } from './exec.mjs';
import { RESTIC } from './pins.mjs';

/**
 * Puts the official release's `restic` into `folder`, if its archive has the pinned SHA-256.
 *
 * @param {{ folder: string, arch: string, unpacker: string | undefined, download?: (url: string) => Promise<Uint8Array>,
 *   pins?: Record<string, { asset: string, digest: string }> }} options
 *   `arch` as Node's `process.arch`; `unpacker` is the path of bunzip2
 * @throws {Error} with the reason, nothing written
 */
export async function downloadRelease({ folder, arch, unpacker, download = fetchBytes, pins = RESTIC.sha256 }) {
  const pin = pins[arch];

  if (!pin) {
    throw new Error(`no checksum is pinned for ${ arch }`);
  }
  if (!unpacker) {
    throw new Error('bunzip2, which unpacks the release, is not installed (package bzip2)');
  }
  const archive = await download(`${ RESTIC.releases }/v${ RESTIC.pinned }/${ pin.asset }`);
  const digest = createHash('sha256').update(archive).digest('hex');

  if (digest !== pin.digest) {
    throw new Error(`the download has SHA-256 ${ digest }, not the pinned ${ pin.digest }`);
  }
  const program = path.join(folder, 'restic');

  await writeFile(`${ program }.bz2`, archive);
  await capture(unpacker, [`${ program }.bz2`]);
  await chmod(program, 0o755);
}

async function fetchBytes(url) {
  const response = await fetch(url, { signal: AbortSignal.timeout(120_000) });

  if (!response.ok) {
    throw new Error(`${ url } answered ${ response.status }`);
  }

  return new Uint8Array(await response.arrayBuffer());
}
