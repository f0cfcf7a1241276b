import { STATUS_CODES } from 'node:http';
import { HTTP_PROBLEMS, type HttpProblemCode, type ProblemBody } from '../contract/http-problems.ts';
import { ApiError, ConnectionError } from '../kube/client.ts';

/** A request that is answered with a problem. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: HttpProblemCode;
  readonly headers: Readonly<Record<string, string>>;

  /** @param detail what is wrong, and where */
  constructor(code: HttpProblemCode, detail: string, headers: Readonly<Record<string, string>> = {}) {
    super(detail);
    this.code = code;
    this.headers = headers;
  }

  get status(): number {
    return HTTP_PROBLEMS[this.code].status;
  }

  /** @param instance path of the request */
  body(instance: string): ProblemBody {
    const { status, remedy } = HTTP_PROBLEMS[this.code];

    return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, code: this.code, detail: this.message, remedy, instance };
  }
}

/** Any error as a problem. What nobody expected tells nothing of itself: it belongs into the log. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof ConnectionError) return new Problem('HVB-HTTP-API-UNREACHABLE', 'The Kubernetes API did not answer.');
  if (error instanceof ApiError) return ofApiError(error);
  return new Problem('HVB-HTTP-INTERNAL', 'The server could not answer: an unexpected error, which its log tells.');
}

/** The answer of the Kubernetes API to what was done with the caller's token, in its own words. */
function ofApiError({ code, message }: ApiError): Problem {
  switch (code) {
    case 401: return new Problem('HVB-HTTP-TOKEN-REFUSED', `The Kubernetes API does not accept the token: ${message}`, { 'www-authenticate': 'Bearer error="invalid_token"' });
    case 403: return new Problem('HVB-HTTP-FORBIDDEN', message);
    case 404: return new Problem('HVB-HTTP-NOT-FOUND', message);
    case 409: return new Problem('HVB-HTTP-CONFLICT', message);
    case 400: case 422: return new Problem('HVB-HTTP-REJECTED', message);
    case 429: return new Problem('HVB-HTTP-BUSY', `The Kubernetes API is busy: ${message}`, { 'retry-after': '10' });
    default: return new Problem('HVB-HTTP-API-UNREACHABLE', `The Kubernetes API failed with ${code}: ${message}`);
  }
}
