import { access, constants, stat } from 'node:fs/promises';
import { SCRATCH_DIR } from '../../contract/mover-paths.ts';
import type { MoverRequest } from '../../contract/mover-protocol.ts';
import type { MoverContext } from '../context.ts';
import { MoverError } from '../errors.ts';
import type { ResticBinary } from './binary.ts';
import { parametersToEnv } from './parameters.ts';
import { ResticRepository } from './repository.ts';
import { ResticRunner } from './runner.ts';

/** What of this process's environment restic gets: where programs are, and by what a runner knows its children. */
const PASSED_ON = ['PATH', 'MOVER_ROOT'] as const;

type RepositoryRequest = Exclude<MoverRequest, { verb: 'describe' }>;

/** Prepares restic for the repository of a request; opens nothing yet. */
export async function openRestic(request: RepositoryRequest, context: MoverContext, restic: ResticBinary, env: Readonly<Record<string, string | undefined>>): Promise<ResticRepository> {
  const { location, keyFile, parameters } = request.repository;
  const folder = context.inside(location.path);
  const password = context.inside(keyFile);
  await requireKey(password, keyFile);
  const scratch = context.inside(SCRATCH_DIR);
  const cache = await isWritable(scratch);
  const runner = new ResticRunner({
    restic,
    folder,
    cache,
    clock: context.clock,
    signal: context.signal,
    env: {
      ...Object.fromEntries(PASSED_ON.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]]))),
      ...parametersToEnv(parameters),
      HOME: context.scratch,
      TMPDIR: context.scratch,
      ...(cache ? { RESTIC_CACHE_DIR: `${scratch}/restic-cache` } : {}),
      RESTIC_REPOSITORY: folder,
      RESTIC_PASSWORD_FILE: password,
      // One status line per second; without a terminal restic writes up to 60.
      RESTIC_PROGRESS_FPS: '1',
    },
  });
  return new ResticRepository(runner, request.operationID.replace(/[^A-Za-z0-9-]/g, '_'));
}

async function requireKey(file: string, podPath: string): Promise<void> {
  try {
    if ((await stat(file)).size > 0) return;
  } catch (error) {
    throw new MoverError('HVB-REPO-KEY-MISSING', `The password file of the repository is not at ${podPath}.`, String(error));
  }
  throw new MoverError('HVB-REPO-KEY-MISSING', `The password file of the repository, ${podPath}, is empty.`);
}

async function isWritable(folder: string): Promise<boolean> {
  try {
    await access(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
