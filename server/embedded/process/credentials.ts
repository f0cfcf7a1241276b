import { chmod, readFile, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { dump } from 'js-yaml';

/** A bearer token per name. */
export type Tokens = ReadonlyMap<string, string>;

/** Writes a file that only its owner may read, also when it was there with other rights. */
export async function writePrivate(file: string, text: string): Promise<void> {
  await writeFile(file, text, { mode: 0o600 });
  await chmod(file, 0o600);
}

/** Tokens that stay the same as long as the data folder does, so that a kubeconfig that was copied stays good. */
export async function loadTokens(file: string, names: readonly string[]): Promise<Tokens> {
  let known: Record<string, string> = {};

  try {
    known = JSON.parse(await readFile(file, 'utf8')) as Record<string, string>;
  } catch {
    // First start, or a file that was damaged: new tokens do.
  }
  const tokens = new Map(names.map((name) => [name, known[name] ?? randomBytes(24).toString('base64url')]));

  await writePrivate(file, JSON.stringify(Object.fromEntries(tokens)));

  return tokens;
}

/** A kubeconfig with one context. `server` speaks TLS with the certificate authority `ca` (PEM): kubectl sends no token without. */
export function kubeconfig(server: string, ca: string, token: string): string {
  return dump({
    apiVersion: 'v1', kind: 'Config',
    clusters: [{ name: 'embedded', cluster: { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') } }],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'embedded', context: { cluster: 'embedded', user: 'admin' } }],
    'current-context': 'embedded',
  });
}
