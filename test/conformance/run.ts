/** Runs a scenario on both APIs and gives what differs. */
import type { JsonObject } from '../../server/embedded/api/index.ts';
import { systemClock } from '../../server/telemetry/system-clock.ts';
import type { Side } from './bed.ts';
import { compareAnswers, type Difference } from './differences.ts';
import { Normaliser } from './normalise.ts';
import type { Answer, Scenario, Seen, Step } from './scenario.ts';

/** Controllers of a busy machine get so long; a step that waited in vain is compared as it is then. */
const PATIENCE_MS = 60_000;
const PAUSE_MS = 50;

async function perform(side: Side, step: Step, seen: Seen): Promise<Answer> {
  if (step.kind === 'forget') await side.forget();
  const call = typeof step.ask === 'function' ? step.ask(seen) : step.ask;
  const endMs = systemClock.monotonicMs() + PATIENCE_MS;
  let answer = await side.send(call, step.kind === 'watch');

  while (step.until && !step.until(answer) && systemClock.monotonicMs() < endMs) {
    await systemClock.sleep(PAUSE_MS);
    answer = await side.send(call);
  }

  return answer;
}

/** The comparable answer of each step that counts. */
async function runOn(side: Side, { namespace, steps }: Scenario): Promise<Map<string, JsonObject>> {
  const normaliser = new Normaliser();
  const raw = new Map<string, Answer>();
  const answers = new Map<string, JsonObject>();
  const seen: Seen = (name) => {
    const answer = raw.get(name);

    if (!answer) throw new Error(`no step "${name}" before this one`);
    return answer.body as ReturnType<Seen>;
  };

  await side.prepare(namespace);
  for (const step of steps) {
    if (raw.has(step.name)) throw new Error(`two steps are called "${step.name}"`);
    const answer = await perform(side, step, seen);

    raw.set(step.name, answer);
    if (!step.silent) answers.set(step.name, normaliser.answer(answer, step));
  }

  return answers;
}

/** Every field in which the two APIs answer a step of the scenario differently. */
export async function differencesIn(scenario: Scenario, sides: { real: Side; embedded: Side }): Promise<Difference[]> {
  const [real, embedded] = await Promise.all([runOn(sides.real, scenario), runOn(sides.embedded, scenario)]);

  return [...real].flatMap(([step, answer]) => compareAnswers(answer, embedded.get(step) as JsonObject).map((found) => ({ scenario: scenario.name, step, ...found })));
}
