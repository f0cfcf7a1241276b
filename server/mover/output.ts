import type { MoverLine } from '../contract/mover-protocol.ts';
import { lineSchema } from '../contract/mover-protocol.ts';
import type { MoverError } from './errors.ts';

/** Longest termination message that Kubernetes keeps (bytes). */
export const TERMINATION_MESSAGE_BYTES = 4096;

/** Bytes of a message, as written, that are kept before evidence is given up. */
const LONGEST_MESSAGE_BYTES = 2000;

/** The `error` line of a failure, short enough to be the termination message: of the evidence its end is kept. */
export function errorLine(error: MoverError): MoverLine {
  const { code, retryable } = error;
  let { message, evidence = '' } = error;
  const line = (): MoverLine => ({ type: 'error', code, message, ...(evidence ? { evidence } : {}), retryable });
  // Measured as it will be written: JSON escapes and UTF-8 make a line longer than its text.
  for (let excess = excessOf(line()); excess > 0; excess = excessOf(line())) {
    // One character takes at most six bytes, so no more than what is too much is ever cut.
    const cut = Math.ceil(excess / 6);
    if (evidence === '' || Buffer.byteLength(JSON.stringify(message)) > LONGEST_MESSAGE_BYTES) message = message.slice(0, -cut);
    else evidence = evidence.slice(cut);
  }
  return line();
}

/** Writes one line; a line that is not in the contract is a defect and throws. */
export function formatLine(line: MoverLine): string {
  return `${JSON.stringify(lineSchema.parse(line))}\n`;
}

function excessOf(line: MoverLine): number {
  return Buffer.byteLength(formatLine(line)) - TERMINATION_MESSAGE_BYTES;
}
