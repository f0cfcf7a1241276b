/** `GET pods/<name>/log`. */
import type { KubeObject, LogProvider, LogRequest } from './types.ts';
import { ApiError, badRequest } from './status.ts';
import { getPath, isObject } from './object.ts';

function containerNames(pod: KubeObject): string[] {
  return ['initContainers', 'containers'].flatMap((field) => {
    const list = getPath(pod, ['spec', field]);
    return Array.isArray(list) ? list.filter(isObject).map((container) => String(container.name)) : [];
  });
}

function readCount(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  if (!/^\d+$/.test(text)) throw badRequest(`invalid value for ${name}: ${JSON.stringify(text)}: must be a non-negative integer`);
  return Number(text);
}

function chooseContainer(pod: KubeObject, wanted: string): string {
  const names = containerNames(pod);
  if (wanted !== '') {
    if (names.includes(wanted)) return wanted;
    throw badRequest(`container ${wanted} is not valid for pod ${pod.metadata.name}`);
  }
  if (names.length === 1 && names[0] !== undefined) return names[0];
  throw badRequest(`a container name must be specified for pod ${pod.metadata.name}, choose one of: [${names.join(' ')}]`);
}

/** Options of a log request. Throws 400 for a container that the pod has not. */
export function readLogRequest(pod: KubeObject, query: URLSearchParams, signal: AbortSignal): LogRequest {
  const tailLines = readCount(query, 'tailLines');
  const limitBytes = readCount(query, 'limitBytes');
  return {
    pod, container: chooseContainer(pod, query.get('container') ?? ''), follow: query.get('follow') === 'true', timestamps: query.get('timestamps') === 'true',
    previous: query.get('previous') === 'true', signal, ...(tailLines === undefined ? {} : { tailLines }), ...(limitBytes === undefined ? {} : { limitBytes }),
  };
}

/** Last `lines` lines of a text. */
export function tail(text: string, lines: number): string {
  if (lines === 0) return '';
  let from = text.endsWith('\n') ? text.length - 1 : text.length;
  for (let count = 0; count < lines; count++) {
    from = text.lastIndexOf('\n', from - 1);
    if (from < 0) return text;
    if (from === 0) return count === lines - 1 ? text.slice(1) : text;
  }
  return text.slice(from + 1);
}

/** The log as chunks; `tailLines` and `limitBytes` are applied here to a provider that gives text. */
export async function* readLog(provider: LogProvider | undefined, request: LogRequest): AsyncGenerator<Uint8Array> {
  if (!provider) throw new ApiError(404, 'NotFound', `the log of pod ${JSON.stringify(request.pod.metadata.name)} is not available: no log provider`);
  const source = await provider(request);
  let left = request.limitBytes ?? Infinity;
  const chunks: AsyncIterable<string | Uint8Array> | Iterable<string> = typeof source === 'string' ? [request.tailLines === undefined ? source : tail(source, request.tailLines)] : source;
  for await (const chunk of chunks) {
    const bytes = Buffer.from(chunk);
    if (left < bytes.length) {
      yield bytes.subarray(0, left);
      return;
    }
    left -= bytes.length;
    yield bytes;
  }
}
