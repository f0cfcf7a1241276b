import { API_VERSION } from '../../contract/api.ts';
import { PRODUCT_VERSION } from '../../contract/version.ts';
import type { CliIo } from '../context.ts';
import { formatItems, type Format } from '../output/print.ts';

/** Shows what this program is. Asks no cluster. */
export function version({ out }: CliIo, format: Format): void {
  const facts = { version: PRODUCT_VERSION, api: API_VERSION, node: process.versions.node };

  out(formatItems(format, [{ heading: 'HVB', value: (row) => row.version }, { heading: 'API', value: ({ api }) => api }, { heading: 'NODE', value: ({ node }) => node }], [facts], facts));
}
