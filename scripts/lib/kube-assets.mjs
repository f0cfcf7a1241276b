import path from 'node:path';
import { aptInstall } from './apt.mjs';
import { makeFolder } from './cache.mjs';
import { capture, isExecutable, which } from './exec.mjs';
import { SetupError } from './fail.mjs';
import { KUBE } from './pins.mjs';
import { firstThatWorks } from './sources.mjs';
import { atLeast } from './versions.mjs';

const CONTROL_PLANE = ['etcd', 'kube-apiserver', 'kubectl'];
const MANAGER = 'kube-controller-manager';
const GO_MINIMUM = '1.24.0';
const TODO = `Install Go ${ GO_MINIMUM } or newer (https://go.dev/dl) on PATH, or point KUBEBUILDER_ASSETS to a folder with ${ CONTROL_PLANE.join(', ') } and ${ MANAGER } of Kubernetes ${ KUBE.minimum } or newer and HELM_BINARY to Helm 3, and run the command again.`;

/** What is built from each module of `.ci/kube`: program → package; `stamp` are variables of Kubernetes' version package. */
const MODULES = {
  etcd: { packages: { etcd: 'go.etcd.io/etcd/server/v3' }, stamp: {} },
  kubernetes: {
    packages: Object.fromEntries(['kube-apiserver', MANAGER, 'kubectl'].map((name) => [name, `k8s.io/kubernetes/cmd/${ name }`])),
    // Without these the API server says that it is v0.0.0.
    stamp: { gitVersion: `v${ KUBE.kubernetes }`, gitMajor: KUBE.kubernetes.split('.')[0], gitMinor: KUBE.kubernetes.split('.')[1] },
  },
  helm: { packages: { helm: 'helm.sh/helm/v3/cmd/helm' }, stamp: {} },
};

/**
 * A real kube-apiserver and etcd by the convention of Kubernetes' own test tools (`KUBEBUILDER_ASSETS`), the controller
 * manager, and Helm: those that the environment names, else the cache's, else built by Go from their pinned modules.
 *
 * @param {{ project: string, cache: string, env: NodeJS.ProcessEnv, report: ReturnType<typeof import('./report.mjs').createReport> }} context
 * @returns {Promise<{ KUBEBUILDER_ASSETS: string, KUBE_CONTROLLER_MANAGER_BINARY: string, HELM_BINARY: string }>}
 * @throws {SetupError}
 */
export async function ensureKubeAssets(context) {
  const { env } = context;

  if (!which('ip', env.PATH)) {
    // A test gives a control plane a network of its own.
    await context.report.step('ip', () => firstThatWorks('ip', [{ name: 'apt-get install iproute2', get: () => aptInstall('iproute2') }], 'Install iproute2, and run the command again.'));
  }
  // One after the other: each build keeps all processors busy.
  const assets = env.KUBEBUILDER_ASSETS
    ? await checkNamed(env.KUBEBUILDER_ASSETS, env.KUBE_CONTROLLER_MANAGER_BINARY)
    : await built(context, `kube-${ KUBE.kubernetes }-etcd-${ KUBE.etcd }`, ['etcd', 'kubernetes'], 'about 5 minutes, once');
  const helm = env.HELM_BINARY ?? path.join(await built(context, `helm-${ KUBE.helm }`, ['helm'], 'about 2 minutes, once'), 'helm');

  return { KUBEBUILDER_ASSETS: assets, KUBE_CONTROLLER_MANAGER_BINARY: env.KUBE_CONTROLLER_MANAGER_BINARY ?? path.join(assets, MANAGER), HELM_BINARY: helm };
}

/** A person who names a folder means that one: a program that is missing or too old in it is an error. */
async function checkNamed(folder, manager = path.join(folder, MANAGER)) {
  const missing = [...CONTROL_PLANE.map((name) => path.join(folder, name)), manager].filter((file) => !isExecutable(file));
  const version = missing.length ? '' : await capture(path.join(folder, 'kube-apiserver'), ['--version']);

  if (missing.length || !atLeast(version, KUBE.minimum)) {
    throw new SetupError(`KUBEBUILDER_ASSETS is ${ folder }, but ${ missing.length ? `${ missing.join(', ') } is not there` : `it has ${ version.trim() }, older than ${ KUBE.minimum }` }`, { todo: TODO });
  }

  return folder;
}

/** The cache's folder of that name, with the programs of `modules` in it. */
async function built(context, name, modules, hint) {
  const folder = path.join(context.cache, name);
  const programs = modules.flatMap((module) => Object.keys(MODULES[module].packages)).map((program) => path.join(folder, program));

  if (programs.every(isExecutable)) {
    return folder;
  }
  const source = { name: 'built by Go', get: async() => {
    await makeFolder(folder, async(fresh) => {
      for (const module of modules) {
        await build(context, module, fresh);
      }
    });

    return folder;
  } };

  return (await context.report.step(name, () => firstThatWorks(name, [source], TODO), hint)).path;
}

async function build({ project, env }, module, folder) {
  const go = which('go', env.PATH) ?? ['/usr/local/go/bin/go'].find(isExecutable);

  if (!go) {
    throw new Error('Go is not installed');
  }
  const { packages, stamp } = MODULES[module];
  const cwd = path.join(project, '.ci/kube', module);
  const variables = Object.entries(stamp).map(([key, value]) => `-X k8s.io/component-base/version.${ key }=${ value }`);

  for (const [program, pkg] of Object.entries(packages)) {
    await capture(go, ['build', '-trimpath', '-buildvcs=false', `-ldflags=${ ['-s', '-w', ...variables].join(' ') }`, '-o', path.join(folder, program), pkg], { cwd, env: { ...env, CGO_ENABLED: '0' } });
  }
}
