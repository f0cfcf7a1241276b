import type { ChildProcessByStdio } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { DOCUMENT_FILE, REPOSITORY_DIR, REPOSITORY_KEY_FILE, REQUEST_FILE, SCRATCH_DIR, TERMINATION_LOG, VOLUME_DEVICE, VOLUME_DIR, VOLUME_IMAGE } from '../../../server/contract/mover-paths.ts';
import { MOVER_API, lineSchema } from '../../../server/contract/mover-protocol.ts';
import type { BackupIdentity, MoverLine, MoverResult, MoverVerb, VolumeResult } from '../../../server/contract/mover-protocol.ts';
import { findRestic } from '../../support/restic.ts';

const MAIN = new URL('../../../server/mover/main.ts', import.meta.url).pathname;
export const PASSWORD = 'canary-password-7f3a';
export const REPOSITORY = `${REPOSITORY_DIR}/ours`;
export const IDENTITY: BackupIdentity = { cluster: 'local, really', namespace: 'shop', vmName: 'web-1', vmUID: 'vm-uid-1', backupUID: 'backup-uid-1' };

/** What a mover process left. */
export interface Ended {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly lines: readonly MoverLine[];
  readonly last: MoverLine | undefined;
}

/** A mover that runs. */
export interface Running {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  readonly ended: Promise<Ended>;
}

export interface StartOptions {
  readonly operationID?: string;
  /** Command with arguments to start node through. */
  readonly launcher?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A folder that looks like a mover container's root, and the real program in it. */
export class Sandbox {
  readonly root: string;
  readonly restic = findRestic();
  #requests = 0;

  private constructor(root: string) {
    this.root = root;
  }

  static async create(): Promise<Sandbox> {
    const sandbox = new Sandbox(await mkdtemp(path.join(tmpdir(), 'hvb-mover-')));
    for (const folder of [path.dirname(REQUEST_FILE), path.dirname(DOCUMENT_FILE), path.dirname(REPOSITORY_KEY_FILE), REPOSITORY_DIR, VOLUME_DIR, path.dirname(VOLUME_DEVICE), SCRATCH_DIR]) {
      await mkdir(sandbox.inside(folder), { recursive: true });
    }
    await writeFile(sandbox.inside(REPOSITORY_KEY_FILE), `${PASSWORD}\n`);
    return sandbox;
  }

  async dispose(): Promise<void> {
    await rm(this.root, { recursive: true, force: true });
  }

  inside(podPath: string): string {
    return path.join(this.root, podPath);
  }

  /** Starts the program; the request is completed with what every request of the verb needs. */
  async start(verb: MoverVerb, body: object = {}, { operationID = 'operation-1', launcher = [], env = {} }: StartOptions = {}): Promise<Running> {
    const repository = { location: { type: 'filesystem', path: REPOSITORY }, keyFile: REPOSITORY_KEY_FILE };
    const requestFile = `${path.dirname(REQUEST_FILE)}/request-${++this.#requests}.json`;
    await writeFile(this.inside(requestFile), JSON.stringify({ apiVersion: MOVER_API, operationID, verb, repository, ...body }));
    const [command = process.execPath, ...args] = [...launcher, process.execPath, MAIN, verb, '--request', requestFile];
    const child = spawn(command, args, { env: { PATH: process.env['PATH'] ?? '', RESTIC_BINARY: this.restic, ...env, MOVER_ROOT: this.root }, stdio: ['ignore', 'pipe', 'pipe'] });
    return { child, ended: ended(child) };
  }

  async run(verb: MoverVerb, body: object = {}, options: StartOptions = {}): Promise<Ended> {
    return (await this.start(verb, body, options)).ended;
  }

  /** Runs a verb that must succeed. */
  async must<T extends MoverResult['type']>(type: T, verb: MoverVerb, body: object = {}, options: StartOptions = {}): Promise<Extract<MoverResult, { type: T }>> {
    const { last, stdout, stderr, exitCode } = await this.run(verb, body, options);
    if (last?.type !== 'result' || last.result.type !== type || exitCode !== 0) throw new Error(`${verb} ended with ${exitCode}: ${stdout.slice(-3000)}${stderr}`);
    return last.result as Extract<MoverResult, { type: T }>;
  }

  /** The stock restic, without our code. */
  async stock(...args: string[]): Promise<string> {
    const child = spawn(this.restic, ['--no-cache', ...args], { env: { PATH: process.env['PATH'] ?? '', RESTIC_REPOSITORY: this.inside(REPOSITORY), RESTIC_PASSWORD_FILE: this.inside(REPOSITORY_KEY_FILE) }, stdio: ['ignore', 'pipe', 'pipe'] });
    const { exitCode, stdout, stderr } = await ended(child);
    if (exitCode !== 0) throw new Error(`restic ${args.join(' ')}: ${exitCode}\n${stdout}${stderr}`);
    return stdout;
  }

  async snapshots(): Promise<{ id: string; tags: string[] }[]> {
    return (JSON.parse(await this.stock('snapshots', '--json')) ?? []) as { id: string; tags: string[] }[];
  }

  /** Entries of a folder of the repository, without asking restic. */
  async entries(folder: 'locks' | 'snapshots' | 'data'): Promise<string[]> {
    const at = path.join(this.inside(REPOSITORY), folder);
    return existsSync(at) ? (await readdir(at, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name)) : [];
  }

  async termination(): Promise<string> {
    return readFile(this.inside(TERMINATION_LOG), 'utf8');
  }

  /** Puts a source volume at the Block volume's place. */
  async source(content: Buffer): Promise<string> {
    const file = this.inside(VOLUME_DEVICE);
    await writeFile(file, content);
    return file;
  }

  backupVolume(sizeBytes: number, name = 'disk-0', devicePath: string = VOLUME_DEVICE): object {
    return { identity: IDENTITY, what: { type: 'volume', volume: { name, path: devicePath, sizeBytes } } };
  }

  /** Backs the source up with its document; `volume` and `documentID` are what a restore needs. */
  async backup(sizeBytes: number, document: Buffer = Buffer.from('{}')): Promise<{ volume: VolumeResult; documentID: string }> {
    const { volume } = await this.must('backup-volume', 'backup', this.backupVolume(sizeBytes));
    return { volume, documentID: await this.commit([['disk-0', volume]], document) };
  }

  async commit(volumes: readonly (readonly [string, VolumeResult])[], document: Buffer = Buffer.from('{}')): Promise<string> {
    await writeFile(this.inside(DOCUMENT_FILE), document);
    const what = { type: 'document', documentFile: DOCUMENT_FILE, volumes: volumes.map(([name, { snapshotID, digestsID }]) => ({ name, snapshotID, digestsID })) };
    return (await this.must('backup-document', 'backup', { identity: IDENTITY, what }, { operationID: 'operation-document' })).documentID;
  }

  /** A backup of a little data, where what is in it does not matter. */
  async backupSmall(): Promise<{ volume: VolumeResult; documentID: string }> {
    await this.source(Buffer.from('a little data'));
    return this.backup('a little data'.length);
  }

  /** Holds a lock of a backup that goes on until the returned function is called. */
  async holdLock(): Promise<() => Promise<void>> {
    const child = spawn(this.restic, ['--no-cache', '-r', this.inside(REPOSITORY), 'backup', '--stdin'], { env: { PATH: process.env['PATH'] ?? '', RESTIC_PASSWORD_FILE: this.inside(REPOSITORY_KEY_FILE) }, stdio: ['pipe', 'ignore', 'ignore'] });
    const closed = once(child, 'close');
    while ((await this.entries('locks')).length === 0) await new Promise((resolve) => { setTimeout(resolve, 5); });
    return async () => {
      child.kill('SIGINT');
      // 0.17 and newer see the interrupt only when their input ends.
      child.stdin.end();
      await closed;
    };
  }

  restoreVolume(backup: { volume: VolumeResult; documentID: string }, { targetPath = VOLUME_IMAGE, sizeBytes = backup.volume.sizeBytes, blank = true, snapshotID = backup.volume.snapshotID }: { targetPath?: string; sizeBytes?: number; blank?: boolean; snapshotID?: string } = {}): object {
    return { documentID: backup.documentID, what: { type: 'volume', snapshotID, sourceName: 'disk-0', sourceBytes: backup.volume.sizeBytes, blank, volume: { name: 'target', path: targetPath, sizeBytes } } };
  }
}

async function ended(child: ChildProcessByStdio<null, Readable, Readable>): Promise<Ended> {
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => { stdout += text; });
  child.stderr.setEncoding('utf8').on('data', (text: string) => { stderr += text; });
  const [exitCode, signal] = await once(child, 'close') as [number | null, NodeJS.Signals | null];
  const lines = stdout.split('\n').flatMap((line) => {
    const parsed = line.startsWith('{"type"') ? lineSchema.safeParse(JSON.parse(line)).data : undefined;
    return parsed ? [parsed] : [];
  });
  return { exitCode, signal, stdout, stderr, lines, last: lines.at(-1) };
}

/** Waits until a condition about the outside world holds; fails when the process that should bring it about ends first. */
export async function until(condition: () => Promise<boolean> | boolean, running: Running): Promise<void> {
  let over = false;
  void running.ended.then(() => { over = true; });
  while (!(await condition())) {
    if (over) throw new Error(`The mover ended before the moment that the test waits for: ${(await running.ended).stdout.slice(-2000)}`);
    await new Promise((resolve) => { setTimeout(resolve, 5); });
  }
}

export function codeOf(ended: Ended): string {
  return ended.last?.type === 'error' ? ended.last.code : `no error but ${JSON.stringify(ended.last)}`;
}
