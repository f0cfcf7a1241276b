import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { takeIn } from '../../../server/http/door.ts';

function aMessage(rawHeaders: string[]): IncomingMessage {
  const headers: Record<string, string> = {};

  for (let at = 0; at < rawHeaders.length; at += 2) headers[(rawHeaders[at] as string).toLowerCase()] = rawHeaders[at + 1] as string;
  return { method: 'GET', url: '/v1/activity?limit=3', headers, rawHeaders } as unknown as IncomingMessage;
}

describe('the door', () => {
  it('given cookies in several headers and spellings, when a request is taken in, then none is left in it', () => {
    const message = aMessage(['Cookie', 'R_SESS=a', 'Accept', '*/*', 'cookie', 'R_SESS=b', 'COOKIE', 'c']);
    const request = takeIn(message);

    expect(message.headers).toEqual({ accept: '*/*' });
    expect(message.rawHeaders).toEqual(['Accept', '*/*']);
    expect(JSON.stringify(request)).not.toContain('R_SESS');
    expect([request.path, request.query.get('limit')]).toEqual(['/v1/activity', '3']);
  });

  it.each([['Bearer abc.def', 'abc.def'], ['bearer  a-b_c~d+e/f=', 'a-b_c~d+e/f=']])('given the authorization "%s", when taken in, then the token is "%s"', (authorization, token) => {
    expect(takeIn(aMessage(['Authorization', authorization])).token).toBe(token);
  });

  it.each(['Basic YTpi', 'Bearer', 'Bearer a b', 'Bearer a\u0000b'])('given the authorization "%s", when taken in, then it is refused rather than taken for none', (authorization) => {
    expect(() => takeIn(aMessage(['Authorization', authorization]))).toThrow(/not "Bearer <token>"/);
  });

  it('given the mark of the service proxy, when taken in, then the request counts as proxied', () => {
    expect(takeIn(aMessage(['X-Forwarded-Uri', '/x'])).proxied).toBe(true);
    expect(takeIn(aMessage(['Accept', '*/*'])).proxied).toBe(false);
  });
});
