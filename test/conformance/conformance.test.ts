/**
 * The embedded API against a real kube-apiserver, call by call: both get the same requests, and every field in which their answers
 * differ has to be known. The known ones are in `docs/api-differences.md`; one that no longer occurs has to leave it.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEmbedded, startReal, type Side } from './bed.ts';
import { SCENARIOS, TEST_CRDS } from './cases/index.ts';
import { covers, describeDifference, knownDifferences, type Difference, type KnownDifference } from './differences.ts';
import { differencesIn } from './run.ts';

const LIST = new URL('../../docs/api-differences.md', import.meta.url);

describe('the embedded API against kube-apiserver', () => {
  const sides = {} as { real: Side; embedded: Side };
  const found: Difference[] = [];
  const ran = new Set<string>();
  let known: KnownDifference[] = [];

  beforeAll(async () => {
    known = await knownDifferences(LIST);
    [sides.real, sides.embedded] = await Promise.all([startReal(TEST_CRDS), startEmbedded(TEST_CRDS)]);
  });
  afterAll(async () => {
    await sides.real?.stop();
    await sides.embedded?.stop();
  });

  it.for(SCENARIOS)('given both APIs, when asked the same about $name, then no answer differs in a way that is not listed', async (scenario) => {
    const differences = await differencesIn(scenario, sides);

    ran.add(scenario.name);
    found.push(...differences);
    const unknown = differences.filter((difference) => !known.some((row) => covers(row, difference)));

    expect(unknown.map(describeDifference).join('\n'), 'fix the embedded API, or add the difference to docs/api-differences.md').toBe('');
  });

  it('given the list of known differences, when every scenario has run, then each of them still occurs', ({ skip }) => {
    skip(ran.size < SCENARIOS.length, 'not every scenario ran to its end: only then is known which differences are gone');
    const stale = known.filter((row) => !found.some((difference) => covers(row, difference)));

    expect(stale.map(({ row }) => row).join('\n'), 'no longer occurs: take it out of docs/api-differences.md').toBe('');
  });
});
