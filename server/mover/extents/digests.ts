import { createHash } from 'node:crypto';
import { z } from 'zod';
import { bytes } from '../../contract/common.ts';
import { EXTENT_BYTES } from '../../contract/mover-protocol.ts';
import { MoverError } from '../errors.ts';
import { extentCount, extentLength, zeroDigest } from './extents.ts';

/** Digest of one extent: its SHA-256, or `zero` for an extent of zeros only. */
export type ExtentDigest = Buffer | 'zero';

const headerSchema = z.object({
  format: z.literal('hvb-digests/1'),
  extentBytes: z.literal(EXTENT_BYTES),
  sizeBytes: bytes,
  rootDigest: z.string(),
  /** The engine's id of the snapshot that holds the volume's bytes. */
  snapshotID: z.string(),
  bytesRead: bytes,
  bytesZero: bytes,
  bytesUploaded: bytes,
});
/** First line of a digests file: what the volume's operation found, so that it can be answered again without reading. */
export type DigestsHeader = z.infer<typeof headerSchema>;

export interface Digests {
  readonly header: DigestsHeader;
  readonly extents: readonly ExtentDigest[];
}

/** `sha256:` + hex of the SHA-256 over the concatenated extent digests (zero extents with the digest of their zeros). */
export function rootDigest(sizeBytes: number, extents: readonly ExtentDigest[]): string {
  const hash = createHash('sha256');
  extents.forEach((digest, index) => hash.update(digest === 'zero' ? zeroDigest(extentLength(sizeBytes, index)) : digest));
  return `sha256:${hash.digest('hex')}`;
}

/** Writes the file: a JSON header line, then one line per extent, in order: 64 hex digits, or `zero`. */
export function encodeDigests(facts: Omit<DigestsHeader, 'format' | 'extentBytes' | 'rootDigest'>, extents: readonly ExtentDigest[]): Buffer {
  const header: DigestsHeader = { format: 'hvb-digests/1', extentBytes: EXTENT_BYTES, ...facts, rootDigest: rootDigest(facts.sizeBytes, extents) };
  const lines = extents.map((digest) => (digest === 'zero' ? 'zero' : digest.toString('hex')));
  return Buffer.from([JSON.stringify(header), ...lines, ''].join('\n'));
}

/** Reads the file back; anything that is not exactly what {@link encodeDigests} writes is `HVB-DATA-DOCUMENT-INVALID`. */
export function parseDigests(data: Buffer, name: string): Digests {
  const invalid = (why: string): MoverError => new MoverError('HVB-DATA-DOCUMENT-INVALID', `The digests file ${name} cannot be trusted: ${why}.`);
  const [first = '', ...lines] = data.toString('latin1').split('\n');
  const header = headerSchema.safeParse(parseJson(first)).data;
  if (!header) throw invalid('its first line is not a header of format hvb-digests/1');
  if (lines.pop() !== '') throw invalid('it is cut off');
  if (lines.length !== extentCount(header.sizeBytes)) throw invalid(`${lines.length} digests for ${extentCount(header.sizeBytes)} extents`);
  const extents = lines.map((line, index): ExtentDigest => {
    if (line === 'zero') return 'zero';
    if (!/^[0-9a-f]{64}$/.test(line)) throw invalid(`line ${index + 2} is not a digest`);
    return Buffer.from(line, 'hex');
  });
  if (rootDigest(header.sizeBytes, extents) !== header.rootDigest) throw invalid('its digests do not give its root digest');
  return { header, extents };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
