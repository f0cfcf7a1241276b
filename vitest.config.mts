/**
 * All tests, in projects: pure ones in parallel; the extension's components in jsdom; those that start processes, two
 * files at a time, once on the embedded Kubernetes API and once more on a real kube-apiserver; the browser last.
 * `npm test` runs them all, `npm test -- <file>` some, `npm run test:kube` those on the real API.
 */
import { createRequire } from 'node:module';
import path from 'node:path';
import vue from '@vitejs/plugin-vue';
import { defineConfig, type Plugin } from 'vitest/config';

const yaml = createRequire(import.meta.url)('js-yaml') as { load(text: string): unknown };
const root = import.meta.dirname;
const shell = path.join(root, 'node_modules/@rancher/shell');
const SECOND = 1_000;

/** Each file has its own cluster, folder and ports, and waits more than it works: two at a time. */
const ON_A_CLUSTER = { environment: 'node', maxWorkers: 2, testTimeout: 180 * SECOND, hookTimeout: 180 * SECOND } as const;
const CLUSTER_TESTS = ['test/integration/**/*.test.ts', 'test/fault/**/*.test.ts'];
/** Only a real API can tell whether it takes what the charts give, and has a service proxy. */
const KUBE_ONLY = ['test/integration/charts/**', 'test/integration/service-proxy/**'];
/** About the embedded API itself, or what is built on it; and what no Kubernetes API has a part in. */
const EMBEDDED_ONLY = ['test/integration/embedded-*/**', 'test/integration/rancher/**', 'test/integration/image/**'];

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
          ...ON_A_CLUSTER,
          name: 'integration',
          include: CLUSTER_TESTS,
          exclude: KUBE_ONLY,
          env: { HVB_TEST_API: 'embedded' },
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          ...ON_A_CLUSTER,
          name: 'integration-kube',
          include: CLUSTER_TESTS,
          exclude: EMBEDDED_ONLY,
          env: { HVB_TEST_API: 'kube' },
          sequence: { groupOrder: 3 },
        },
      },
      {
        test: {
          ...ON_A_CLUSTER,
          name: 'conformance',
          include: ['test/conformance/**/*.test.ts'],
          maxWorkers: 1,
          sequence: { groupOrder: 4 },
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
          sequence: { groupOrder: 5 },
        },
      },
    ],
  },
});
