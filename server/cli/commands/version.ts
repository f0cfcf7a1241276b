import { readFile } from 'node:fs/promises';
import { API_VERSION } from '../../contract/api.ts';
import type { CliIo } from '../context.ts';
import { formatItems, type Format } from '../output/print.ts';

const PACKAGE = new URL('../../package.json', import.meta.url);

/** Shows what this program is. Asks no cluster. */
export async function version({ out }: CliIo, format: Format): Promise<void> {
  const { version: hvb } = JSON.parse(await readFile(PACKAGE, 'utf8')) as { version: string };
  const facts = { version: hvb, api: API_VERSION, node: process.versions.node };

  out(formatItems(format, [{ heading: 'HVB', value: (row) => row.version }, { heading: 'API', value: ({ api }) => api }, { heading: 'NODE', value: ({ node }) => node }], [facts], facts));
}
