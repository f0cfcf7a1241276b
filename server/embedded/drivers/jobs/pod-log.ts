import type { Pod } from '../../../contract/kubernetes.ts';
import type { Clock } from '../../../contract/clock.ts';
import { ApiError, type LogProvider } from '../../api/index.ts';
import { Sandbox } from './sandbox.ts';

const POLL_MS = 200;

function lastLines(text: string, count: number | undefined): string {
  if (count === undefined) {
    return text;
  }
  const lines = text.split('\n');
  const ended = lines.at(-1) === '' ? 1 : 0;

  return count === 0 ? '' : lines.slice(-count - ended).join('\n');
}

/** Serves the logs of the pods that run below `podsFolder`. */
export function createLogProvider(podsFolder: string, clock: Clock): LogProvider {
  return async ({ pod, container, tailLines, limitBytes, follow, signal }) => {
    const { metadata, spec } = pod as unknown as Pod;
    const sandbox = new Sandbox(podsFolder, metadata.uid ?? '');
    const text = await sandbox.log();

    if (spec.containers[0]?.name !== container) {
      throw new ApiError(400, 'BadRequest', `container ${container} is not valid for pod ${metadata.name}`);
    }
    if (text === undefined) {
      throw new ApiError(400, 'BadRequest', `container "${container}" in pod "${metadata.name}" is waiting to start: ContainerCreating`);
    }
    const first = lastLines(text, tailLines).slice(0, limitBytes);

    return follow ? following(sandbox, first, text.length, clock, signal) : first;
  };
}

/** The log as it grows, until the container has ended. */
async function* following(sandbox: Sandbox, first: string, length: number, clock: Clock, signal: AbortSignal): AsyncIterable<string> {
  let seen = length;

  yield first;
  while (!signal.aborted) {
    const ended = await sandbox.recordedExit() !== undefined;
    const text = await sandbox.log() ?? '';

    if (text.length > seen) {
      yield text.slice(seen);
      seen = text.length;
    }
    if (ended) {
      return;
    }
    await clock.sleep(POLL_MS, signal).catch(() => undefined);
  }
}
