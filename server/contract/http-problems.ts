import { z } from 'zod';

interface ProblemKind {
  readonly status: number;
  /** What to do, for the person who reads it. */
  readonly remedy: string;
}

const kind = (status: number, remedy: string): ProblemKind => ({ status, remedy });

/** Every problem that the HTTP API answers with. Codes are stable: scripts hang on them. */
export const HTTP_PROBLEMS = {
  'HVB-HTTP-NO-SUCH-PATH': kind(404, 'See /openapi.json for the paths that there are.'),
  'HVB-HTTP-METHOD': kind(405, 'Use one of the methods that the Allow header names.'),
  'HVB-HTTP-NOT-FOUND': kind(404, 'Check the name and the namespace.'),
  'HVB-HTTP-REQUEST-INVALID': kind(400, 'Correct what the detail names; /openapi.json describes the request.'),
  'HVB-HTTP-CONTINUE-INVALID': kind(400, 'Begin again without "continue", and pass it on unchanged from one page to the next.'),
  'HVB-HTTP-CONTENT-TYPE': kind(415, 'Send the header "Content-Type: application/json", also without a body.'),
  'HVB-HTTP-BODY-TOO-LARGE': kind(413, 'Send at most 1 MiB.'),
  'HVB-HTTP-TOKEN-MISSING': kind(401, 'Send "Authorization: Bearer <token>" with a Kubernetes token of yours, directly to the Service: kube-apiserver’s service proxy strips it.'),
  'HVB-HTTP-TOKEN-REFUSED': kind(401, 'Get a new token (for example with "kubectl create token") and try again.'),
  'HVB-HTTP-PROXIED-WRITE': kind(403, 'Create or change the custom resources themselves (kubectl, hvb, the dashboard), or reach the Service directly with a bearer token.'),
  'HVB-HTTP-FORBIDDEN': kind(403, 'Ask an administrator for the right that the detail names; docs/access.md tells the roles.'),
  'HVB-HTTP-CONFLICT': kind(409, 'Look at the object as it is now, then decide again.'),
  'HVB-HTTP-PLAN-CHANGED': kind(409, 'Look at the plan in the restore’s status and approve the hash that stands there.'),
  'HVB-HTTP-ALREADY-ENDED': kind(409, 'There is nothing left to do: it has come to its end.'),
  'HVB-HTTP-REJECTED': kind(422, 'Correct what the detail names.'),
  'HVB-HTTP-BUSY': kind(429, 'Try again in a minute.'),
  'HVB-HTTP-NOT-READY': kind(503, 'Wait until /readyz answers 200; if it does not, look at the server’s log for what it cannot list.'),
  'HVB-HTTP-API-UNREACHABLE': kind(502, 'Check the Kubernetes API, then try again. The change may or may not have been made: look before you repeat it.'),
  'HVB-HTTP-INTERNAL': kind(500, 'This is a defect of the product. Please report it with the server’s log.'),
} as const satisfies Record<string, ProblemKind>;

/** One of the stable codes. */
export type HttpProblemCode = keyof typeof HTTP_PROBLEMS;
export const HTTP_PROBLEM_CODES = Object.keys(HTTP_PROBLEMS) as [HttpProblemCode, ...HttpProblemCode[]];

/** Media type of {@link problemSchema}. */
export const PROBLEM_TYPE = 'application/problem+json';

/**
 * An error answer.
 * @see https://www.rfc-editor.org/rfc/rfc9457
 */
export const problemSchema = z.object({
  /** `about:blank`: what kind of problem it is says `code`. */
  type: z.literal('about:blank'),
  /** The status in words. */
  title: z.string(),
  status: z.number().int(),
  code: z.enum(HTTP_PROBLEM_CODES),
  /** What is wrong, and where. A denial of Kubernetes stands here in its own words. */
  detail: z.string(),
  /** What to do. */
  remedy: z.string(),
  /** Path of the request. */
  instance: z.string(),
});
export type ProblemBody = z.infer<typeof problemSchema>;
