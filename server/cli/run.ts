import { CommanderError } from 'commander';
import type { CliIo } from './context.ts';
import { toCliError } from './errors.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { createProgram } from './program.ts';

/** Runs one command line (without the program's own name); never throws. What went wrong was said, in words. */
export async function run(args: readonly string[], io: CliIo): Promise<ExitCode> {
  try {
    await createProgram(io).parseAsync(args, { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    // It has said what is wrong, or shown the help.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    // Whatever else an interrupted command stumbles over, it ended because it was interrupted.
    const { message, remedy, exitCode } = toCliError(io.signal.aborted ? io.signal.reason : error);

    io.say(`hvb: ${message}${remedy === undefined ? '' : `\n     ${remedy}`}`);
    return exitCode;
  }
}
