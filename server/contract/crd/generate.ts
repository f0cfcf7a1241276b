/** Writes the CRDs into the chart: `npm run crds`. CI checks that the committed files are what this gives. */
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { dump } from 'js-yaml';
import { customResourceDefinitions } from './index.ts';

const folder = fileURLToPath(new URL('../../../charts/harvester-vm-backup/crds/', import.meta.url));

await mkdir(folder, { recursive: true });
for (const crd of customResourceDefinitions()) {
  await writeFile(`${folder}${crd.metadata.name}.yaml`, `# Generated from server/contract by "npm run crds". Do not edit.\n${dump(crd, { noRefs: true, lineWidth: 160 })}`);
}
