import { API_VERSION } from '../../../server/contract/api.ts';
import type { KubeObject } from '../../../server/contract/kubernetes.ts';
import { SYSTEM_NAMESPACE } from '../../../server/contract/names.ts';

/** What each builder takes beside what is its own. */
interface Named { name: string; labels?: Record<string, string>; annotations?: Record<string, string>; finalizers?: string[] }

const meta = ({ name, labels, annotations, finalizers }: Named, namespace?: string): KubeObject['metadata'] =>
  ({ name, ...(namespace ? { namespace } : {}), ...(labels ? { labels } : {}), ...(annotations ? { annotations } : {}), ...(finalizers ? { finalizers } : {}) });

/** A request for a backup of VM `shop`. */
export function aBackup({ namespace, repository = 'shared', vm = 'shop', ...named }: Named & { namespace: string; repository?: string; vm?: string }): KubeObject {
  return { apiVersion: API_VERSION, kind: 'VMBackup', metadata: meta(named, namespace), spec: { source: { name: vm }, repository } } as KubeObject;
}

/** A request to restore a backup of namespace `from` into `namespace`. */
export function aRestore({ namespace, from, backup = 'nightly', ...named }: Named & { namespace: string; from: string; backup?: string }): KubeObject {
  return { apiVersion: API_VERSION, kind: 'VMRestore', metadata: meta(named, namespace), spec: { source: { backup: { namespace: from, name: backup } }, target: { name: 'restored' } } } as KubeObject;
}

export function aRepository(named: Named): KubeObject {
  return { apiVersion: API_VERSION, kind: 'BackupRepository', metadata: meta(named), spec: { engine: 'restic', target: { filesystem: { claimName: 'backup-storage', path: named.name } }, encryption: { secretRef: { name: `${named.name}-key` } } } } as KubeObject;
}

export function anEngine({ image = 'mover:1', ...named }: Named & { image?: string }): KubeObject {
  return { apiVersion: API_VERSION, kind: 'BackupEngine', metadata: meta(named), spec: { mover: { image } } } as KubeObject;
}

/** A Secret of the system namespace. */
export function aKey(named: Named): KubeObject {
  return { apiVersion: 'v1', kind: 'Secret', metadata: meta(named, SYSTEM_NAMESPACE), data: { password: 'c2VjcmV0' } } as KubeObject;
}
