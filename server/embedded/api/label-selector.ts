/** The syntax of label selectors, with kube-apiserver's error texts: `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>5`. */
import { badRequest } from './status.ts';
import { labelKeyProblem, labelValueProblem } from './names.ts';

/** How a term compares. */
export type Operator = 'in' | 'notin' | 'exists' | '!' | 'gt' | 'lt';

/** One term of a label selector. */
export interface LabelRequirement {
  key: string;
  operator: Operator;
  values: readonly string[];
}

const TOKEN = /\s*(==|!=|=|!|,|\(|\)|>|<|[^\s=!,()<>]+)/gy;
const PUNCTUATION = new Set(['==', '!=', '=', '!', ',', '(', ')', '>', '<', '']);
const OPERATORS: Readonly<Record<string, Operator>> = { '=': 'in', '==': 'in', '!=': 'notin', in: 'in', notin: 'notin', '>': 'gt', '<': 'lt' };

/** Reads tokens one after the other; the end is the empty token. */
class Tokens {
  readonly #tokens: string[];
  #position = 0;

  constructor(text: string) {
    this.#tokens = [...text.matchAll(TOKEN)].map((match) => match[1] ?? '');
  }

  get next(): string {
    return this.#tokens[this.#position] ?? '';
  }

  take(): string {
    return this.#tokens[this.#position++] ?? '';
  }

  /** Takes a token that has to be a word. */
  word(expected = 'identifier'): string {
    const token = this.take();

    if (PUNCTUATION.has(token)) throw badTerm(`found '${token}', expected: ${expected}`);
    return token;
  }

  /** A word, or nothing where none stands. */
  optionalWord(): string {
    return PUNCTUATION.has(this.next) ? '' : this.take();
  }
}

const badTerm = (why: string): Error => badRequest(`unable to parse requirement: ${why}`);

function valueSet(tokens: Tokens): string[] {
  const open = tokens.take();
  if (open !== '(') throw badTerm(`found '${open}' expected: '('`);
  const values = new Set<string>();

  for (;;) {
    values.add(tokens.optionalWord());
    const token = tokens.take();

    if (token === ')') return [...values].sort();
    if (token !== ',') throw badTerm(`found '${token}', expected: ',' or ')'`);
  }
}

function checked(requirement: LabelRequirement): LabelRequirement {
  const { key, operator, values } = requirement;
  const keyProblem = labelKeyProblem(key);

  if (keyProblem) throw badTerm(`key: Invalid value: ${JSON.stringify(key)}: ${keyProblem}`);
  values.forEach((value, index) => {
    if ((operator === 'gt' || operator === 'lt') && !/^[+-]?\d+$/.test(value)) throw badTerm(`values[${index}]: Invalid value: ${JSON.stringify(value)}: for 'Gt', 'Lt' operators, the value must be an integer`);
    const problem = labelValueProblem(value);

    if (problem) throw badTerm(`values[${index}][${key}]: Invalid value: ${JSON.stringify(value)}: ${problem}`);
  });
  return requirement;
}

function term(tokens: Tokens): LabelRequirement {
  const absent = tokens.next === '!';
  if (absent) tokens.take();
  const key = tokens.word();

  if (absent) return { key, operator: '!', values: [] };
  if (tokens.next === '' || tokens.next === ',') return { key, operator: 'exists', values: [] };
  const token = tokens.take();
  const operator = OPERATORS[token];

  if (!operator) throw badTerm(`found '${token}', expected: in, notin, =, ==, !=, gt, lt`);
  return { key, operator, values: token === 'in' || token === 'notin' ? valueSet(tokens) : [tokens.optionalWord()] };
}

/** Parses a selector; an empty one has no terms. Throws a 400 ApiError. */
export function parseLabelSelector(text: string): LabelRequirement[] {
  const tokens = new Tokens(text);
  const requirements: LabelRequirement[] = [];

  if (tokens.next === '') return requirements;
  if (tokens.next !== '!' && PUNCTUATION.has(tokens.next)) throw badRequest(`found '${tokens.next}', expected: !, identifier, or 'end of string'`);
  for (;;) {
    requirements.push(checked(term(tokens)));
    const token = tokens.take();

    if (token === '') return requirements;
    if (token !== ',') throw badRequest(`found '${token}', expected: ',' or 'end of string'`);
    if (tokens.next !== '!' && PUNCTUATION.has(tokens.next)) throw badRequest(`found '${tokens.next}', expected: identifier after ','`);
  }
}
