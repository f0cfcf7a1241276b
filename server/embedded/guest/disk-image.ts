import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, open, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { encodeHeader, type DiskHeader, type Extent } from './disk-header.ts';
import { writePayload } from './payload.ts';

const run = promisify(execFile);
const MIB = 1024 * 1024;
const BLOCK_BYTES = 4096;
const FILE_BYTES = 8 * MIB;
const MARKER_BYTES = 32;
const SCAN_BYTES = 4 * MIB;

/** What to put on a new disk. Sizes in bytes, multiples of 1 MiB. */
export interface DiskImageOptions {
  /** Folder of the image; made, appears only when the image is whole. The image is the file `name` in it. */
  directory: string;
  name: string;
  sizeBytes: number;
  diskIndex: number;
  bootable: boolean;
  /** Same seed, same payload. */
  seed: string;
  /** Share of the size that is filled with payload. */
  fill: number;
  /** Path of `mkfs.ext4`; without it the disk gets a plain layout of our own. */
  mkfs?: string;
}

/** Bytes of `records.log` for a disk of that size. */
export function logBytesFor(sizeBytes: number): number {
  return Math.min(4 * MIB, Math.max(MIB / 4, Math.floor(sizeBytes / 64 / BLOCK_BYTES) * BLOCK_BYTES));
}

function marker(seed: string, block: number): Buffer {
  return createHash('sha256').update(`records.log ${seed} ${block}`).digest();
}

/** Finds, by the marker that each block was filled with, where the blocks of `records.log` ended up. */
async function locateLog(image: string, seed: string, logBytes: number): Promise<Extent[]> {
  const expected = new Map(Array.from({ length: logBytes / BLOCK_BYTES }, (_, block) => [marker(seed, block).toString('latin1'), block]));
  const found = new Map<number, number>();
  const file = await open(image, 'r');
  const chunk = Buffer.alloc(SCAN_BYTES);

  try {
    for (let at = 0; found.size < expected.size; at += SCAN_BYTES) {
      const { bytesRead } = await file.read(chunk, 0, SCAN_BYTES, at);

      if (bytesRead === 0) {
        throw new Error(`${image}: only ${found.size} of ${expected.size} blocks of records.log are in the image`);
      }
      for (let block = 0; block < bytesRead; block += BLOCK_BYTES) {
        const index = chunk[block] === 0 && chunk[block + 1] === 0 ? undefined : expected.get(chunk.toString('latin1', block, block + MARKER_BYTES));

        if (index !== undefined) {
          found.set(index, at + block);
        }
      }
    }
  } finally {
    await file.close();
  }
  const extents: Extent[] = [];

  for (let block = 0; block < expected.size; block++) {
    const offset = found.get(block) as number;
    const last = extents.at(-1);

    if (last && last.offset + last.length === offset) {
      last.length += BLOCK_BYTES;
    } else {
      extents.push({ offset, length: BLOCK_BYTES });
    }
  }

  return extents;
}

async function makeExt4(image: string, work: string, mkfs: string, options: DiskImageOptions, logBytes: number): Promise<Extent[]> {
  const root = join(work, 'root');
  const uuid = createHash('sha256').update(options.seed).digest('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');

  await mkdir(root, { recursive: true });
  const blocks = Array.from({ length: logBytes / BLOCK_BYTES }, (_, block) => {
    const bytes = Buffer.alloc(BLOCK_BYTES);

    marker(options.seed, block).copy(bytes);

    return bytes;
  });

  await writeFile(join(root, 'records.log'), Buffer.concat(blocks));
  await writeFile(join(root, 'hostname'), `${options.seed}\n`);
  for (let rest = Math.floor(options.sizeBytes * options.fill), index = 0; rest > 0; rest -= FILE_BYTES, index++) {
    await writePayload(join(root, `payload-${String(index).padStart(4, '0')}.bin`), `${options.seed} file ${index}`, Math.min(rest, FILE_BYTES));
  }
  await truncate(image, options.sizeBytes);
  // lazy initialisation is for mounted disks; a fixed UUID and hash seed keep the image the same for the same seed.
  await run(mkfs, ['-q', '-F', '-b', String(BLOCK_BYTES), '-m', '0', '-U', uuid, '-E', `hash_seed=${uuid},lazy_itable_init=1,nodiscard`, '-d', root, image]);
  await rm(root, { recursive: true });

  return locateLog(image, options.seed, logBytes);
}

async function makePlain(image: string, options: DiskImageOptions, logBytes: number): Promise<Extent[]> {
  await truncate(image, options.sizeBytes);
  await writePayload(image, options.seed, Math.floor(options.sizeBytes * options.fill), MIB + logBytes);

  return [{ offset: MIB, length: logBytes }];
}

/** Writes zeros into the log, really: a later write into it must not need space that may not be there. */
async function clearLog(image: string, log: readonly Extent[], header: DiskHeader): Promise<void> {
  const file = await open(image, 'r+');

  try {
    for (const { offset, length } of log) {
      await file.write(Buffer.alloc(length), 0, length, offset);
    }
    const sector = encodeHeader(header);

    await file.write(sector, 0, sector.length, 0);
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Makes a disk image with a file system (or a plain layout), payload files and an empty `records.log` whose place is
 * written in the disk's first sector. The folder appears in one step; a half-made one is left under a `.tmp` name.
 */
export async function createDiskImage(options: DiskImageOptions): Promise<void> {
  const work = `${options.directory}.tmp`;
  const image = join(work, options.name);
  const logBytes = logBytesFor(options.sizeBytes);

  await rm(work, { recursive: true, force: true });
  await mkdir(work, { recursive: true });
  await writeFile(image, '');
  const log = options.mkfs ? await makeExt4(image, work, options.mkfs, options, logBytes) : await makePlain(image, options, logBytes);

  await clearLog(image, log, { diskIndex: options.diskIndex, bootable: options.bootable, filesystem: options.mkfs ? 'ext4' : 'plain', log });
  await rename(work, options.directory);
}
