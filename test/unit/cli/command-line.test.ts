import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { CliError, Interrupted, toCliError } from '../../../server/cli/errors.ts';
import { EXIT, EXIT_MEANINGS } from '../../../server/cli/exit-codes.ts';
import { createProgram } from '../../../server/cli/program.ts';
import { mapping } from '../../../server/cli/values.ts';
import { ScheduleError } from '../../../server/domain/schedule/preview.ts';
import { ApiError, ConnectionError } from '../../../server/kube/client.ts';
import { Terminal } from './harness.ts';

// Large: read here once, not in the time of the first test that names a kubeconfig.
beforeAll(() => import('@kubernetes/client-node'), 120_000);

describe('the command line', () => {
  it.each([
    ['no command', []], ['an unknown command', ['destroy']], ['an unknown option', ['list', '--force']], ['something that cannot be listed', ['list', 'pods']],
    ['a form that is none', ['list', '-o', 'xml']], ['a missing argument', ['backup']], ['a policy that is none', ['backup', 'shop', '--quiesce', 'Maybe']],
    ['a mapping that is none', ['restore', 'b', '--target', 't', '--plan', '--map', 'rootdisk']], ['a count that is none', ['schedule', 'preview', '* * * * *', '--count', '0']],
    ['a schedule that is none', ['schedule', 'preview', 'hourly']], ['a zone that is none', ['schedule', 'preview', '* * * * *', '--time-zone', 'Mars']], ['a kubeconfig that is not there', ['list', '--kubeconfig', '/does/not/exist']],
  ])('given %s, when run, then it ends with 2, says what is wrong, and prints nothing on stdout', async (_what, args) => {
    const terminal = new Terminal();

    expect(await terminal.run(...args)).toBe(EXIT.usage);
    expect([terminal.stdout, terminal.stderr.length > 20]).toEqual(['', true]);
    expect(terminal.stderr).not.toMatch(/^\s+at /m);
  });

  it('given --help, when run, then it shows every exit code and ends with 0', async () => {
    const terminal = new Terminal();

    expect(await terminal.run('--help')).toBe(EXIT.ok);
    for (const [code, meaning] of Object.entries(EXIT_MEANINGS)) expect(terminal.stdout).toContain(`${code}  ${meaning}`);
  });

  it.each([
    [['--plan', '--target', 't']], [['b1', '--plan']], [['b1', '--target', 't']], [['--approve', 'r1']], [['b1', '--approve', 'r1', '--plan-hash', 'h']], [['b1', '--target', 't', '--plan', '--approve', 'r1', '--plan-hash', 'h']],
  ])('given restore with %j, when run, then it is refused before any cluster is asked', async (args) => {
    const terminal = new Terminal();
    const folder = new URL('.', import.meta.url).pathname;

    // The kubeconfig is fine as a file; what is refused is the combination.
    expect(await terminal.run('restore', ...args, '--kubeconfig', `${folder}kubeconfig.yaml`)).toBe(EXIT.usage);
    expect(terminal.stderr).toContain('--approve with --plan-hash');
  });

  it('given a schedule, when previewed, then the runs come as a table, as JSON and as YAML', async () => {
    const args = ['schedule', 'preview', '30 2 * * *', '--time-zone', 'Europe/Berlin', '--count', '2', '--from', '2026-03-28T12:00:00Z'];
    const run = async (...more: string[]): Promise<string> => {
      const terminal = new Terminal();

      expect(await terminal.run(...args, ...more)).toBe(EXIT.ok);
      return terminal.stdout;
    };

    expect(await run()).toBe('RUN (UTC)             Europe/Berlin\n2026-03-29T01:00:00Z  Sun 2026-03-29 03:00 GMT+02:00\n2026-03-30T00:30:00Z  Mon 2026-03-30 02:30 GMT+02:00\n');
    expect(JSON.parse(await run('-o', 'json'))).toEqual([{ at: '2026-03-29T01:00:00Z', local: 'Sun 2026-03-29 03:00 GMT+02:00' }, { at: '2026-03-30T00:30:00Z', local: 'Mon 2026-03-30 02:30 GMT+02:00' }]);
    expect(await run('-o', 'yaml')).toContain("- at: '2026-03-29T01:00:00Z'\n");
  });
});

describe('a mapping', () => {
  it.each([
    ['rootdisk=lvm-thin', { name: 'rootdisk', storageClassName: 'lvm-thin' }],
    ['rootdisk=lvm-thin:RWO:Block', { name: 'rootdisk', storageClassName: 'lvm-thin', accessMode: 'ReadWriteOnce', volumeMode: 'Block' }],
    ['data=nfs:Filesystem:ReadWriteMany', { name: 'data', storageClassName: 'nfs', accessMode: 'ReadWriteMany', volumeMode: 'Filesystem' }],
    ['data=:RWX', { name: 'data', accessMode: 'ReadWriteMany' }],
  ])('given %s, when read, then it is what was meant', (text, expected) => {
    expect(mapping(text, [])).toEqual([expected]);
  });

  it.each([['=nfs', /must look like/], ['data', /must look like/], ['data=nfs:RWO:RWX', /"RWX" is not one access mode/], ['data=nfs:block', /"block" is not/], ['rootdisk=nfs', /mapped twice/]])('given %s, when read, then it is refused with what is wrong', (text, message) => {
    expect(() => mapping(text, [{ name: 'rootdisk' }])).toThrow(message);
  });
});

describe('the end of a command', () => {
  const forbidden = 'vmbackups.backup.harvesterhci.io is forbidden: User "viewer" cannot create resource "vmbackups"';

  it.each([
    [new ApiError(403, 'Forbidden', forbidden), EXIT.forbidden, forbidden],
    [new ApiError(422, 'Invalid', 'ValidatingAdmissionPolicy \'restore\' with binding \'restore\' denied request: you need get on the backup'), EXIT.forbidden, 'you need get on the backup'],
    [new ApiError(401, 'Unauthorized', 'Unauthorized'), EXIT.forbidden, 'credentials'],
    [new ApiError(404, 'NotFound', 'vmbackups "ghost" not found'), EXIT.notFound, 'ghost'],
    [new ApiError(404, 'NotFound', 'the server could not find the requested resource'), EXIT.notFound, 'does not know'],
    [new ApiError(409, 'AlreadyExists', 'vmbackups "b1" already exists'), EXIT.conflict, 'b1'],
    [new ApiError(422, 'Invalid', 'spec.source.name: Invalid value'), EXIT.usage, 'spec.source.name'],
    [new ApiError(503, 'ServiceUnavailable', 'the server is starting'), EXIT.unreachable, 'starting'],
    [new ApiError(500, 'InternalError', 'etcd is ill'), EXIT.failed, 'etcd is ill'],
    [new ConnectionError('GET https://10.0.0.1:6443/api: connect ECONNREFUSED'), EXIT.unreachable, 'https://10.0.0.1:6443'],
    [new ScheduleError('The schedule "x" has 1 fields.'), EXIT.usage, 'has 1 fields'],
    [new z.ZodError([{ code: 'custom', path: ['target', 'name'], message: 'Too long', input: '' }]), EXIT.usage, 'target.name: Too long'],
    [new CliError(EXIT.conflict, 'changed'), EXIT.conflict, 'changed'],
    [new Interrupted(), EXIT.interrupted, 'Interrupted'],
    [new TypeError('x is undefined'), EXIT.failed, 'Unexpected: x is undefined'],
  ])('given %s, when it ends a command, then it has its exit code and its words', (error, exitCode, words) => {
    const made = toCliError(error);

    expect([made.exitCode, made.message]).toEqual([exitCode, expect.stringContaining(words) as string]);
  });
});

describe('the documentation', () => {
  const text = readFileSync(new URL('../../../docs/cli.md', import.meta.url), 'utf8');

  it('given docs/cli.md, when compared with the program, then it has every command with an example, every option and every exit code', () => {
    const leaves = createProgram(new Terminal().io).commands.flatMap((command) => (command.commands.length > 0 ? command.commands.map((sub) => ({ name: `${command.name()} ${sub.name()}`, sub })) : [{ name: command.name(), sub: command }]));

    for (const { name, sub } of leaves) {
      expect(text, `an example of hvb ${name}`).toMatch(new RegExp(`^hvb ${name}\\b`, 'm'));
      for (const { long } of sub.options) expect(text, `${name} ${long}`).toContain(`${long}`);
    }
    for (const [code, meaning] of Object.entries(EXIT_MEANINGS)) expect(text).toContain(`| ${code} | ${meaning} |`);
  });
});
