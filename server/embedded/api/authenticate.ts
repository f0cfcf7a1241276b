/** Who sends a request: bearer tokens and impersonation. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Identity } from './types.ts';
import type { Rbac } from './rbac.ts';
import { completeIdentity } from './rbac.ts';
import { forbidden, unauthorized } from './status.ts';

/** Known tokens, and where to ask for others. */
export class Authenticator {
  readonly #tokens: Map<string, Identity>;
  readonly #ask: ((token: string) => Identity | undefined | Promise<Identity | undefined>) | undefined;

  constructor(tokens: Readonly<Record<string, Identity>>, ask?: (token: string) => Identity | undefined | Promise<Identity | undefined>) {
    this.#tokens = new Map(Object.entries(tokens));
    this.#ask = ask;
  }

  add(token: string, identity: Identity): void {
    this.#tokens.set(token, identity);
  }

  /** The identity of the `Authorization: Bearer` header. Throws 401 when there is none that is known. */
  async authenticate(authorization: string | undefined): Promise<Identity> {
    const token = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
    if (!token) throw unauthorized();
    const identity = this.#tokens.get(token) ?? await this.#ask?.(token);
    if (!identity) throw unauthorized();
    return completeIdentity(identity);
  }
}

function values(header: string | string[] | undefined): string[] {
  if (header === undefined) return [];
  return Array.isArray(header) ? header : header.split(',').map((value) => value.trim());
}

/** Applies `Impersonate-User` and `Impersonate-Group`; the caller needs the verb `impersonate` on each. Throws 403. */
export function impersonate(rbac: Rbac, caller: Identity, headers: IncomingHttpHeaders): Identity {
  const [user] = values(headers['impersonate-user']);
  const groups = values(headers['impersonate-group']);
  if (user === undefined || user === '') {
    if (groups.length > 0) throw forbidden({ group: '', name: 'users' }, '', 'requested groups without impersonating a user');
    return caller;
  }
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(user);
  const wanted = [
    account ? { resource: 'serviceaccounts', name: account[2] ?? '', namespace: account[1] ?? '' } : { resource: 'users', name: user },
    ...groups.map((name) => ({ resource: 'groups', name })),
  ];
  for (const target of wanted) {
    const decision = rbac.authorize(caller, { verb: 'impersonate', group: '', path: '', ...target });
    if (!decision.allowed) throw forbidden({ group: '', name: target.resource }, target.name, decision.reason);
  }
  return completeIdentity({ user, groups });
}
