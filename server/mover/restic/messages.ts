import { z } from 'zod';
import { MoverError } from '../errors.ts';

const summarySchema = z.object({
  message_type: z.literal('summary'),
  snapshot_id: z.string().min(8),
  total_bytes_processed: z.number(),
  data_added: z.number(),
  /** After compression; from restic 0.17. */
  data_added_packed: z.number().optional(),
});
export type BackupSummary = z.infer<typeof summarySchema>;

const snapshotsSchema = z.array(z.object({ id: z.string(), time: z.string(), tags: z.array(z.string()).nullish() }));
export type ResticSnapshot = z.infer<typeof snapshotsSchema>[number];

const configSchema = z.object({ id: z.string(), version: z.number() });
const nodeSchema = z.object({ struct_type: z.literal('node'), type: z.string(), path: z.string() });

/** Finds the summary in what `backup --json` wrote. */
export function parseBackup(stdout: string): BackupSummary {
  for (const line of stdout.trimEnd().split('\n').reverse()) {
    const summary = summarySchema.safeParse(json(line)).data;
    if (summary) return summary;
  }
  throw unexpected('backup', stdout);
}

export function parseSnapshots(stdout: string): ResticSnapshot[] {
  // restic 0.14 writes `null` for none.
  const parsed = snapshotsSchema.safeParse(json(stdout) ?? []).data;
  if (!parsed) throw unexpected('snapshots', stdout);
  return parsed.sort((a, b) => Date.parse(a.time) - Date.parse(b.time));
}

/** The repository's id from `cat config`. */
export function parseConfig(stdout: string): { id: string } {
  const parsed = configSchema.safeParse(json(stdout)).data;
  if (!parsed) throw unexpected('cat config', stdout);
  return parsed;
}

/** Absolute paths of the files in what `ls --json` wrote. */
export function parseFiles(stdout: string): string[] {
  return stdout.split('\n').flatMap((line) => {
    const node = nodeSchema.safeParse(json(line)).data;
    return node?.type === 'file' ? [node.path] : [];
  });
}

/** `restic 0.14.0 compiled with …` → `0.14.0`. */
export function parseVersion(stdout: string): string {
  const version = /^restic (\d+\.\d+\.\d+)/.exec(stdout)?.[1];
  if (!version) throw unexpected('version', stdout);
  return version;
}

/** True when `version` is `minimum` or newer; both `major.minor.patch`. */
export function atLeast(version: string, minimum: string): boolean {
  const [a = [], b = []] = [version, minimum].map((text) => text.split('.').map(Number));
  for (let i = 0; i < 3; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unexpected(command: string, stdout: string): MoverError {
  return new MoverError('HVB-ENGINE-UNSUPPORTED', `The installed restic answered ${command} with something that the mover does not understand.`, stdout.slice(-1000));
}
