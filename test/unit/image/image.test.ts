/** What the image is made of, against the places that each fact comes from. The steps are followed in test/integration/image. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { NODE, RESTIC } from '../../../scripts/lib/pins.mjs';
import { ignoredBy, parseCopy, parseDockerfile } from '../../support/dockerfile.ts';
import { importClosure } from '../../support/import-closure.ts';

interface Lock { packages: Record<string, { version?: string; integrity?: string; dev?: boolean; dependencies?: Record<string, string> } | undefined> }
interface Manifest { version: string; dependencies: Record<string, string> }

const root = path.resolve(import.meta.dirname, '../../..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');
const dockerfile = parseDockerfile(read('Dockerfile'));
const ENTRIES = ['server/main.ts', 'server/mover/main.ts', 'server/ui-files/main.ts'];
const manifest = JSON.parse(read('server/package.json')) as Manifest;
const lock = JSON.parse(read('server/package-lock.json')) as Lock;

describe('the image', () => {
  it('given its Dockerfile, when base images are named, then each has the pinned Node version and none is "latest"', () => {
    expect(Object.keys(dockerfile.args)).toEqual(['NODE_BUILD', 'NODE_RUN']);
    for (const image of Object.values(dockerfile.args)) expect(image).toMatch(new RegExp(`^docker\\.io/library/node:${ NODE.pinned.replaceAll('.', '\\.') }-bookworm(-slim)?$`));
    expect(dockerfile.stages.map(({ from }) => from)).toEqual(['${NODE_BUILD}', '${NODE_BUILD}', '${NODE_RUN}']);
  });

  it('given its Dockerfile, when restic is brought, then version and checksums are those of the set-up', () => {
    const script = dockerfile.stages.find(({ name }) => name === 'restic')?.steps.find(({ name }) => name === 'RUN')?.rest ?? '';

    expect(script).toContain(`version=${ RESTIC.pinned };`);
    for (const { asset, digest } of Object.values(RESTIC.sha256)) {
      const arch = /_linux_(\w+)\.bz2$/.exec(asset)?.[1] ?? '';

      expect(script).toContain(`arch=${ arch }; digest=${ digest }`);
      expect(asset).toBe(`restic_${ RESTIC.pinned }_linux_${ arch }.bz2`);
    }
    expect(script).toContain('sha256sum -c -');
  });

  it('given its last stage, when it is started without orders, then it is the server, and not as root', () => {
    const last = dockerfile.stages.at(-1)?.steps ?? [];
    const of = (name: string): string[] => last.filter((step) => step.name === name).map(({ rest }) => rest);

    expect(of('USER')).toEqual(['65532:65532']);
    expect([...of('ENTRYPOINT'), ...of('CMD')]).toEqual(['["node"]', '["/app/server/main.ts"]']);
    expect(of('RUN')).toEqual([]);
  });

  it('given the build context, when .dockerignore is applied, then simulations, tests, tools and secrets stay out', () => {
    const ignored = ignoredBy(read('.dockerignore'));
    const outside = ['server/embedded/main.ts', 'server/cli/main.ts', 'server/contract/crd/generate.ts', 'server/node_modules/zod/index.js', 'test/unit/image/image.test.ts', 'scripts/run.mjs', '.git/config', '.env', 'node_modules/zod/index.js', 'dist/index.html', 'package.json', 'charts/harvester-vm-backup/values.yaml'];

    expect(outside.filter((file) => !ignored(file))).toEqual([]);
    expect(['server/main.ts', 'server/package-lock.json', 'dist/extension/plugin/x/files.txt'].filter(ignored)).toEqual([]);
  });

  it('given its three programs, when their imports are walked, then every file is in the image', () => {
    const ignored = ignoredBy(read('.dockerignore'));
    const copied = dockerfile.stages.at(-1)?.steps.filter(({ name }) => name === 'COPY').map(({ rest }) => parseCopy(rest)).filter(({ from }) => !from).flatMap(({ sources }) => sources) ?? [];
    const { files } = importClosure(root, ENTRIES);

    expect(files.length).toBeGreaterThan(80);
    expect(files.filter((file) => ignored(file) || !copied.some((folder) => file.startsWith(`${ folder }/`)))).toEqual([]);
  });

  it('given its three programs, when their imports are walked, then its packages are just those, in the versions that are tested', () => {
    const { packages } = importClosure(root, ENTRIES);
    const tested = (JSON.parse(read('package.json')) as Manifest).dependencies;

    expect(Object.keys(manifest.dependencies).sort()).toEqual(packages);
    expect(manifest.dependencies).toEqual(Object.fromEntries(packages.map((name) => [name, tested[name]])));
  });

  it('given the lock of its packages, when compared with the project\'s, then each package is the very one that is tested', () => {
    const tested = JSON.parse(read('package-lock.json')) as Lock;
    const { '': own, ...packages } = lock.packages;

    expect(own?.dependencies).toEqual(manifest.dependencies);
    expect(Object.keys(packages).length).toBeGreaterThanOrEqual(Object.keys(manifest.dependencies).length);
    for (const [name, { version, integrity } = {}] of Object.entries(packages)) {
      expect(integrity, name).toMatch(/^sha512-/);
      expect({ name, version, integrity }).toEqual({ name, version: tested.packages[name]?.version, integrity: tested.packages[name]?.integrity });
    }
  });
});
