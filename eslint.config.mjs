/**
 * Lint rules. Three parts differ: the server and its tests (types known to the rules, erasable TypeScript only, as
 * Node runs the sources as they are), the extension (Vue, formatted as the Rancher Dashboard is), and plain scripts.
 */
import js from '@eslint/js';
import globals from 'globals';
import pluginVue from 'eslint-plugin-vue';
import tseslint from 'typescript-eslint';
import vueParser from 'vue-eslint-parser';

const ON_NODE = ['server/**/*.ts', 'test/**/*.ts'];
const EXTENSION = ['pkg/**/*.{ts,vue}'];

/** What type stripping cannot run. */
const ERASABLE_ONLY = ['error',
  { selector: 'TSEnumDeclaration', message: 'Node strips types only: use a const array and a union type instead of an enum.' },
  { selector: 'TSModuleDeclaration[kind="namespace"]', message: 'Node strips types only: use a module instead of a namespace.' },
  { selector: 'TSParameterProperty', message: 'Node strips types only: declare the field and assign it in the constructor.' },
  { selector: 'TSImportEqualsDeclaration', message: 'Node strips types only: use import … from.' },
];

const UNUSED = ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'all', ignoreRestSiblings: true }];

export default tseslint.config(
  { ignores: ['node_modules/', 'dist/', 'dist-pkg/', '.cache/', '.hvb-data/', 'test-artifacts/', 'charts/', '**/.shell/', '**/*.d.ts'] },
  js.configs.recommended,
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  { rules: { eqeqeq: ['error', 'always', { null: 'ignore' }], 'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx'], location: 'start' }] } },
  {
    files: ON_NODE,
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { globals: globals.node, parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      'no-restricted-syntax': ERASABLE_ONLY,
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': UNUSED,
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // What an AbortSignal was aborted with is passed on as it is.
      '@typescript-eslint/prefer-promise-reject-errors': ['error', { allowThrowingUnknown: true, allowThrowingAny: true }],
      // JSON from the Kubernetes API is of unknown shape; printing it must not need a proof for each field.
      '@typescript-eslint/no-base-to-string': 'off',
      // Implementations of an asynchronous interface often have nothing to wait for.
      '@typescript-eslint/require-await': 'off',
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: { '@typescript-eslint/unbound-method': 'off' },
  },
  {
    files: EXTENSION,
    extends: [tseslint.configs.recommended, pluginVue.configs['flat/essential']],
    languageOptions: {
      parser: vueParser,
      parserOptions: { parser: tseslint.parser, extraFileExtensions: ['.vue'], sourceType: 'module' },
      globals: { ...globals.browser, require: 'readonly', process: 'readonly' },
    },
    rules: {
      // TypeScript knows better which names exist.
      'no-undef': 'off',
      'no-restricted-syntax': ERASABLE_ONLY,
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': UNUSED,
      // The shell's registration API takes `require()`d modules (plugin.addProduct, plugin.metadata).
      '@typescript-eslint/no-require-imports': 'off',
      // The shell names detail/, edit/ and list/ components after the resource type.
      'vue/multi-word-component-names': 'off',
      'vue/no-v-html': 'error',
      'vue/require-prop-types': 'error',
      'vue/no-unused-refs': 'error',
    },
  },
  {
    files: ['*.mts'],
    extends: [tseslint.configs.recommended],
    languageOptions: { globals: globals.node },
  },
  {
    files: ['**/*.{js,cjs}'],
    languageOptions: { sourceType: 'commonjs', globals: globals.node },
  },
  {
    files: ['scripts/**/*.mjs', '*.mjs'],
    languageOptions: { globals: globals.node },
  },
);
