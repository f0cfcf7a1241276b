import { describe, expect, it } from 'vitest';
import { SetupError } from '../../../scripts/lib/fail.mjs';
import { firstThatWorks } from '../../../scripts/lib/sources.mjs';

/** Sources that note when they are asked; a reason makes one fail. */
function sources(reasons: (string | undefined)[]) {
  const asked: string[] = [];
  const list = reasons.map((reason, index) => ({
    name: `source ${ index }`,
    get: () => {
      asked.push(`source ${ index }`);

      return reason === undefined ? Promise.resolve(`/program/${ index }`) : Promise.reject(new Error(reason));
    },
  }));

  return { asked, list };
}

describe('firstThatWorks', () => {
  it('given several sources, when an early one works, then the later ones are not asked', async() => {
    const { asked, list } = sources(['not there', undefined, undefined]);

    await expect(firstThatWorks('restic', list, 'Install it.')).resolves.toEqual({ path: '/program/1', source: 'source 1' });
    expect(asked).toEqual(['source 0', 'source 1']);
  });

  it('given no source that works, when asked, then one line tells what is missing, what was tried in order and what to do', async() => {
    const { list } = sources(['not\n  there', 'exit code 1']);

    await expect(firstThatWorks('restic', list, 'Install it.')).rejects.toThrow(
      new SetupError('restic is missing', { tried: ['source 0 (not there)', 'source 1 (exit code 1)'], todo: 'Install it.' }),
    );
    await expect(firstThatWorks('restic', list, 'Install it.')).rejects.toThrow(
      /^restic is missing\. Tried: source 0 \(not there\); source 1 \(exit code 1\)\. Install it\.$/,
    );
  });
});
