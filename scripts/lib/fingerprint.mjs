import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

/** SHA-256 of parts, in hexadecimal; where one part ends and the next begins counts. */
export function fingerprint(...parts) {
  const hash = createHash('sha256');

  for (const part of parts) {
    const bytes = Buffer.from(part);

    hash.update(`${ bytes.length }:`).update(bytes);
  }

  return hash.digest('hex');
}

/**
 * SHA-256 over names and contents of all files below `folder`.
 *
 * @param {string} folder
 * @param {(name: string) => boolean} [counts] false leaves a file or folder of that base name out
 */
export function treeFingerprint(folder, counts = () => true) {
  const parts = [];
  const walk = (relative) => {
    const entries = readdirSync(path.join(folder, relative), { withFileTypes: true })
      .filter((entry) => counts(entry.name))
      .sort((a, b) => (a.name < b.name ? -1 : 1));

    for (const entry of entries) {
      const file = path.join(relative, entry.name);

      if (entry.isDirectory()) {
        walk(file);
      } else if (entry.isFile()) {
        parts.push(file, readFileSync(path.join(folder, file)));
      }
    }
  };

  walk('');

  return fingerprint(...parts);
}
