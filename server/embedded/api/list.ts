/** Lists: paging over a consistent snapshot, selectors. */
import type { Core } from './core.ts';
import type { JsonObject, KubeObject } from './types.ts';
import type { ResourceType } from './resource-type.ts';
import type { Entry, Snapshot } from './store.ts';
import { ApiError, badRequest, expired } from './status.ts';
import { checkListOptions, readInteger, readListRevision } from './options.ts';
import { compileMatcher } from './selectors.ts';
import { inVersion } from './intake.ts';
import { joinApiVersion, omit } from './object.ts';
import { lowerBound } from './store.ts';
import { storageKey } from './resource-type.ts';

const EXPIRED_CONTINUE = 'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.';

/** Where a paged list stands: the revision that is listed (0: whatever is current) and the last key given out. */
interface ContinueToken {
  rv: number;
  after: string;
}

/** One page of a list. */
export interface ListResult {
  entries: Entry[];
  revision: number;
  continue?: string;
  remainingItemCount?: number;
}

function encodeToken(token: ContinueToken): string {
  return Buffer.from(JSON.stringify(token)).toString('base64url');
}

function decodeToken(text: string): ContinueToken {
  try {
    const token: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (typeof token === 'object' && token !== null && 'rv' in token && 'after' in token && typeof token.rv === 'number' && typeof token.after === 'string') return { rv: token.rv, after: token.after };
  } catch { /* answered below */ }
  throw badRequest('invalid continue token: continue key is not valid: it is not a token of this server');
}

/** Reads `resourceVersion`; 504 when it lies in the future. */
function readRevision(core: Core, query: URLSearchParams): number {
  const revision = readListRevision(query);
  if (revision <= core.store.revision) return revision;
  throw new ApiError(504, 'Timeout', `Timeout: Too large resource version: ${revision}, current: ${core.store.revision}`,
    { causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }], retryAfterSeconds: 1 });
}

function open(core: Core, type: ResourceType, query: URLSearchParams): { snapshot: Snapshot; revision: number; after: string } {
  const resource = storageKey(type);
  const text = query.get('continue') ?? '';
  if (text !== '' && !['', '0'].includes(query.get('resourceVersion') ?? '')) throw badRequest('specifying resource version is not allowed when using continue');
  const token = text === '' ? { rv: 0, after: '' } : decodeToken(text);
  const exact = query.get('resourceVersionMatch') === 'Exact' ? readRevision(core, query) : 0;
  if (text === '' && exact === 0) readRevision(core, query);
  const revision = token.rv || exact || core.store.revision;
  const snapshot = core.store.snapshot(resource, revision);
  if (snapshot) return { snapshot, revision, after: token.after };
  if (text === '') throw expired(`The resourceVersion for the provided list is too old.`);
  throw expired(EXPIRED_CONTINUE, { continue: encodeToken({ rv: 0, after: token.after }) });
}

/** Lists a resource in all namespaces or in one, with `limit`, `continue`, selectors and `resourceVersion` from the query. */
export function listObjects(core: Core, type: ResourceType, namespace: string | undefined, query: URLSearchParams): ListResult {
  const matcher = compileMatcher(type, query.get('labelSelector') ?? '', query.get('fieldSelector') ?? '');
  const limit = Math.max(0, readInteger(query, 'limit'));
  checkListOptions(query);
  const { snapshot, revision, after } = open(core, type, query);
  const end = namespace ? lowerBound(snapshot.keys, `${namespace}0`) : snapshot.keys.length;
  let index = namespace ? lowerBound(snapshot.keys, `${namespace}/`) : 0;
  if (after) index = Math.max(index, lowerBound(snapshot.keys, `${after}\u0000`));
  const entries: Entry[] = [];
  for (; index < end && (limit === 0 || entries.length < limit); index++) {
    const entry = snapshot.get(snapshot.keys[index] as string);
    if (entry && (!matcher || matcher(entry.object))) entries.push(entry);
  }
  if (index >= end) return { entries, revision };
  const token = encodeToken({ rv: revision, after: snapshot.keys[index - 1] as string });
  return { entries, revision, continue: token, ...(matcher ? {} : { remainingItemCount: end - index }) };
}

/** Items of a list of a built-in type come without apiVersion and kind: the list says it. Those of custom types keep them. */
export function listItem(type: ResourceType, object: KubeObject): JsonObject {
  return type.custom ? inVersion(type, object) : omit(object, ['apiVersion', 'kind']);
}

/** JSON text of a list answer, from the objects' stored texts. */
export function listJson(type: ResourceType, result: ListResult): string {
  const stored = type.custom && type.version === type.storageVersion;
  // Stored texts begin with apiVersion and kind.
  const head = JSON.stringify({ kind: type.listKind, apiVersion: joinApiVersion(type.group, type.version), metadata: listMetadata(result, type.custom) });
  const envelope = JSON.stringify({ apiVersion: joinApiVersion(type.group, type.storageVersion), kind: type.kind }).slice(0, -1);
  const text = (entry: Entry): string => {
    if (stored) return entry.json;
    return !type.custom && entry.json.startsWith(`${envelope},`) ? `{${entry.json.slice(envelope.length + 1)}` : JSON.stringify(listItem(type, entry.object));
  };
  const items = result.entries.map(text);
  return `${head.slice(0, -1)},"items":[${items.join(',')}]}`;
}

/** `metadata` of a list answer. `always`: with an empty token where there is no further page, as lists of custom objects have it. */
export function listMetadata(result: ListResult, always = false): Record<string, unknown> {
  return {
    resourceVersion: String(result.revision),
    ...(result.continue || always ? { continue: result.continue ?? '' } : {}),
    ...(result.remainingItemCount ? { remainingItemCount: result.remainingItemCount } : {}),
  };
}
