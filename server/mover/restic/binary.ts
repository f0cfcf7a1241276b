import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Capabilities } from '../../contract/mover-protocol.ts';
import { MoverError } from '../errors.ts';
import { atLeast, parseVersion } from './messages.ts';

const run = promisify(execFile);

/** The first restic that knows repository version 2 (compression). */
const MINIMUM_VERSION = '0.14.0';

/** The restic that is installed here. */
export interface ResticBinary {
  readonly binary: string;
  readonly version: string;
  /** What to start it through; see {@link findLauncher}. */
  readonly launcher: readonly string[];
}

/** Asks restic for its version. Rejects with `HVB-ENGINE-UNSUPPORTED` when there is none or an old one. */
export async function findRestic(env: Readonly<Record<string, string | undefined>>): Promise<ResticBinary> {
  const binary = env['RESTIC_BINARY'] ?? 'restic';
  const path = env['PATH'] ?? '';
  let version: string;
  try {
    version = parseVersion((await run(binary, ['version'], { env: { PATH: path } })).stdout);
  } catch (error) {
    if (error instanceof MoverError) throw error;
    throw new MoverError('HVB-ENGINE-UNSUPPORTED', `The restic program (${binary}) cannot be started. Install restic ${MINIMUM_VERSION} or newer, or name it with RESTIC_BINARY.`, String(error));
  }
  if (!atLeast(version, MINIMUM_VERSION)) throw new MoverError('HVB-ENGINE-UNSUPPORTED', `restic ${version} is too old; ${MINIMUM_VERSION} or newer is needed.`);
  return { binary, version, launcher: await findLauncher(path) };
}

/**
 * When the mover is killed, its restic sees the end of its input and would store a disk that is cut off. Nobody takes
 * such a snapshot for good (it gets no digests), but where util-linux is installed restic is told to stop instead.
 */
async function findLauncher(path: string): Promise<readonly string[]> {
  const launcher = ['setpriv', '--pdeathsig', 'INT', '--'];
  const [command = '', ...args] = launcher;
  try {
    await run(command, [...args, 'true'], { env: { PATH: path } });
    return launcher;
  } catch {
    return [];
  }
}

/** What restic can do, as the contract words it. */
export function capabilitiesOf(version: string): Capabilities {
  return { engine: 'restic', version, incremental: true, concurrentBackups: true, sparse: true, encryption: true, compression: true, targets: ['filesystem'] };
}
