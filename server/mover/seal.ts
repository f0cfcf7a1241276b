import { createCipheriv, createDecipheriv, createPrivateKey, createPublicKey, diffieHellman, generateKeyPairSync, hkdfSync, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/**
 * A sealed box: anybody who knows the public key can write it, only the holder of the private key can read it.
 *
 * Layout: `HVBSEAL1` (8 bytes) | ephemeral public key (32) | nonce (12) | ciphertext | tag (16).
 * Key: HKDF-SHA256 over the X25519 shared secret, salt = ephemeral || recipient public key, info = the magic.
 * The header is authenticated as associated data, so a changed version or key fails to open.
 */
const MAGIC = Buffer.from('HVBSEAL1', 'latin1');
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = MAGIC.length + KEY_BYTES + NONCE_BYTES;

/** What {@link seal} adds to the length of a plaintext (bytes). */
export const SEAL_OVERHEAD_BYTES = HEADER_BYTES + TAG_BYTES;

/** DER prefixes (RFC 8410) that turn a raw X25519 key into what node:crypto imports. */
const PRIVATE_PREFIX = Buffer.from('302e020100300506032b656e04220420', 'hex');
const PUBLIC_PREFIX = Buffer.from('302a300506032b656e032100', 'hex');

/** A raw X25519 key pair; both keys are 32 bytes. */
export interface SealKeyPair {
  readonly publicKey: Buffer;
  readonly privateKey: Buffer;
}

/** Thrown when a box cannot be opened: not a box, another version, another key, or changed on the way. */
export class SealError extends Error {
  override readonly name = 'SealError';
}

/** A new random X25519 key pair. */
export function generateKeyPair(): SealKeyPair {
  const pair = generateKeyPairSync('x25519');
  return { publicKey: rawPublicKey(pair.publicKey), privateKey: pair.privateKey.export({ type: 'pkcs8', format: 'der' }).subarray(-KEY_BYTES) };
}

/**
 * Encrypts `plaintext` (any length) to the raw 32-byte X25519 `recipientPublicKey`.
 * The result is {@link SEAL_OVERHEAD_BYTES} longer and differs each time. Throws {@link SealError} on a key that is none.
 */
export function seal(plaintext: Buffer, recipientPublicKey: Buffer): Buffer {
  const recipient = importPublicKey(recipientPublicKey);
  const ephemeral = generateKeyPairSync('x25519');
  const ephemeralPublic = rawPublicKey(ephemeral.publicKey);
  const header = Buffer.concat([MAGIC, ephemeralPublic, randomBytes(NONCE_BYTES)]);
  const key = deriveKey(ephemeral.privateKey, recipient, ephemeralPublic, recipientPublicKey);
  const cipher = createCipheriv('aes-256-gcm', key, header.subarray(-NONCE_BYTES), { authTagLength: TAG_BYTES });
  cipher.setAAD(header);
  const body = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return Buffer.concat([header, body, cipher.getAuthTag()]);
}

/** Decrypts what {@link seal} made, with the raw 32-byte private key. Throws {@link SealError} when it cannot be trusted. */
export function open(ciphertext: Buffer, privateKey: Buffer): Buffer {
  if (ciphertext.length < SEAL_OVERHEAD_BYTES) throw new SealError(`A sealed box has at least ${SEAL_OVERHEAD_BYTES} bytes; this one has ${ciphertext.length}.`);
  const header = ciphertext.subarray(0, HEADER_BYTES);
  if (!header.subarray(0, MAGIC.length).equals(MAGIC)) throw new SealError('Not a sealed box of version 1 (HVBSEAL1).');
  const own = importPrivateKey(privateKey);
  const ephemeralRaw = header.subarray(MAGIC.length, MAGIC.length + KEY_BYTES);
  const key = deriveKey(own, importPublicKey(ephemeralRaw), ephemeralRaw, rawPublicKey(createPublicKey(own)));
  const decipher = createDecipheriv('aes-256-gcm', key, header.subarray(-NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(header);
  decipher.setAuthTag(ciphertext.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(ciphertext.subarray(HEADER_BYTES, -TAG_BYTES)), decipher.final()]);
  } catch {
    throw new SealError('The sealed box was made for another key, or changed on the way.');
  }
}

function deriveKey(own: KeyObject, peer: KeyObject, ephemeralPublic: Buffer, recipientPublic: Buffer): Buffer {
  let shared: Buffer;
  try {
    shared = diffieHellman({ privateKey: own, publicKey: peer });
  } catch {
    // OpenSSL refuses low-order points, for which the "shared" secret would be known to everybody.
    throw new SealError('The X25519 public key is not usable.');
  }
  return Buffer.from(hkdfSync('sha256', shared, Buffer.concat([ephemeralPublic, recipientPublic]), MAGIC, KEY_BYTES));
}

function rawPublicKey(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' }).subarray(-KEY_BYTES);
}

function importPublicKey(raw: Buffer): KeyObject {
  requireKeyLength(raw);
  return createPublicKey({ key: Buffer.concat([PUBLIC_PREFIX, raw]), format: 'der', type: 'spki' });
}

function importPrivateKey(raw: Buffer): KeyObject {
  requireKeyLength(raw);
  return createPrivateKey({ key: Buffer.concat([PRIVATE_PREFIX, raw]), format: 'der', type: 'pkcs8' });
}

function requireKeyLength(raw: Buffer): void {
  if (raw.length !== KEY_BYTES) throw new SealError(`A raw X25519 key has ${KEY_BYTES} bytes; this one has ${raw.length}.`);
}
