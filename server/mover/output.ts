import type { MoverLine } from '../contract/mover-protocol.ts';
import { lineSchema } from '../contract/mover-protocol.ts';
import type { MoverError } from './errors.ts';

/** Longest termination message that Kubernetes keeps (bytes). */
export const TERMINATION_MESSAGE_BYTES = 4096;

/** The `error` line of a failure, short enough to be the termination message. */
export function errorLine(error: MoverError): MoverLine {
  const line = (message: string, evidence: string): MoverLine => (
    { type: 'error', code: error.code, message, ...(evidence ? { evidence } : {}), retryable: error.retryable });
  const message = trimHead(error.message, 1500);
  let evidence = error.evidence ?? '';
  // JSON escapes can make the line longer than its text, so it is measured as it will be written.
  while (evidence && Buffer.byteLength(JSON.stringify(line(message, evidence))) >= TERMINATION_MESSAGE_BYTES) evidence = evidence.slice(Math.ceil(evidence.length / 8) + 1);
  return line(message, evidence);
}

/** Writes one line; a line that is not in the contract is a defect and throws. */
export function formatLine(line: MoverLine): string {
  return `${JSON.stringify(lineSchema.parse(line))}\n`;
}

function trimHead(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length)}…`;
}
