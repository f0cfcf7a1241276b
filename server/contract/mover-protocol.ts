import { z } from 'zod';
import { bytes } from './common.ts';
import { FAILURE_CODES } from './failures.ts';

/** Version of the mover contract, in every request. */
export const MOVER_API = 'mover.backup.harvesterhci.io/v1';
/** Digests are taken over extents of this size (bytes); the last one of a volume may be shorter. */
export const EXTENT_BYTES = 4 * 1024 * 1024;
/** What a mover may be asked to do; the first argument of its command line. */
export const MOVER_VERBS = ['describe', 'init', 'probe', 'backup', 'restore', 'verify', 'list', 'remove'] as const;
export type MoverVerb = (typeof MOVER_VERBS)[number];

/** Process exit codes; the coded `error` line on stdout says more. */
export const MOVER_EXIT = { ok: 0, failed: 1, badRequest: 2, cancelled: 3 } as const;

const path = z.string().startsWith('/');

/** Where the repository is and how it is opened. Credentials are files, never values. */
const repositorySchema = z.object({
  location: z.discriminatedUnion('type', [
    /** A mounted folder; `path` is the repository's own folder in it. */
    z.object({ type: z.literal('filesystem'), path }),
  ]),
  keyFile: path,
  /** Engine parameters, such as restic's `compression`. */
  parameters: z.record(z.string(), z.string()).optional(),
});

/** What identifies a backup in a repository that holds many clusters' and VMs'. */
export const backupIdentitySchema = z.object({
  cluster: z.string(),
  namespace: z.string(),
  vmName: z.string(),
  vmUID: z.string(),
  /** UID of the VMBackup. */
  backupUID: z.string(),
});
export type BackupIdentity = z.infer<typeof backupIdentitySchema>;

const base = { apiVersion: z.literal(MOVER_API), operationID: z.string().min(1) };

/** A volume as the mover sees it: a device (Block) or an image file (Filesystem). */
const volumeSchema = z.object({ name: z.string().min(1), path, sizeBytes: bytes });

export const requestSchema = z.discriminatedUnion('verb', [
  z.object({ ...base, verb: z.literal('describe') }),
  /** Creates the repository; one that exists and opens with the key is success (`created: false`). */
  z.object({ ...base, verb: z.literal('init'), repository: repositorySchema }),
  /** Opens the repository, writes and deletes nothing but what reading needs. */
  z.object({ ...base, verb: z.literal('probe'), repository: repositorySchema }),
  z.object({
    ...base, verb: z.literal('backup'), repository: repositorySchema, identity: backupIdentitySchema,
    /** One volume's bytes; or, last, the backup document, which makes the backup exist. */
    what: z.discriminatedUnion('type', [
      z.object({ type: z.literal('volume'), volume: volumeSchema }),
      /** `volumes`: the engine's ids, as the volumes' own operations gave them. */
      z.object({ type: z.literal('document'), documentFile: path, volumes: z.array(z.object({ name: z.string(), snapshotID: z.string(), digestsID: z.string() })) }),
    ]),
  }),
  z.object({
    ...base, verb: z.literal('restore'), repository: repositorySchema, documentID: z.string(),
    what: z.discriminatedUnion('type', [
      /** `blank`: the target reads as zeros, so zero extents need not be written. */
      z.object({ type: z.literal('volume'), snapshotID: z.string(), sourceName: z.string(), sourceBytes: bytes, volume: volumeSchema, blank: z.boolean() }),
      /** Gives the document back as `sealed` lines, encrypted to the base64 raw X25519 public key. */
      z.object({ type: z.literal('document'), recipientPublicKey: z.string() }),
    ]),
  }),
  /** Reads every volume of a backup back and compares it with the digests in its document. */
  z.object({ ...base, verb: z.literal('verify'), repository: repositorySchema, documentID: z.string() }),
  /** Lists the backups (documents) in the repository as `backup` lines. */
  z.object({ ...base, verb: z.literal('list'), repository: repositorySchema }),
  /** Removes every snapshot of a backup, its document first, and frees the space. Nothing to remove is success. Needs the repository alone. */
  z.object({ ...base, verb: z.literal('remove'), repository: repositorySchema, backupUID: z.string().min(1) }),
]);
/** A mover request; the content of the `--request` file. */
export type MoverRequest = z.infer<typeof requestSchema>;
export type RequestOf<V extends MoverVerb> = Extract<MoverRequest, { verb: V }>;

/** What an engine can do, as it says itself. */
export const capabilitiesSchema = z.object({
  engine: z.string(),
  version: z.string(),
  /** Changed data only is sent. */
  incremental: z.boolean(),
  /** Writes keep working while another mover writes to the same repository. */
  concurrentBackups: z.boolean(),
  /** Zero extents are not stored one by one. */
  sparse: z.boolean(),
  encryption: z.boolean(),
  compression: z.boolean(),
  targets: z.array(z.string()),
});
export type Capabilities = z.infer<typeof capabilitiesSchema>;

export const volumeResultSchema = z.object({
  /** Engine's id of the snapshot that holds `<volume>.raw`. */
  snapshotID: z.string(),
  /** Engine's id of the snapshot that holds `<volume>.digests` until the document takes it over. */
  digestsID: z.string(),
  sizeBytes: bytes,
  /** `sha256:` + hex over the concatenated extent digests: equal content gives equal root digests. */
  rootDigest: z.string(),
  bytesRead: bytes,
  /** Bytes of extents that are all zero. */
  bytesZero: bytes,
  /** New bytes that the repository grew by, as the engine reports them. */
  bytesUploaded: bytes,
});
export type VolumeResult = z.infer<typeof volumeResultSchema>;

/** The `result` line per request: the shape follows from `result.type`. */
export const resultSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('describe'), capabilities: capabilitiesSchema }),
  z.object({ type: z.literal('init'), repositoryID: z.string(), created: z.boolean() }),
  z.object({ type: z.literal('probe'), repositoryID: z.string(), backups: z.number().int(), sizeBytes: bytes.optional() }),
  z.object({ type: z.literal('backup-volume'), volume: volumeResultSchema }),
  z.object({ type: z.literal('backup-document'), documentID: z.string() }),
  z.object({ type: z.literal('restore-volume'), bytesWritten: bytes, bytesSkipped: bytes, rootDigest: z.string() }),
  z.object({ type: z.literal('restore-document'), lines: z.number().int() }),
  z.object({ type: z.literal('verify'), bytesVerified: bytes }),
  z.object({ type: z.literal('list'), backups: z.number().int() }),
  z.object({ type: z.literal('remove'), removed: z.number().int() }),
]);
export type MoverResult = z.infer<typeof resultSchema>;

/** One line of a mover's stdout. */
export const lineSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('progress'), bytesDone: bytes, bytesTotal: bytes, bytesUploaded: bytes.optional() }),
  /** Part `index` (from 0) of `count` of a sealed document; `data` is base64. */
  z.object({ type: z.literal('sealed'), index: z.number().int(), count: z.number().int(), data: z.string() }),
  z.object({ type: z.literal('backup'), identity: backupIdentitySchema, documentID: z.string(), createdAt: z.string() }),
  z.object({ type: z.literal('result'), result: resultSchema }),
  z.object({ type: z.literal('error'), code: z.enum(FAILURE_CODES), message: z.string(), evidence: z.string().optional(), retryable: z.boolean() }),
]);
export type MoverLine = z.infer<typeof lineSchema>;
