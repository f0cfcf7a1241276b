#!/usr/bin/env node
/** `hvb`, the command-line tool: wires a command line to this process. */
import { systemClock } from '../telemetry/system-clock.ts';
import { Interrupted } from './errors.ts';
import { run } from './run.ts';

const stop = new AbortController();

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort(new Interrupted()));
// Whoever reads no more, such as "head", has what it wanted.
process.stdout.on('error', () => undefined);
process.exitCode = await run(process.argv.slice(2), {
  clock: systemClock,
  out: (text) => { process.stdout.write(text); },
  say: (line) => { process.stderr.write(`${line}\n`); },
  signal: stop.signal,
});
