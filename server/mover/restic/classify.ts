import type { FailureCode } from '../../contract/failures.ts';
import { MoverError } from '../errors.ts';

/** What is at the repository's place, as the file system says. */
export type Place = 'repository' | 'not-initialised' | 'missing';

/** How a restic process ended, with what is needed to say why. */
export interface Outcome {
  /** What restic was doing, such as `backup`; for the message. */
  readonly command: string;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly stderr: string;
  /** Seen after the process ended. */
  readonly place: Place;
  /** Folder of the repository; for the message. */
  readonly folder: string;
}

/** Exit codes from restic 0.17; older ones give 1 (2 for dump) for everything, so the texts decide there. */
const EXIT = { noRepository: 10, locked: 11, wrongKey: 12 } as const;

interface Rule {
  readonly code: FailureCode;
  readonly matches: (outcome: Outcome) => boolean;
  readonly message: (outcome: Outcome) => string;
}

const says = (pattern: RegExp) => (outcome: Outcome): boolean => pattern.test(outcome.stderr);

/** In order: the first that matches wins. What the file system says comes first, because it cannot be misread. */
const RULES: readonly Rule[] = [
  { code: 'HVB-REPO-TARGET-MISSING', matches: (outcome) => outcome.place === 'missing', message: ({ folder }) => `The repository's folder ${folder} is not there.` },
  { code: 'HVB-REPO-NOT-INITIALISED', matches: (outcome) => outcome.place === 'not-initialised' || outcome.exitCode === EXIT.noRepository, message: ({ folder }) => `There is no repository in the folder ${folder}.` },
  { code: 'HVB-REPO-WRONG-KEY', matches: (outcome) => outcome.exitCode === EXIT.wrongKey || /wrong password or no key found/.test(outcome.stderr), message: ({ folder }) => `The password does not open the repository in ${folder}.` },
  { code: 'HVB-REPO-KEY-MISSING', matches: says(/Resolving password failed|an empty password is not/), message: () => 'The password file of the repository is missing or empty.' },
  { code: 'HVB-REPO-LOCKED', matches: (outcome) => outcome.exitCode === EXIT.locked || /repository is already locked/.test(outcome.stderr), message: ({ folder }) => `The repository in ${folder} is locked by another process.` },
  { code: 'HVB-REPO-FULL', matches: says(/no space left on device|disk quota exceeded|file too large/i), message: ({ folder }) => `The storage of the repository in ${folder} is full.` },
  { code: 'HVB-REPO-READ-ONLY', matches: says(/read-only file system|permission denied|operation not permitted/i), message: ({ folder }) => `The repository in ${folder} cannot be written or read with the rights that the mover has.` },
  { code: 'HVB-REPO-SNAPSHOT-MISSING', matches: says(/no matching ID found|no snapshot found|not found in snapshot|failed to load snapshot .*no such file or directory/i), message: ({ folder }) => `The repository in ${folder} does not hold the snapshot or file that was asked for.` },
  {
    code: 'HVB-REPO-DAMAGED',
    matches: says(/ciphertext verification failed|invalid data returned|config file has zero size|(hash|ID) mismatch|wrong data returned|not found in (the )?index|not found in repository|no such file or directory|\bEOF$|file is too short|Unmarshal: |input\/output error|repository contains (errors|damaged)|(load|decrypt)\w* .*failed|number of blobs|data seems to be missing|Fatal: .*(corrupt|damage)/im),
    message: ({ folder, command }) => `The repository in ${folder} is damaged: ${command} could not read what it should hold.`,
  },
  { code: 'HVB-ENGINE-UNSUPPORTED', matches: says(/unknown (flag|shorthand flag|command)|invalid compression mode|invalid argument .* for .* flag/i), message: ({ command }) => `The installed restic does not know an option that ${command} needs.` },
  { code: 'HVB-MOVER-KILLED', matches: (outcome) => outcome.signal !== null, message: ({ command, signal }) => `restic was killed by ${signal} during ${command}.` },
];

/** Says why a restic process failed. Pure: tested with what real restic versions wrote. */
export function classify(outcome: Outcome): MoverError {
  const evidence = `restic ${outcome.command}: ${outcome.signal ? `signal ${outcome.signal}` : `exit code ${outcome.exitCode}`}\n${readable(outcome.stderr)}`;
  const rule = RULES.find((candidate) => candidate.matches(outcome));
  return rule
    ? new MoverError(rule.code, rule.message(outcome), evidence)
    // The only certain thing is that it is not known: strict, so that nothing unknown passes for success or for data loss.
    : new MoverError('HVB-INTERNAL', `restic ${outcome.command} failed for a reason that is not known to the mover.`, evidence);
}

/**
 * Throws `HVB-REPO-DAMAGED` when restic left damaged snapshots out of a list, which it does with exit code 0: a list
 * that is silently too short would make a backup vanish.
 */
export function requireWhole(stderr: string, folder: string): void {
  if (/invalid data returned|ciphertext verification failed|(hash|ID) mismatch/i.test(stderr)) {
    throw new MoverError('HVB-REPO-DAMAGED', `The repository in ${folder} is damaged: some of its snapshots cannot be read.`, readable(stderr));
  }
}

const PERMANENT = /returned error, retrying after .*(read-only file system|permission denied|operation not permitted|no space left on device|disk quota exceeded|no such file or directory|input\/output error)/i;

/**
 * True for a line of stderr by which restic says that it tries again what can't succeed by trying. It would do so for
 * up to 15 minutes (since 0.17).
 */
export function isHopelessRetry(line: string): boolean {
  return PERMANENT.test(line);
}

/** The texts in what restic wrote: JSON messages opened, repeated retries and Go's stack traces left out. */
function readable(stderr: string): string {
  const lines: string[] = [];
  let retries = 0;
  for (const line of stderr.split('\n')) {
    if (/^(main\.|runtime\.|github\.com\/|\t)/.test(line) || line.trim() === '') continue;
    if (line.includes('returned error, retrying after') && retries++ > 0) continue;
    lines.push(messageOf(line));
  }
  return lines.join('\n').slice(-4000);
}

function messageOf(line: string): string {
  if (!line.startsWith('{')) return line;
  try {
    const parsed = JSON.parse(line) as { message?: unknown; error?: { message?: unknown } };
    const message = parsed.message ?? parsed.error?.message;
    return typeof message === 'string' ? message.trim() : line;
  } catch {
    return line;
  }
}
