interface Behaviour {
  /** Reads and writes take at most half of what is asked for. */
  readonly shortReads?: boolean;
  /** Later calls end before earlier ones. */
  readonly shuffle?: boolean;
  /** A call that touches this byte fails with EIO. */
  readonly failAt?: number;
}

/** A file in memory that behaves as badly as it is told to. */
export class MemoryFile {
  readonly content: Buffer;
  readonly #behaviour: Behaviour;
  #calls = 0;
  underWay = 0;
  mostAtOnce = 0;

  constructor(content: Buffer, behaviour: Behaviour = {}) {
    this.content = content;
    this.#behaviour = behaviour;
  }

  async read(target: Buffer, offset: number, length: number, position: number): Promise<{ bytesRead: number }> {
    const bytesRead = await this.#transfer(length, position, (taken) => this.content.copy(target, offset, position, Math.min(position + taken, this.content.length)));
    return { bytesRead };
  }

  async write(source: Buffer, offset: number, length: number, position: number): Promise<{ bytesWritten: number }> {
    const bytesWritten = await this.#transfer(length, position, (taken) => source.copy(this.content, position, offset, offset + taken));
    return { bytesWritten };
  }

  async #transfer(length: number, position: number, copy: (taken: number) => number): Promise<number> {
    const { shortReads = false, shuffle = false, failAt } = this.#behaviour;
    const call = this.#calls++;
    this.underWay++;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.underWay);
    for (let turn = 0; turn < (shuffle ? 5 - (call % 5) : 1); turn++) await new Promise((resolve) => { setImmediate(resolve); });
    this.underWay--;
    if (failAt !== undefined && position <= failAt && failAt < position + length) throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' });
    return copy(shortReads ? Math.ceil(length / 2) : length);
  }
}
