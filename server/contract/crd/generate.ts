/** Writes the CRDs into the chart: `npm run crds`. CI checks that the committed files are what this gives. */
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { dump } from 'js-yaml';
import { customResourceDefinitions } from './index.ts';

const folder = fileURLToPath(new URL('../../../charts/harvester-vm-backup/crds/', import.meta.url));

// Helm's "show crds" joins the files as they are, so each has to begin a document of its own.
const HEAD = '---\n# Generated from server/contract by "npm run crds". Do not edit.\n';

await mkdir(folder, { recursive: true });
for (const crd of customResourceDefinitions()) {
  await writeFile(`${folder}${crd.metadata.name}.yaml`, `${HEAD}${dump(crd, { noRefs: true, lineWidth: 160 })}`);
}
