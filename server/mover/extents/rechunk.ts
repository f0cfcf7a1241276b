import { EXTENT_BYTES } from '../../contract/mover-protocol.ts';

/**
 * Cuts a stream of chunks of any length into extents; the last one may be shorter. Every extent is a buffer of its own,
 * so that several can be written at once.
 */
export async function* rechunk(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let extent = Buffer.allocUnsafeSlow(EXTENT_BYTES);
  let filled = 0;
  for await (const chunk of content) {
    for (let taken = 0; taken < chunk.length;) {
      const copied = chunk.copy(extent, filled, taken);
      taken += copied;
      filled += copied;
      if (filled === EXTENT_BYTES) {
        yield extent;
        extent = Buffer.allocUnsafeSlow(EXTENT_BYTES);
        filled = 0;
      }
    }
  }
  if (filled > 0) yield extent.subarray(0, filled);
}
