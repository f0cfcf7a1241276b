import type { ObjectMeta } from '../../contract/kubernetes.ts';
import { ANNOTATION_REQUESTED_BY } from '../../contract/names.ts';
import { callerName, type CliContext } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';

const MAX_NAME = 253;

/** Metadata of an object that the person asks for: in the chosen namespace, in the caller's name. */
export async function requestMeta({ client, namespace }: CliContext, name: string): Promise<ObjectMeta> {
  const user = await callerName(client);

  return { name, namespace, ...(user === undefined ? {} : { annotations: { [ANNOTATION_REQUESTED_BY]: user } }) };
}

/** A name for an object about `subject`, such as `shop-20260102-030405` (UTC). */
export function suggestName(subject: string, now: Date): string {
  const stamp = now.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);

  return `${subject.slice(0, MAX_NAME - stamp.length - 1)}-${stamp}`;
}

/** A failure in `status` as the end of a command. */
export function failed(what: string, failure: { code: string; message: string; remedy: string } | undefined, exitCode: typeof EXIT.failed | typeof EXIT.conflict = EXIT.failed): CliError {
  return new CliError(exitCode, failure ? `${what} failed: ${failure.code}: ${failure.message}` : `${what} failed.`, failure?.remedy);
}
