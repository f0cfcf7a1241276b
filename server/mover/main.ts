import { writeFileSync } from 'node:fs';
import { access, constants } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SCRATCH_DIR, TERMINATION_LOG } from '../contract/mover-paths.ts';
import type { MoverLine } from '../contract/mover-protocol.ts';
import { MOVER_EXIT } from '../contract/mover-protocol.ts';
import { systemClock } from '../telemetry/system-clock.ts';
import { MoverError, toMoverError } from './errors.ts';
import { errorLine, formatLine } from './output.ts';
import { parseArguments, readRequest } from './request.ts';
import { run } from './run.ts';

const root = process.env['MOVER_ROOT'] ?? '/';
const inside = (podPath: string): string => path.join(root, podPath);

const cancel = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => cancel.abort(new MoverError('HVB-CANCELLED', `The operation was cancelled (${signal}).`)));
}
// Nobody reads any more: the termination message still tells how it ended.
process.stdout.on('error', () => undefined);

function emit(line: MoverLine): void {
  process.stdout.write(formatLine(line));
}

/** Writes the last line to stdout and as the container's termination message. */
function finish(line: MoverLine, exitCode: number): void {
  emit(line);
  try {
    writeFileSync(inside(TERMINATION_LOG), formatLine(line));
  } catch (error) {
    // Outside a container there need not be one; stdout has it.
    process.stderr.write(`termination message not written: ${String(error)}\n`);
  }
  process.exitCode = exitCode;
}

async function scratchFolder(): Promise<string> {
  const folder = inside(SCRATCH_DIR);
  try {
    await access(folder, constants.W_OK);
    return folder;
  } catch {
    return tmpdir();
  }
}

function exitCodeOf(error: MoverError): number {
  if (error.code === 'HVB-CANCELLED') return MOVER_EXIT.cancelled;
  return error.code === 'HVB-REQUEST-INVALID' ? MOVER_EXIT.badRequest : MOVER_EXIT.failed;
}

try {
  const { verb, requestFile } = parseArguments(process.argv.slice(2));
  const request = await readRequest(verb, inside(requestFile));
  const result = await run(request, { clock: systemClock, signal: cancel.signal, emit, inside, scratch: await scratchFolder() }, process.env);
  finish({ type: 'result', result }, MOVER_EXIT.ok);
} catch (caught) {
  // Whatever a cancelled operation stumbles over, it ended because it was cancelled.
  const error = toMoverError(cancel.signal.aborted ? cancel.signal.reason : caught);
  finish(errorLine(error), exitCodeOf(error));
}
