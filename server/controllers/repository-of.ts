import { BACKUP_ENGINE, BACKUP_REPOSITORY } from '../contract/api.ts';
import type { BackupEngine } from '../contract/backup-engine.ts';
import type { BackupRepository } from '../contract/backup-repository.ts';
import type { FailureCode } from '../contract/failures.ts';
import { ANNOTATION_PROBE_REQUESTED } from '../contract/names.ts';
import { DEFAULT_PARALLEL_MOVERS, type ControllerContext } from './context.ts';

/** A repository with the engine that serves it, or why there is none. */
export type RepositoryLookup =
  | { found: true; repository: BackupRepository; engine: BackupEngine; limit: number }
  | { found: false; code: FailureCode; message: string };

/** Reads a repository and its engine. */
export async function findRepository({ client }: Pick<ControllerContext, 'client'>, name: string): Promise<RepositoryLookup> {
  const repository = await client.find<BackupRepository>(BACKUP_REPOSITORY, { name });

  if (!repository) return { found: false, code: 'HVB-REPO-MISSING', message: `BackupRepository "${name}" does not exist` };
  const engine = await client.find<BackupEngine>(BACKUP_ENGINE, { name: repository.spec.engine });

  if (!engine) return { found: false, code: 'HVB-ENGINE-MISSING', message: `BackupEngine "${repository.spec.engine}" of BackupRepository "${name}" does not exist` };
  return { found: true, repository, engine, limit: repository.spec.limits?.parallelMovers ?? DEFAULT_PARALLEL_MOVERS };
}

/** Asks the repository's controller to look at it again now: after a failure that it may be the cause of, or when its content changed. */
export async function requestProbe({ client, clock }: Pick<ControllerContext, 'client' | 'clock'>, name: string): Promise<void> {
  await client.patch(BACKUP_REPOSITORY, { name }, { metadata: { annotations: { [ANNOTATION_PROBE_REQUESTED]: clock.now().toISOString() } } });
}
