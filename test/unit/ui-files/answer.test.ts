import { describe, expect, it } from 'vitest';
import { answer } from '../../../server/ui-files/answer.ts';
import type { ServedFile } from '../../../server/ui-files/files.ts';

const files = new Map<string, ServedFile>([['/plugin/demo-1/files.txt', { type: 'text/plain; charset=utf-8', etag: '"one"', body: Buffer.from('plugin/a b.js\n') }], ['/plugin/demo-1/plugin/a b.js', { type: 'text/javascript; charset=utf-8', etag: '"two"', body: Buffer.from('1') }]]);

describe('the server of the extension\'s files', () => {
  it('given a file, when it is asked for, then it comes with its type, its length and its ETag, and is never guessed at', () => {
    expect(answer(files, 'GET', '/plugin/demo-1/files.txt?x=1', undefined)).toEqual({
      status: 200, body: Buffer.from('plugin/a b.js\n'),
      headers: { 'content-type': 'text/plain; charset=utf-8', 'content-length': 14, 'x-content-type-options': 'nosniff', 'cache-control': 'no-cache', etag: '"one"' },
    });
  });

  it('given a file whose name is encoded in the URL, when it is asked for, then it is found', () => {
    expect(answer(files, 'HEAD', '/plugin/demo-1/plugin/a%20b.js', undefined).status).toBe(200);
  });

  it('given somebody who has the file, when it is asked for again, then nothing is sent; with another version, all of it', () => {
    expect(answer(files, 'GET', '/plugin/demo-1/files.txt', '"one"')).toMatchObject({ status: 304, headers: { etag: '"one"' } });
    expect(answer(files, 'GET', '/plugin/demo-1/files.txt', '"old"').status).toBe(200);
  });

  it.each([['/'], ['/plugin/demo-1/'], ['/plugin/demo-1/../demo-1/files.txt'], ['/%2e%2e/etc/passwd'], ['/%zz'], ['']])('given no file of that name, when %s is asked for, then it is not there', (url) => {
    expect(answer(files, 'GET', url, undefined).status).toBe(404);
  });

  it.each([['POST'], ['PUT'], ['DELETE'], ['CONNECT']])('given %s, when it is tried, then only reading is allowed', (method) => {
    expect(answer(files, method, '/plugin/demo-1/files.txt', undefined)).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
  });

  it('given a probe, when it asks, then the server is well', () => {
    expect(answer(new Map(), 'GET', '/healthz', undefined).status).toBe(200);
  });
});
