import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DiskGates } from '../../../server/embedded/guest/disk-gate.ts';
import { createDiskImage } from '../../../server/embedded/guest/disk-image.ts';
import { isBootable } from '../../../server/embedded/guest/disk-header.ts';
import { Guest } from '../../../server/embedded/guest/guest.ts';
import { judgeDisks, readRecords } from '../../../server/embedded/guest/read-records.ts';
import { createLogger } from '../../../server/telemetry/log.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const MIB = 1024 * 1024;

describe('the simulated guest', () => {
  let folder: string;
  let clock: FakeClock;
  let gates: DiskGates;
  const started: Guest[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hvb-guest-'));
    clock = new FakeClock();
    gates = new DiskGates();
  });

  afterEach(async () => {
    await Promise.all(started.splice(0).map((guest) => guest.shutDown({ clean: false })));
    await rm(folder, { recursive: true });
  });

  const image = (name: string): string => join(folder, name, 'device');

  async function disk(name: string, diskIndex: number, sizeBytes = 16 * MIB): Promise<void> {
    await createDiskImage({ directory: join(folder, name), name: 'device', sizeBytes, diskIndex, bootable: diskIndex === 0, seed: name, fill: 0.1 });
  }

  /** `random` is drawn once per disk and step: it decides how many of the newest sectors stay in the page cache (0 to 3). */
  async function boot(random: () => number, ...names: string[]): Promise<Guest> {
    const log = createLogger({ clock, write: () => undefined });
    const guest = await Guest.boot({ disks: names.map((name) => ({ image: image(name), gate: name })), gates, clock, log, random });

    started.push(guest);

    return guest;
  }

  async function run(guest: Guest, steps: number): Promise<void> {
    const until = guest.seq + steps;

    while (guest.seq < until) {
      await clock.advance(20);
    }
  }

  async function verdict(...names: string[]): Promise<ReturnType<typeof judgeDisks>> {
    return judgeDisks(await Promise.all(names.map((name) => readRecords(image(name)))));
  }

  it('given a guest that keeps one sector back, when its disk is cut while it writes, then half a record is seen as broken', async () => {
    await disk('a', 0);
    const guest = await boot(() => 0.3, 'a');

    await run(guest, 5);
    await expect.poll(() => readRecords(image('a'))).toMatchObject({ lastSeq: 4, broken: 1, gap: false });
  });

  it('given two disks with different write-back, when they are cut while the guest writes, then the cut is torn', async () => {
    await disk('a', 0);
    await disk('b', 1);
    let turn = 0;
    const guest = await boot(() => (turn++ % 2 === 0 ? 0 : 0.6), 'a', 'b');

    await run(guest, 6);
    await expect.poll(async () => (await verdict('a', 'b')).reasons).toEqual(['the disks end with different records: 6, 5']);
  });

  it('given a guest with a full page cache, when it is frozen, then both disks end whole with the same record and nothing is written until it is thawed', async () => {
    await disk('a', 0);
    await disk('b', 1);
    const guest = await boot(() => 0.9, 'a', 'b');

    await run(guest, 7);
    await guest.freeze();
    const frozenAt = guest.seq;

    expect(await verdict('a', 'b')).toEqual({ whole: true, lastSeq: frozenAt, reasons: [] });
    await clock.advance(1000);
    expect(guest.seq).toBe(frozenAt);
    expect(await verdict('a', 'b')).toMatchObject({ whole: true, lastSeq: frozenAt });

    guest.thaw();
    await run(guest, 3);
    expect(guest.seq).toBeGreaterThanOrEqual(frozenAt + 3);
  });

  it('given a disk whose copy is under way, when the guest goes on writing, then nothing reaches that disk until the copy is done, and the other disk is written', async () => {
    await disk('a', 0);
    await disk('b', 1);
    const guest = await boot(() => 0, 'a', 'b');

    await run(guest, 2);
    await expect.poll(async () => (await verdict('a', 'b')).lastSeq).toBe(2);
    const release = await gates.hold('a');

    await run(guest, 4);
    await expect.poll(async () => (await readRecords(image('b'))).lastSeq).toBe(6);
    expect((await readRecords(image('a'))).lastSeq).toBe(2);
    release();
    await run(guest, 1);
    await expect.poll(async () => (await readRecords(image('a'))).lastSeq).toBe(7);
  });

  it('given a log that holds fewer records than are written, when it wraps around, then the newest records are there without a gap', async () => {
    await disk('a', 0);
    const guest = await boot(() => 0, 'a');

    await run(guest, 300);
    await guest.freeze();
    const { records, lastSeq, broken, gap } = await readRecords(image('a'));

    expect({ count: records.length, lastSeq, broken, gap }).toEqual({ count: 256, lastSeq: guest.seq, broken: 0, gap: false });
  });

  it('given a guest that was cut off in the middle of records, when it boots again, then it goes on after the newest record that is whole on every disk', async () => {
    await disk('a', 0);
    await disk('b', 1);
    let turn = 0;
    const first = await boot(() => (turn++ % 2 === 0 ? 0.3 : 0.9), 'a', 'b');

    await run(first, 6);
    await first.shutDown({ clean: false });
    started.splice(0);
    const torn = await verdict('a', 'b');

    expect(torn.whole).toBe(false);
    const second = await boot(() => 0, 'a', 'b');

    expect(second.seq).toBe(torn.lastSeq);
    expect(await verdict('a', 'b')).toEqual({ whole: true, lastSeq: torn.lastSeq, reasons: [] });
    await run(second, 2);
    await second.freeze();
    expect(await verdict('a', 'b')).toMatchObject({ whole: true, lastSeq: second.seq });
  });

  it('given a paused guest, when time passes, then it writes nothing until it is resumed', async () => {
    await disk('a', 0);
    const guest = await boot(() => 0, 'a');

    guest.pause();
    await clock.advance(500);
    expect(guest.seq).toBe(0);
    guest.resume();
    await run(guest, 1);
    expect(guest.seq).toBeGreaterThan(0);
  });

  it('given a root disk, a data disk, a blank file and a damaged root disk, when asked what can be booted, then only the root disk can', async () => {
    await disk('root', 0);
    await disk('data', 1);
    await writeFile(join(folder, 'blank'), Buffer.alloc(MIB));
    await copyFile(image('root'), join(folder, 'damaged'));
    const file = await open(join(folder, 'damaged'), 'r+');

    await file.write(Buffer.alloc(16), 0, 16, 8);
    await file.close();

    expect(await Promise.all([image('root'), image('data'), join(folder, 'blank'), join(folder, 'damaged')].map((path) => isBootable(path)))).toEqual([true, false, false, false]);
    await expect(readRecords(join(folder, 'blank'))).rejects.toThrow(/no disk header/);
  });

  it('given whole and torn disks and a blank one, when the inspect command reads them, then it says which is which by text and exit code', async () => {
    await disk('a', 0);
    await disk('b', 1);
    await writeFile(join(folder, 'blank'), Buffer.alloc(MIB));
    const inspect = (...images: string[]): Promise<{ code: number; text: string }> => new Promise((resolve) => {
      execFile(process.execPath, [join(import.meta.dirname, '../../../server/embedded/guest/inspect.ts'), ...images], (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), text: stdout + stderr }));
    });
    const guest = await boot(() => 0, 'a', 'b');

    await run(guest, 3);
    await guest.freeze();
    expect(await inspect(image('a'), image('b'))).toEqual({ code: 0, text: expect.stringMatching(/3 records, last sequence 3 at .*, 0 broken\n[^]*whole: every disk ends with record 3/) as string });
    guest.thaw();
    const release = await gates.hold('b');

    await run(guest, 2);
    await expect.poll(async () => (await readRecords(image('a'))).lastSeq).toBe(5);
    expect(await inspect(image('a'), image('b'))).toEqual({ code: 1, text: expect.stringContaining('torn: the disks end with different records: 5, 3') as string });
    release();
    expect(await inspect(join(folder, 'blank'))).toEqual({ code: 2, text: expect.stringContaining('no disk header') as string });
  });
});
