import type { BackupRepository } from '../../contract/backup-repository.ts';
import { ANNOTATION_PROBE_REQUESTED } from '../../contract/names.ts';

/** A repository that answers is asked again after so long, to notice a folder that is gone (milliseconds). */
export const PROBE_EVERY_MS = 60 * 60 * 1000;
const RETRY_BASE_MS = 5_000;
const RETRY_MAX_MS = 5 * 60 * 1000;

/** What to do with a repository now. */
export type RepositoryDecision =
  /** Create it in its place, or open what is there. Only before it was ever ours: later an empty place means lost data. */
  | { action: 'Init' }
  | { action: 'Probe' }
  | { action: 'Wait'; forMs: number };

/** Decides from the status, the key's version and the time. Pure. */
export function decideRepository(repository: BackupRepository, keyVersion: string, now: Date): RepositoryDecision {
  const { status, metadata } = repository;
  const ask = { action: status?.repositoryID === undefined ? 'Init' : 'Probe' } as const;
  const last = status?.lastProbeAt === undefined ? undefined : Date.parse(status.lastProbeAt);

  if (last === undefined) return ask;
  if (status?.observedGeneration !== metadata.generation || status?.keyVersion !== keyVersion) return ask;
  const requested = Date.parse(metadata.annotations?.[ANNOTATION_PROBE_REQUESTED] ?? '');

  // A request that is no instant, or one from before the last probe, asks for nothing.
  if (requested > last) return ask;
  const due = last + (status.phase === 'Ready' ? PROBE_EVERY_MS : retryMs(status.failedProbes ?? 0));

  return due <= now.getTime() ? ask : { action: 'Wait', forMs: due - now.getTime() };
}

function retryMs(failures: number): number {
  return Math.min(RETRY_BASE_MS * 2 ** Math.max(0, failures - 1), RETRY_MAX_MS);
}
