const BLOCK = 512;
const MAX_NAME = 100;

/** One file of an archive. */
export interface TarFile { /** Relative, at most 100 bytes of ASCII. */ name: string; content: string | Buffer }

/**
 * The bytes of a tar archive (POSIX ustar), file by file, so that only one is in memory.
 * @param modified time of all files
 * @throws Error for a name that ustar can't hold
 * @see https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13_06
 */
export async function* tarOf(files: AsyncIterable<TarFile>, modified: Date): AsyncGenerator<Buffer> {
  for await (const { name, content } of files) {
    const bytes = Buffer.from(content as string);

    yield header(name, bytes.length, modified);
    yield bytes;
    yield Buffer.alloc(-bytes.length & (BLOCK - 1));
  }
  yield Buffer.alloc(2 * BLOCK);
}

function header(name: string, size: number, modified: Date): Buffer {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, length: number): void => void block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1');

  if (!/^[\x21-\x7e]+$/.test(name) || name.length > MAX_NAME) throw new Error(`"${name}" is no name for a file in the archive`);
  block.write(name, 0, 'latin1');
  octal(0o600, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(Math.floor(modified.getTime() / 1000), 136, 12);
  block.write('        0', 148, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  const checksum = block.reduce((total, byte) => total + byte, 0);

  block.write(`${checksum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}
