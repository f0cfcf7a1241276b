import type { z } from 'zod';

/** What is wrong with a request, field by field. Values are not repeated: they come from outside. */
export function describeIssues(error: z.ZodError): string {
  return error.issues.map(({ path, message }) => (path.length > 0 ? `${path.join('.')}: ${message}` : message)).join('; ');
}
