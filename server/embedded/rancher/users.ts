import type { IncomingMessage } from 'node:http';
import type { Identity } from '../api/index.ts';
import { cookiesOf } from './guard.ts';

/** Cookie and query parameter that choose who is logged in. */
export const USER_COOKIE = 'hvb-user';

/** A person whom the demo can log in without a password. */
export interface DemoUser {
  readonly name: string;
  readonly displayName: string;
  /** Name of the Rancher user object. */
  readonly id: string;
  readonly identity: Identity;
}

const user = (name: string, displayName: string, ...groups: string[]): DemoUser => ({
  name, displayName, id: `user-${name}`, identity: { user: name, groups: ['system:authenticated', ...groups] },
});

/** `admin` may do everything, `viewer` reads, `guest` sees VMs but no backups. */
export const DEMO_USERS: readonly [DemoUser, ...DemoUser[]] = [
  user('admin', 'Administrator', 'system:masters'),
  user('viewer', 'Read-only user'),
  user('guest', 'User without backup rights'),
];

/** The user whom a name means; the administrator when it is none of them. */
export function userNamed(name: string | undefined): DemoUser {
  return DEMO_USERS.find((candidate) => candidate.name === name) ?? DEMO_USERS[0];
}

/** Who sends a request, by its cookie. */
export function userOf(request: IncomingMessage): DemoUser {
  return userNamed(cookiesOf(request).get(USER_COOKIE));
}

/** `Set-Cookie` value that makes a user stay logged in for this browser session. */
export function userCookie(chosen: DemoUser): string {
  return `${USER_COOKIE}=${chosen.name}; Path=/; SameSite=Lax; HttpOnly`;
}
