import { spawnSync } from 'node:child_process';

/**
 * Command by which a shell script gets a mount namespace of its own, as root in it. Throws where the system gives none:
 * a full or read-only file system can't be had for real then, and a test that does without proves nothing.
 */
export function inMountNamespace(script: string): readonly string[] {
  const candidates = [['unshare', '--mount', '--map-root-user', '--'], ['unshare', '--mount', '--']];
  const found = candidates.find(([command = '', ...args]) => spawnSync(command, [...args, 'sh', '-c', 'mount -t tmpfs none /mnt']).status === 0);
  if (!found) throw new Error('This test mounts file systems in a namespace of its own (unshare --mount, as root or with user namespaces), which this system does not allow. Allow it, or run the tests in a container with CAP_SYS_ADMIN.');
  return [...found, 'sh', '-c', script, 'sh'];
}
