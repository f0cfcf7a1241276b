import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';

/** Bytes of a sector: what a disk writes at once, so the finest thing that can be torn. */
export const SECTOR_BYTES = 512;

const MAGIC = Buffer.from('HVBBOOT1');
const EXTENTS_AT = 12;
const EXTENT_SIZE = 12;
/** Most extents that the header has room for; ext4 lays a file of this size into one or two. */
export const MAX_EXTENTS = 38;
const DIGEST_AT = 478;
const EXT4_MAGIC_AT = 1080;
const EXT4_MAGIC = 0xef53;

/** A run of bytes in a disk image. */
export interface Extent { offset: number; length: number }

/** What the first sector of a simulated disk says: the part of the disk that ext4 leaves to boot loaders. */
export interface DiskHeader {
  /** Position of the disk in its VM, from 0. */
  diskIndex: number;
  /** Whether the disk has something to boot from. */
  bootable: boolean;
  filesystem: 'ext4' | 'plain';
  /** Where the blocks of `records.log` lie, in the file's order. */
  log: Extent[];
}

function digest(sector: Buffer): Buffer {
  return createHash('sha256').update(sector.subarray(0, DIGEST_AT)).digest();
}

/** The header as a boot sector of {@link SECTOR_BYTES}. Throws when the log is in more than {@link MAX_EXTENTS} pieces. */
export function encodeHeader(header: DiskHeader): Buffer {
  if (header.log.length > MAX_EXTENTS) {
    throw new Error(`records.log lies in ${header.log.length} pieces, the disk header has room for ${MAX_EXTENTS}: make the disk larger or its payload smaller`);
  }
  const sector = Buffer.alloc(SECTOR_BYTES);

  MAGIC.copy(sector);
  sector.writeUInt8(header.bootable ? 1 : 0, 8);
  sector.writeUInt8(header.diskIndex, 9);
  sector.writeUInt8(header.filesystem === 'ext4' ? 1 : 0, 10);
  sector.writeUInt8(header.log.length, 11);
  header.log.forEach(({ offset, length }, index) => {
    sector.writeUIntLE(offset, EXTENTS_AT + index * EXTENT_SIZE, 6);
    sector.writeUIntLE(length, EXTENTS_AT + index * EXTENT_SIZE + 6, 6);
  });
  digest(sector).copy(sector, DIGEST_AT);
  sector.writeUInt16LE(0xaa55, 510);

  return sector;
}

/** The inverse of {@link encodeHeader}; undefined when the sector is not one of ours, or damaged. */
export function decodeHeader(sector: Buffer): DiskHeader | undefined {
  if (sector.length < SECTOR_BYTES || !sector.subarray(0, MAGIC.length).equals(MAGIC) || !digest(sector).equals(sector.subarray(DIGEST_AT, DIGEST_AT + 32))) {
    return undefined;
  }
  const log = Array.from({ length: sector.readUInt8(11) }, (_, index) => ({
    offset: sector.readUIntLE(EXTENTS_AT + index * EXTENT_SIZE, 6),
    length: sector.readUIntLE(EXTENTS_AT + index * EXTENT_SIZE + 6, 6),
  }));

  return { bootable: sector.readUInt8(8) === 1, diskIndex: sector.readUInt8(9), filesystem: sector.readUInt8(10) === 1 ? 'ext4' : 'plain', log };
}

/** Header of an open image; undefined for a blank or foreign disk, and for one whose file system is gone. */
export async function readHeader(file: FileHandle): Promise<DiskHeader | undefined> {
  const start = Buffer.alloc(2048);
  const { bytesRead } = await file.read(start, 0, start.length, 0);
  const header = bytesRead < start.length ? undefined : decodeHeader(start);

  return header?.filesystem === 'ext4' && start.readUInt16LE(EXT4_MAGIC_AT) !== EXT4_MAGIC ? undefined : header;
}

/** True when the image holds something that a VM can boot from. Throws what opening the file throws. */
export async function isBootable(image: string): Promise<boolean> {
  const file = await open(image, 'r');

  try {
    return (await readHeader(file))?.bootable ?? false;
  } finally {
    await file.close();
  }
}
