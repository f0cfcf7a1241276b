/** Exit codes of `hvb`: the one list, for the code, `--help` and the documentation's test. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  forbidden: 4,
  conflict: 5,
  unreachable: 6,
  /** 128 + SIGINT, as shells have it. */
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What each code means, in the words of the help. */
export const EXIT_MEANINGS: Readonly<Record<ExitCode, string>> = {
  [EXIT.ok]: 'done',
  [EXIT.failed]: 'the operation failed, or its plan cannot be run',
  [EXIT.usage]: 'the command line, the kubeconfig or a value in it is not valid',
  [EXIT.notFound]: 'an object that was named does not exist',
  [EXIT.forbidden]: 'the Kubernetes API denies it',
  [EXIT.conflict]: 'it exists already, was changed meanwhile, or the plan is another one',
  [EXIT.unreachable]: 'the Kubernetes API cannot be reached',
  [EXIT.interrupted]: 'interrupted; what was started goes on in the cluster',
};
