/** What the conformance suite asks both APIs: scenarios of named steps, as data. */
import type { JsonObject } from '../../server/embedded/api/index.ts';

/** Who asks. `admin` is of system:masters, `ann` may what a scenario grants, `unknown` has a token that nobody gave out, `anonymous` none. */
export type Caller = 'admin' | 'ann' | 'unknown' | 'anonymous';

/** One HTTP request. */
export interface Call {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path and query. */
  path: string;
  /** An object, sent as JSON; a string is sent as it is. */
  body?: JsonObject | readonly unknown[] | string;
  /** Default `application/json`. */
  type?: string;
  accept?: string;
  as?: Caller;
}

/** A raw answer. `body` is text where it is no JSON; of a watch it is the list of events. */
export interface Answer { status: number; headers: Readonly<Record<string, string>>; body: unknown }

/** Objects of earlier answers of the same API, by the step's name. */
export type Seen = (step: string) => JsonObject;

/** What a step asks; a function where it needs something of an earlier answer. */
export type Asked = Call | ((seen: Seen) => Call);

/** One step of a scenario. Its answer is compared unless `silent`. */
export interface Step {
  name: string;
  ask: Asked;
  /** `watch`: the body is read as events until the server ends it. */
  kind: 'call' | 'watch' | 'forget';
  /** Ask again until this holds (or patience ends): for what controllers do in their own time. */
  until?: (answer: Answer) => boolean;
  /** Only this of the answer is compared. */
  pick?: (body: unknown) => unknown;
  /** Compare `metadata.managedFields` too, which is dropped otherwise. */
  managedFields?: true;
  silent?: true;
}

/** Steps in an own namespace of each API. */
export interface Scenario { name: string; namespace: string; steps: readonly Step[] }

/** What a step may have beside its call. */
export type StepOptions = Partial<Pick<Call, 'type' | 'accept' | 'as'> & Pick<Step, 'until' | 'pick' | 'managedFields' | 'silent'>>;

type Text = string | ((seen: Seen) => string);
type Body = Call['body'] | ((seen: Seen) => Call['body']);

/** Media types of patches. */
export const PATCHES = {
  merge: 'application/merge-patch+json', json: 'application/json-patch+json', strategic: 'application/strategic-merge-patch+json', apply: 'application/apply-patch+yaml',
} as const;

/** A scenario; its namespace is made from the name. */
export function scenario(name: string, steps: (namespace: string) => readonly Step[]): Scenario {
  const namespace = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-').slice(0, 50).replaceAll(/^-|-$/g, '');

  return { name, namespace, steps: steps(namespace) };
}

const solve = <T>(value: T | ((seen: Seen) => T), seen: Seen): T => (typeof value === 'function' ? (value as (seen: Seen) => T)(seen) : value);

function step(method: Call['method'], name: string, path: Text, body: Body, { type, accept, as, ...rest }: StepOptions, kind: Step['kind'] = 'call'): Step {
  const ask = (seen: Seen): Call => {
    const sent = solve(body, seen);

    return { method, path: solve(path, seen), ...(sent === undefined ? {} : { body: sent }), ...(type ? { type } : {}), ...(accept ? { accept } : {}), ...(as ? { as } : {}) };
  };

  return { name, kind, ask, ...rest };
}

/** Steps by verb. */
export const get = (name: string, path: Text, options: StepOptions = {}): Step => step('GET', name, path, undefined, options);
export const post = (name: string, path: Text, body: Body, options: StepOptions = {}): Step => step('POST', name, path, body, options);
export const put = (name: string, path: Text, body: Body, options: StepOptions = {}): Step => step('PUT', name, path, body, options);
export const patch = (name: string, path: Text, body: Body, type: keyof typeof PATCHES = 'merge', options: StepOptions = {}): Step => step('PATCH', name, path, body, { ...options, type: PATCHES[type] });
export const del = (name: string, path: Text, body?: Body, options: StepOptions = {}): Step => step('DELETE', name, path, body, options);

/** Reads what happened since a resourceVersion: the server ends the watch after `seconds`, so the answer is whole and needs no waiting for. */
export const watch = (name: string, path: (seen: Seen) => string, options: StepOptions & { seconds?: number } = {}): Step => {
  const { seconds = 1, ...rest } = options;

  return step('GET', name, (seen) => {
    const url = path(seen);

    return `${url}${url.includes('?') ? '&' : '?'}watch=true&timeoutSeconds=${seconds}`;
  }, undefined, rest, 'watch');
};

/** Waits until the object is gone. */
export const gone = (name: string, path: Text): Step => get(name, path, { until: ({ status }) => status === 404 });

/** Makes the API forget its history of changes, as time does. */
export const forget = (name: string): Step => ({ name, kind: 'forget', ask: { method: 'GET', path: '/version' }, silent: true });

/** An object inside an answer. */
export function at(value: unknown, ...path: readonly string[]): JsonObject {
  return path.reduce<JsonObject>((object, field) => (object[field] ?? {}) as JsonObject, value as JsonObject);
}

/** `metadata.resourceVersion` of an earlier answer. */
export const versionOf = (seen: Seen, name: string): string => String(at(seen(name), 'metadata').resourceVersion);
/** `metadata.uid` of an earlier answer. */
export const uidOf = (seen: Seen, name: string): string => String(at(seen(name), 'metadata').uid);
