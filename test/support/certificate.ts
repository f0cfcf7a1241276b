import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** A self-signed certificate of an Ed25519 key, both PEM: its own certificate authority. */
export interface TestCertificate { cert: string; key: string }

const DAY_MS = 86_400_000;
const ED25519 = sequence(oid(1 * 40 + 3, 101, 112));

/**
 * Makes a certificate (RFC 5280) for `name`, valid from yesterday to tomorrow, good for a server at 127.0.0.1 and for a client.
 * Written out here, since node:crypto reads certificates but makes none.
 */
export function selfSigned(name: string): TestCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  // commonName (2.5.4.3)
  const subject = sequence(der(0x31, sequence(oid(2 * 40 + 5, 4, 3), der(0x0c, Buffer.from(name)))));
  // subjectAltName (2.5.29.17) with the one iPAddress [7]
  const addresses = sequence(oid(2 * 40 + 5, 29, 17), der(0x04, sequence(der(0x87, Buffer.from([127, 0, 0, 1])))));
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))), der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])), ED25519, subject,
    sequence(time(-DAY_MS), time(DAY_MS)), subject, publicKey.export({ type: 'spki', format: 'der' }), der(0xa3, sequence(addresses)),
  );
  const certificate = sequence(body, ED25519, der(0x03, Buffer.concat([Buffer.from([0]), sign(null, body, privateKey)])));

  return { cert: `-----BEGIN CERTIFICATE-----\n${certificate.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];

  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

/** The first byte holds the first two arcs; every arc here is below 128. */
function oid(...arcs: readonly number[]): Buffer {
  return der(0x06, Buffer.from(arcs));
}

/** UTCTime so long from now. */
function time(fromNowMs: number): Buffer {
  return der(0x17, Buffer.from(`${new Date(Date.now() + fromNowMs).toISOString().replace(/[-:T]/g, '').slice(2, 14)}Z`));
}
