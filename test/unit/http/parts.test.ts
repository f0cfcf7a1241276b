import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redactObject, redactText } from '../../../server/http/bundle/redact.ts';
import { tarOf } from '../../../server/http/bundle/tar.ts';
import { csvOf } from '../../../server/http/csv.ts';
import { newestFirstPlaces, pageOf } from '../../../server/http/pages.ts';
import { createLineRing } from '../../../server/telemetry/ring.ts';

describe('CSV', () => {
  it('given text with commas, quotes and lines, when written, then RFC 4180 holds', () => {
    expect(csvOf(['a', 'b'], [['x,y', 'say "hi"\r\nthere'], [1.5, undefined], [true, '']])).toBe('a,b\r\n"x,y","say ""hi""\r\nthere"\r\n1.5,\r\ntrue,\r\n');
  });

  it.each(['=1+1', '+cmd', '-2', '@SUM(A1)', '\t=1', '\r=1', '  =1', '\u200b=1', '＝1+1'])('given the text %j, when written, then no spreadsheet takes it for a formula', (text) => {
    const written = csvOf(['a'], [[text]]).split('\r\n').slice(1).join('\r\n');

    expect(written.replace(/^"/, '').startsWith(`'${ text }`)).toBe(true);
  });

  it('given a negative number, when written, then it stays a number', () => {
    expect(csvOf(['a'], [[-2]])).toBe('a\r\n-2\r\n');
  });
});

describe('redaction', () => {
  const C = 'cAnArY0123456789';

  it.each([
    [`-----BEGIN RSA PRIVATE KEY-----\n${ C }\n-----END RSA PRIVATE KEY-----`], [`-----BEGIN PRIVATE KEY-----\n${ C } cut off`], [`Authorization: Bearer ${ C }`], [`basic ${ C }=`],
    [`eyJhbGciOiJSUzI1NiJ9.${ C }.${ C }`], [`s3: https://user:${ C }@minio.local/x`], [`RESTIC_PASSWORD=${ C } restic`], [`{"password":"${ C } with space"}`], [`{\\"secret_access_key\\": \\"${ C }\\"}`],
    [`aws_secret_access_key = ${ C }`], [`token: '${ C }'`], [`?access_token=${ C }&x=1`], ['AKIAIOSFODNN7EXAMPLE'],
  ])('given %j, when redacted, then the secret is gone', (text) => {
    expect(redactText(text)).toContain('[redacted]');
    expect(redactText(text)).not.toMatch(/cAnArY|EXAMPLE/);
  });

  it.each(['a.', 'a-', 'a', 'eyJaaaaaaaa-', 'a://', 'token ', 'Bearer ', '-----BEGIN '])('given an annotation as long as Kubernetes allows of %j alone, when redacted, then that ends, and it stays', (part) => {
    const text = part.repeat(Math.floor(256 * 1024 / part.length));

    expect(redactText(text)).toBe(text);
  });

  it('given harmless words near the suspicious ones, when redacted, then they stay', () => {
    const text = 'Secret harvester-vm-backup-system/main-key has no entry "password"; the token was refused at https://minio.local:9000/bucket';

    expect(redactText(text)).toBe(text);
  });

  it('given an object, when redacted, then secret fields, Secrets’ data and copies of apply go, references and the rest stay', () => {
    const object = {
      metadata: { name: 'main', managedFields: [{ manager: C }], annotations: { 'kubectl.kubernetes.io/last-applied-configuration': C, kept: 'yes' } },
      spec: { encryption: { secretRef: { name: 'main-key' } }, parameters: { password: C, compression: 'max' } },
      status: { failure: { evidence: `exit 1: https://u:${ C }@h` } },
      nested: [{ kind: 'Secret', metadata: { name: 's' }, data: { x: C }, stringData: { y: C } }],
    };

    expect(redactObject(object)).toEqual({
      metadata: { name: 'main', annotations: { kept: 'yes' } },
      spec: { encryption: { secretRef: { name: 'main-key' } }, parameters: { password: '[redacted]', compression: 'max' } },
      status: { failure: { evidence: 'exit 1: https://u:[redacted]@h' } },
      nested: [{ kind: 'Secret', metadata: { name: 's' } }],
    });
  });
});

describe('pages', () => {
  const options = { list: 'x', place: ([at = '', uid = '']: string[]) => [at, uid], compare: newestFirstPlaces };

  it('given any list and page size, when all pages are read, then each object comes once and in order', () => {
    fc.assert(fc.property(fc.uniqueArray(fc.tuple(fc.constantFrom('2026-01-01', '2026-01-02'), fc.string({ minLength: 1 })), { selector: String }), fc.integer({ min: 1, max: 5 }), (items, limit) => {
      const sorted = items.map((item) => [...item]).sort(newestFirstPlaces);
      const seen: string[][] = [];
      let next: string | undefined;

      do {
        const page = pageOf(sorted, { limit, continue: next }, options);

        seen.push(...page.items);
        next = page.continue;
      } while (next !== undefined);
      expect(seen).toEqual(sorted);
    }));
  });

  it('given an object that goes between two pages, when the next is read, then none is left out', () => {
    const first = pageOf([['3', 'a'], ['2', 'b'], ['1', 'c']], { limit: 2 }, options);

    expect(pageOf([['3', 'a'], ['1', 'c']], { limit: 2, continue: first.continue }, options)).toEqual({ items: [['1', 'c']] });
  });

  it.each(['', '%%%', Buffer.from('{}').toString('base64url'), Buffer.from('["y","1","a"]').toString('base64url'), Buffer.from('["x",1]').toString('base64url')])('given the token %j of no or another list, when read, then it is refused', (token) => {
    expect(() => pageOf([], { limit: 1, continue: token }, options)).toThrow(/not one that this list gave/);
  });
});

describe('tar', () => {
  async function archive(files: { name: string; content: string }[]): Promise<Buffer> {
    const chunks: Buffer[] = [];

    for await (const chunk of tarOf((async function* () { yield* files; })(), new Date('2026-01-02T03:04:05Z'))) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  it('given files of every size around a block, when written, then blocks are whole and each header has its checksum, size and time', async () => {
    const contents = ['', 'x', 'ü'.repeat(256), 'y'.repeat(513)];
    const bytes = await archive(contents.map((content, at) => ({ name: `dir/f${ at }`, content })));
    let at = 0;

    for (const [index, content] of contents.entries()) {
      const header = bytes.subarray(at, at + 512);
      const size = parseInt(header.toString('latin1', 124, 135), 8);
      const blank = Buffer.from(header).fill(' ', 148, 156);

      expect(header.toString('latin1', 0, 6)).toBe(`dir/f${ index }`);
      expect(parseInt(header.toString('latin1', 148, 154), 8)).toBe(blank.reduce((sum, byte) => sum + byte, 0));
      expect(parseInt(header.toString('latin1', 136, 147), 8) * 1000).toBe(Date.parse('2026-01-02T03:04:05Z'));
      expect(bytes.toString('utf8', at + 512, at + 512 + size)).toBe(content);
      at += 512 + Math.ceil(size / 512) * 512;
    }
    expect(bytes.subarray(at)).toEqual(Buffer.alloc(1024));
  });

  it('given a name that does not fit, when written, then it fails instead of being cut', async () => {
    await expect(archive([{ name: 'x'.repeat(101), content: '' }])).rejects.toThrow(/no name for a file/);
  });
});

describe('the ring of log lines', () => {
  it('given more lines than fit, when read, then the oldest are gone and the rest is in order', () => {
    const ring = createLineRing(30);

    for (let number = 10; number < 60; number++) ring.write(`line${ number }\n`);
    expect(ring.lines()).toEqual(['line56\n', 'line57\n', 'line58\n', 'line59\n']);
    ring.write('x'.repeat(31));
    expect(ring.lines()).toHaveLength(4);
  });
});
