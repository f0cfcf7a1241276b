import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Absolute paths of the programs of a real control plane. */
export interface KubePrograms { etcd: string; apiServer: string; controllerManager: string; kubectl: string }

/**
 * Finds them by the convention of Kubernetes' own test tools: the folder `KUBEBUILDER_ASSETS`. The controller manager, which that
 * convention does not have, may lie beside them or be named by `KUBE_CONTROLLER_MANAGER_BINARY`.
 * @throws Error that says what is missing and how to get it: a test that cannot run must fail
 */
export function kubePrograms(env: Readonly<Record<string, string | undefined>>): KubePrograms {
  const folder = env.KUBEBUILDER_ASSETS;

  if (!folder) throw new Error('KUBEBUILDER_ASSETS is not set: run these tests by "npm run test:kube" or "npm test", which bring a kube-apiserver and etcd');
  const programs = {
    etcd: join(folder, 'etcd'), apiServer: join(folder, 'kube-apiserver'), kubectl: join(folder, 'kubectl'),
    controllerManager: env.KUBE_CONTROLLER_MANAGER_BINARY ?? join(folder, 'kube-controller-manager'),
  };
  const missing = Object.values(programs).filter((program) => !existsSync(program));

  if (missing.length > 0) throw new Error(`not there: ${missing.join(', ')}. Point KUBEBUILDER_ASSETS to a folder that has them, or unset it and run "npm run test:kube", which builds them`);
  return programs;
}
