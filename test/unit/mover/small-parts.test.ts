import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MoverLine } from '../../../server/contract/mover-protocol.ts';
import { lineSchema } from '../../../server/contract/mover-protocol.ts';
import { MoverError, toMoverError } from '../../../server/mover/errors.ts';
import { LABEL, identityOf, labelsOf } from '../../../server/mover/labels.ts';
import { TERMINATION_MESSAGE_BYTES, errorLine, formatLine } from '../../../server/mover/output.ts';
import { PROGRESS_INTERVAL_MS, Progress } from '../../../server/mover/progress.ts';
import { parseArguments } from '../../../server/mover/request.ts';
import { atLeast, parseBackup, parseSnapshots, parseVersion } from '../../../server/mover/restic/messages.ts';
import { parametersToEnv } from '../../../server/mover/restic/parameters.ts';
import { fromTags, toTags } from '../../../server/mover/restic/tags.ts';
import { FakeClock } from '../../support/fake-clock.ts';

describe('tags', () => {
  test('given labels with any text, when they become restic tags and come back, then they are the same and hold no comma or space', () => {
    fc.assert(fc.property(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 6, maxLength: 6 }), ([cluster = '', namespace = '', vmName = '', vmUID = '', backupUID = '', volume = '']) => {
      const identity = { cluster, namespace, vmName, vmUID, backupUID };
      const labels = labelsOf(identity, 'volume', 'op', volume);
      const tags = toTags(labels);
      expect(tags.join('')).not.toMatch(/[,\s]/);
      expect(fromTags(tags)).toEqual(labels);
      expect(identityOf(fromTags(tags))).toEqual(identity);
    }));
  });

  test('given tags of somebody else, when they are read, then they are left out', () => {
    expect(fromTags(['daily', 'hvb.part=%', 'owner=x', 'hvb.part=document'])).toEqual({ [LABEL.part]: 'document' });
    expect(identityOf({ [LABEL.part]: 'document' })).toBeUndefined();
  });
});

describe('progress', () => {
  test('given fast advances, when they are reported, then lines come once per interval, only forward, and the last one says all', async () => {
    const clock = new FakeClock();
    const lines: MoverLine[] = [];
    const progress = new Progress(clock, (line) => lines.push(line), 1000);
    for (const bytes of [100, 200, 150]) progress.reach(bytes);
    await clock.advance(PROGRESS_INTERVAL_MS);
    progress.reach(120);
    progress.reach(5000);
    progress.finish(7);
    expect(lines).toEqual([
      { type: 'progress', bytesDone: 0, bytesTotal: 1000 },
      { type: 'progress', bytesDone: 200, bytesTotal: 1000 },
      { type: 'progress', bytesDone: 1000, bytesTotal: 1000, bytesUploaded: 7 },
    ]);
  });
});

describe('output', () => {
  test('given evidence of any length and kind, when a failure becomes a line, then it fits a termination message and keeps the end of the evidence', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 60 }), fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }), fc.integer({ min: 0, max: 200 }), (text, message, times) => {
      const line = errorLine(new MoverError('HVB-REPO-LOCKED', message.repeat(times), `${text.repeat(times)}the end`));
      expect(Buffer.byteLength(formatLine(line))).toBeLessThanOrEqual(TERMINATION_MESSAGE_BYTES);
      expect(lineSchema.parse(line)).toMatchObject({ retryable: true, evidence: expect.stringMatching(/the end$/) as string });
    }));
  });

  test('given an error of no kind, when it is reported, then it is a defect of ours with its stack', () => {
    expect(toMoverError(new TypeError('x is undefined'))).toMatchObject({ code: 'HVB-INTERNAL', evidence: expect.stringContaining('TypeError') as string });
  });
});

describe('requests and answers', () => {
  test.each([[[]], [['probe']], [['probe', '--request']], [['probe', '--file', 'x']], [['probe', '--request', 'x', 'y']]])('given the arguments %j, when they are read, then the usage is told', (args) => {
    expect(() => parseArguments(args)).toThrow('Usage: mover <describe|');
  });

  test('given versions, when they are compared, then numbers count and not letters', () => {
    expect(parseVersion('restic 0.14.0 compiled with go1.19.8 on linux/amd64')).toBe('0.14.0');
    expect(() => parseVersion('rustic 1')).toThrow('does not understand');
    expect([atLeast('0.14.0', '0.14.0'), atLeast('0.9.6', '0.14.0'), atLeast('0.19.1', '0.14.0'), atLeast('1.0.0', '0.14.0')]).toEqual([true, false, true, true]);
  });

  test('given engine parameters, when they are checked, then known ones become environment and others are refused by name', () => {
    expect(parametersToEnv({ compression: 'max', packSize: '64' })).toEqual({ RESTIC_COMPRESSION: 'max', RESTIC_PACK_SIZE: '64' });
    expect(() => parametersToEnv({ compression: 'zip' })).toThrow('compression');
    expect(() => parametersToEnv({ password: 'x' })).toThrow('password');
    expect(() => parametersToEnv({ packSize: '1e9' })).toThrow('packSize');
  });

  test('given what restic 0.14 answers where it has nothing, when it is read, then it is an empty list; and no summary is a failure', () => {
    expect(parseSnapshots('null\n')).toEqual([]);
    expect(parseSnapshots('[{"id":"b","time":"2026-01-02T00:00:00Z","tags":null},{"id":"a","time":"2026-01-01T00:00:00Z"}]').map(({ id }) => id)).toEqual(['a', 'b']);
    expect(() => parseBackup('{"message_type":"status"}\n')).toThrow('does not understand');
  });
});
