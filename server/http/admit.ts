import { asCaller, mayRead, type ClientOf } from './caller.ts';
import type { HttpRequest } from './door.ts';
import { Problem } from './problem.ts';
import type { Route } from './route.ts';

/**
 * Decides whether a request may reach its handler.
 *
 * A read without token is one that kube-apiserver let through its service proxy: it checked `services/proxy`, and it strips the
 * token and says nothing of the person. Whoever can reach the port without kube-apiserver would pass too, so a NetworkPolicy
 * has to keep everybody else away (docs/operator-api.md). A read with a token is checked for that same right.
 *
 * A write is never taken from the proxy. Browsers reach that path with the person's session and without any protection against
 * forged requests; so a write needs a token, which a forger has not, and a media type that a form can't send.
 * @throws Problem
 */
export async function admit(route: Route, request: HttpRequest, clientOf: ClientOf): Promise<void> {
  if (route.access === 'open') return;
  if (route.access === 'read') {
    if (request.token !== undefined) await asCaller(clientOf, request.token, mayRead);
    return;
  }
  if (request.proxied) throw new Problem('HVB-HTTP-PROXIED-WRITE', 'This came through the service proxy, which does not say who asks, so nothing can be changed this way.');
  if (request.token === undefined) throw new Problem('HVB-HTTP-TOKEN-MISSING', 'A change is made with the token of who asks, and the request has none.', { 'www-authenticate': 'Bearer' });
  if (request.mediaType !== 'application/json') throw new Problem('HVB-HTTP-CONTENT-TYPE', `A change needs the media type application/json; the request has ${request.mediaType === '' ? 'none' : 'another one'}.`);
}
