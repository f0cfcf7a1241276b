import type { Clock } from '../../contract/clock.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { DiskGates } from './disk-gate.ts';
import { GuestDisk, type DiskPlace } from './guest-disk.ts';

const MAX_KEPT_SECTORS = 3;

/** What a guest needs. `random` gives [0, 1). */
export interface GuestOptions {
  disks: readonly DiskPlace[];
  gates: DiskGates;
  clock: Clock;
  log: Logger;
  random?: () => number;
  /** Records per second. Default 50. */
  rate?: number;
}

/**
 * The operating system inside a VM, as far as a backup can tell: it appends a numbered record to every disk in turn,
 * again and again, and writes its page cache back late and in parts. Frozen, everything is on the disks and stays as it is.
 */
export class Guest {
  readonly #disks: readonly GuestDisk[];
  readonly #options: GuestOptions;
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();
  /** The step that runs now; freezing waits for it, so a record is always finished on all disks. */
  #step: Promise<void> = Promise.resolve();
  #seq: number;
  #frozen = false;
  #paused = false;

  private constructor(disks: readonly GuestDisk[], seq: number, options: GuestOptions) {
    this.#disks = disks;
    this.#seq = seq;
    this.#options = options;
  }

  /** Boots: recovers to the newest record that is whole on every disk, then writes on from there. */
  static async boot(options: GuestOptions): Promise<Guest> {
    const disks: GuestDisk[] = [];

    try {
      for (const place of options.disks) {
        const disk = await GuestDisk.open(place, options.gates);

        disks.push(...(disk ? [disk] : []));
      }
      const seq = disks.length === 0 ? 0 : Math.min(...await Promise.all(disks.map((disk) => disk.lastSeq())));

      for (const disk of disks) {
        await disk.rollBackTo(seq);
      }
      const guest = new Guest(disks, seq, options);

      guest.#running = guest.#run();

      return guest;
    } catch (error) {
      await Promise.all(disks.map((disk) => disk.close()));
      throw error;
    }
  }

  /** Sequence of the newest record that the guest wrote (perhaps only to its page cache). */
  get seq(): number {
    return this.#seq;
  }

  get frozen(): boolean {
    return this.#frozen;
  }

  /** Finishes the record at hand on all disks, writes everything back, and writes no more. */
  async freeze(): Promise<void> {
    this.#frozen = true;
    await this.#step;
    await Promise.all(this.#disks.map((disk) => disk.flush()));
  }

  thaw(): void {
    this.#frozen = false;
  }

  /** Stops the virtual CPUs: nothing is written, but nothing is brought to an end either. */
  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
  }

  /** Ends the guest: `clean` writes everything back first, else the page cache is lost. */
  async shutDown({ clean }: { clean: boolean }): Promise<void> {
    this.#stop.abort();
    await this.#running;
    if (clean) {
      await Promise.all(this.#disks.map((disk) => disk.flush()));
    }
    await Promise.all(this.#disks.map((disk) => disk.close()));
  }

  async #run(): Promise<void> {
    const { clock, log, rate = 50 } = this.#options;
    const { signal } = this.#stop;

    while (!signal.aborted) {
      await clock.sleep(1000 / rate, signal).catch(() => undefined);
      if (signal.aborted || this.#frozen || this.#paused) {
        continue;
      }
      this.#step = this.#write();
      try {
        await this.#step;
      } catch (error) {
        // As KubeVirt does on an I/O error: the guest stands still until somebody looks.
        this.#paused = true;
        this.#step = Promise.resolve();
        log.error('a guest cannot write to its disk, it is paused', { error });
      }
    }
  }

  async #write(): Promise<void> {
    const { clock, random = Math.random } = this.#options;
    const record = { seq: ++this.#seq, time: clock.now() };

    for (const disk of this.#disks) {
      disk.append(record);
      await disk.writeBack(Math.floor(random() * (MAX_KEPT_SECTORS + 1)));
    }
  }
}
