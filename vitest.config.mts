/**
 * All tests, in four projects: pure ones in parallel; those that start processes, two files at a time; the
 * extension's components in jsdom; the browser last. `npm test` runs them all, `npm test -- <file>` some.
 */
import { createRequire } from 'node:module';
import path from 'node:path';
import vue from '@vitejs/plugin-vue';
import { defineConfig, type Plugin } from 'vitest/config';

const yaml = createRequire(import.meta.url)('js-yaml') as { load(text: string): unknown };
const root = import.meta.dirname;
const shell = path.join(root, 'node_modules/@rancher/shell');
const SECOND = 1_000;

/** YAML files (l10n) as modules, as webpack's js-yaml-loader gives them. */
const yamlModules: Plugin = {
  name: 'yaml',
  transform: (source, id) => (/\.ya?ml$/.test(id) ? { code: `export default ${ JSON.stringify(yaml.load(source)) }`, map: null } : undefined),
};

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'node',
          environment: 'node',
          include: ['test/unit/**/*.test.ts', 'test/contract/**/*.test.ts'],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        plugins: [yamlModules, vue()],
        resolve: {
          alias: [
            { find: /^@shell\/(.*)/, replacement: `${ shell }/$1` },
            { find: /^~shell\/(.*)/, replacement: `${ shell }/$1` },
            { find: /^@components\/(.*)/, replacement: `${ shell }/rancher-components/$1` },
            { find: /^@pkg\/harvester-vm-backup\/(.*)/, replacement: `${ root }/pkg/harvester-vm-backup/$1` },
          ],
          extensions: ['.ts', '.js', '.vue', '.mjs', '.json'],
          dedupe: ['vue', 'vuex', 'vue-router'],
        },
        test: {
          name: 'ui',
          environment: 'jsdom',
          globals: true,
          include: ['pkg/harvester-vm-backup/**/__tests__/**/*.test.ts'],
          // While the extension is built, this link leads to the whole of the Rancher shell with its own tests.
          exclude: ['**/.shell/**', '**/node_modules/**'],
          css: false,
          server: { deps: { inline: [/@rancher\/shell/] } },
          setupFiles: ['./vitest.setup.mts'],
          testTimeout: 20 * SECOND,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'integration',
          environment: 'node',
          include: ['test/integration/**/*.test.ts', 'test/fault/**/*.test.ts'],
          // Each file has its own cluster, folder and ports, and waits more than it works: two at a time.
          maxWorkers: 2,
          testTimeout: 180 * SECOND,
          hookTimeout: 120 * SECOND,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'e2e',
          environment: 'node',
          include: ['test/e2e/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 600 * SECOND,
          hookTimeout: 600 * SECOND,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
