import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { MOVER_VERBS, requestSchema } from '../contract/mover-protocol.ts';
import type { MoverRequest } from '../contract/mover-protocol.ts';
import { MoverError } from './errors.ts';

/** How the program is called; part of the contract. */
export const USAGE = `mover <${MOVER_VERBS.join('|')}> --request <file>`;

/** Reads the command line `<verb> --request <file>`. Throws `HVB-REQUEST-INVALID`. */
export function parseArguments(args: readonly string[]): { verb: string; requestFile: string } {
  const [verb, flag, requestFile, ...more] = args;
  if (!verb || flag !== '--request' || !requestFile || more.length > 0) throw new MoverError('HVB-REQUEST-INVALID', `Usage: ${USAGE}`);
  return { verb, requestFile };
}

/** Reads and checks the request; it must be of the verb that the command line names. Throws `HVB-REQUEST-INVALID`. */
export async function readRequest(verb: string, file: string): Promise<MoverRequest> {
  let content: unknown;
  try {
    content = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new MoverError('HVB-REQUEST-INVALID', `The request ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  const parsed = requestSchema.safeParse(content);
  if (!parsed.success) throw new MoverError('HVB-REQUEST-INVALID', `The request ${file} is not in the contract: ${z.prettifyError(parsed.error)}`);
  if (parsed.data.verb !== verb) throw new MoverError('HVB-REQUEST-INVALID', `The command line says ${verb}, the request ${file} says ${parsed.data.verb}.`);
  return parsed.data;
}
