/**
 * Type checks the extension, `<script setup>` of its Vue files included, which the build's own check leaves out.
 * The script of each `X.vue` stands in the program as `X.vue.ts`, where TypeScript itself looks for what
 * `import './X.vue'` gives. Templates are not checked. Run by `run.mjs typecheck`, with the packages in place.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const project = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const folder = path.join(project, 'pkg/harvester-vm-backup');
const require = createRequire(path.join(project, 'package.json'));
const ts = require('typescript');
const { parse } = require('vue/compiler-sfc');

/**
 * A Vue file's script as a TypeScript module, each line at its own number. The body of `<script setup>` becomes the
 * module's: Vue declares the macros that it uses (defineProps …) as globals.
 */
function scriptOf(file) {
  const { descriptor } = parse(readFileSync(file, 'utf8'), { filename: file });
  const lines = [];

  for (const block of [descriptor.script, descriptor.scriptSetup].filter((each) => each?.lang === 'ts')) {
    const first = block.loc.start.line - 1;

    while (lines.length < first) {
      lines.push('');
    }
    lines.push(...block.content.split('\n'));
  }
  if (descriptor.scriptSetup || !descriptor.script) {
    lines.push('declare const component: import("vue").DefineComponent;', 'export default component;');
  }

  return lines.join('\n');
}

const config = ts.getParsedCommandLineOfConfigFile(path.join(folder, 'tsconfig.json'), {}, { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => undefined });
const vueFiles = readdirSync(folder, { recursive: true })
  .filter((name) => name.endsWith('.vue') && !/(^|\/)(\.shell|node_modules|__tests__)\//.test(name))
  .map((name) => path.join(folder, name));
const virtual = new Map(vueFiles.map((file) => [`${ file }.ts`, scriptOf(file)]));

const base = ts.createCompilerHost(config.options);
const host = {
  ...base,
  fileExists: (file) => virtual.has(file) || base.fileExists(file),
  readFile: (file) => virtual.get(file) ?? base.readFile(file),
  getSourceFile: (file, version, ...rest) => (virtual.has(file) ? ts.createSourceFile(file, virtual.get(file), version, true) : base.getSourceFile(file, version, ...rest)),
};
const program = ts.createProgram([...config.fileNames, ...virtual.keys()], config.options, host);
const problems = ts.getPreEmitDiagnostics(program).filter(({ file }) => !file || !file.fileName.includes('/node_modules/'));

for (const { file, start, messageText, code } of problems) {
  const line = file ? file.getLineAndCharacterOfPosition(start ?? 0).line + 1 : 0;
  const place = file ? `${ path.relative(project, file.fileName).replace(/\.vue\.ts$/, '.vue') }:${ line } ` : '';

  process.stdout.write(`${ place }TS${ code }: ${ ts.flattenDiagnosticMessageText(messageText, '\n  ') }\n`);
}
process.exitCode = problems.length ? 1 : 0;
