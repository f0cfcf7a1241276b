import { run } from '../../../server/cli/run.ts';
import type { CliContext, CliIo } from '../../../server/cli/context.ts';
import type { ExitCode } from '../../../server/cli/exit-codes.ts';
import type { Format } from '../../../server/cli/output/print.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { FakeKube } from '../../support/fake-kube.ts';

/** What a command said and printed, with time that moves by itself while it waits. */
export class Terminal {
  readonly clock = new FakeClock();
  readonly kube = new FakeKube(this.clock);
  readonly stop = new AbortController();
  stdout = '';
  stderr = '';

  get io(): CliIo {
    return { clock: this.clock, signal: this.stop.signal, out: (text) => { this.stdout += text; }, say: (line) => { this.stderr += `${line}\n`; } };
  }

  context(format: Format = 'table', namespace = 'web'): CliContext {
    return { ...this.io, client: this.kube, namespace, format };
  }

  /** Runs a whole command line. */
  run(...args: string[]): Promise<ExitCode> {
    return run(args, this.io);
  }

  /** Runs a command to its end; `onTurn` is what the cluster does meanwhile, once per second. */
  async finish<T>(work: Promise<T>, onTurn: (turn: number) => void = () => undefined): Promise<T> {
    let done = false;
    const settled = work.finally(() => { done = true; });

    settled.catch(() => undefined);
    for (let turn = 1; !done && turn < 200; turn++) {
      await this.clock.advance(1000);
      if (!done) onTurn(turn);
    }
    return settled;
  }
}
