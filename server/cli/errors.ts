import { z } from 'zod';
import { ScheduleError } from '../domain/schedule/preview.ts';
import { ApiError, ConnectionError } from '../kube/client.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

/** How a command ends when it does not succeed: one message that says what is wrong and where, and what to do about it. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: ExitCode;
  readonly remedy: string | undefined;

  constructor(exitCode: ExitCode, message: string, remedy?: string) {
    super(message);
    this.exitCode = exitCode;
    this.remedy = remedy;
  }
}

/** Thrown into whatever waits when the person presses Ctrl-C. */
export class Interrupted extends CliError {
  constructor() {
    super(EXIT.interrupted, 'Interrupted.', 'What was started goes on in the cluster: see "hvb list". Set spec.cancel on the object to stop it.');
  }
}

/** Every error as the end of a command. Only messages made for people come through: no stack, no snippet of a file, no token. */
export function toCliError(error: unknown): CliError {
  if (error instanceof CliError) return error;
  if (error instanceof ScheduleError) return new CliError(EXIT.usage, error.message);
  if (error instanceof z.ZodError) return new CliError(EXIT.usage, error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
  if (error instanceof ConnectionError) return new CliError(EXIT.unreachable, `The Kubernetes API cannot be reached: ${error.message}`, 'Check the server of the kubeconfig\'s context, its certificate authority, and the network.');
  if (error instanceof ApiError) return ofApi(error);
  return new CliError(EXIT.failed, `Unexpected: ${error instanceof Error ? error.message : String(error)}`, 'This is a defect of hvb. Please report it.');
}

const MISSING_KIND = /could not find the requested resource|^404 page not found|the API answered 404/i;
/** A policy that names no reason answers 422; to the person it is a denial all the same. */
const POLICY_DENIAL = /ValidatingAdmissionPolicy .* denied request/;

function ofApi({ code, message }: ApiError): CliError {
  if (code === 401) return new CliError(EXIT.forbidden, `The Kubernetes API does not accept the credentials of the kubeconfig: ${message}`, 'Log in again, or choose another context with --context.');
  if (code === 403 || POLICY_DENIAL.test(message)) return new CliError(EXIT.forbidden, `The Kubernetes API denies it: ${message}`, 'Ask for the missing right, or use a context that has it (--context).');
  if (code === 404 && MISSING_KIND.test(message)) return new CliError(EXIT.notFound, `The cluster does not know these objects: ${message}`, 'Check that Harvester VM Backup is installed in the cluster of the context.');
  if (code === 404) return new CliError(EXIT.notFound, message, 'Check name and namespace (-n); "hvb list -A" shows what there is.');
  if (code === 409) return new CliError(EXIT.conflict, message);
  if (code === 400 || code === 422) return new CliError(EXIT.usage, `The Kubernetes API refuses the request: ${message}`);
  if (code === 429 || code >= 502) return new CliError(EXIT.unreachable, `The Kubernetes API does not serve now: ${message}`, 'Try again in a moment.');
  return new CliError(EXIT.failed, `The Kubernetes API failed: ${message}`);
}
